"""An expression taken apart into a constant and a slope, where it is linear in a name."""

from __future__ import annotations

import ast

LinearForm = tuple[str | None, str | None]
"""The source of a and of b in a + b x; None for what is zero."""


def linear_form(node: ast.expr, name: str) -> LinearForm | None:
    """Take an expression apart as a function of ``name``; None where it is not linear."""
    if not any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node)):
        return ast.unparse(node), None
    if isinstance(node, ast.Name):
        return None, "1.0"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        parts = linear_form(node.operand, name)
        return None if parts is None else (_minus(parts[0]), _minus(parts[1]))
    if not isinstance(node, ast.BinOp):
        return None
    left, right = linear_form(node.left, name), linear_form(node.right, name)
    if left is None or right is None:
        return None
    if isinstance(node.op, ast.Add):
        return _sum(left[0], right[0]), _sum(left[1], right[1])
    if isinstance(node.op, ast.Sub):
        return _sum(left[0], _minus(right[0])), _sum(left[1], _minus(right[1]))
    if isinstance(node.op, ast.Mult) and right[1] is None:
        return _both("*", left[0], right[0]), _both("*", left[1], right[0])
    if isinstance(node.op, ast.Mult) and left[1] is None:
        return _both("*", left[0], right[0]), _both("*", left[0], right[1])
    if isinstance(node.op, ast.Div) and right[1] is None:
        return _both("/", left[0], right[0]), _both("/", left[1], right[0])
    return None


def _minus(one: str | None) -> str | None:
    return None if one is None else f"(-({one}))"


def _sum(one: str | None, two: str | None) -> str | None:
    return one or two if one is None or two is None else f"({one} + {two})"


def _both(operator: str, one: str | None, two: str | None) -> str | None:
    return None if one is None or two is None else f"({one}) {operator} ({two})"
