"""The channels' equations written in other ways, to round-off the same."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant, methods
from grader.authoring.verify.parsed_solution import ParsedSolution


def rewritten_equations(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Rewritten but equal: all places of a cell at once."""
    rewritings: dict[str, Callable[[ast.AST], ast.AST | None]] = {
        "factors in another order": _commuted,
        "powers as products": _multiplied,
        "differences turned": _negated,
        "quotients as products": _inverted,
        "sums in another order": _summed,
    }
    for index in solution.equation_cells:
        tree = solution.trees[index]
        for operator, rewrite in rewritings.items():
            twin = copy.deepcopy(tree)
            for _, method in methods(twin):
                if method.name not in ("__init__", "reset_state", "update"):
                    method.body = [_rewritten(statement, rewrite) for statement in method.body]
            source = ast.unparse(ast.fix_missing_locations(twin))
            if source != ast.unparse(tree):
                yield Mutant(operator=operator, place=f"cell {index + 1}", cells={index: source})


class _Rewrite(ast.NodeTransformer):
    def __init__(self, rewrite: Callable[[ast.AST], ast.AST | None]) -> None:
        self._rewrite = rewrite

    def visit(self, node: ast.AST) -> ast.AST:
        """Return the innermost places first."""
        inner = super().generic_visit(node)
        return self._rewrite(inner) or inner


def _rewritten(statement: ast.stmt, rewrite: Callable[[ast.AST], ast.AST | None]) -> ast.stmt:
    new = _Rewrite(rewrite).visit(statement)
    assert isinstance(new, ast.stmt)
    return new


def _commuted(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return ast.BinOp(node.right, ast.Mult(), node.left)
    return None


def _summed(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return ast.BinOp(node.right, ast.Add(), node.left)
    return None


def _negated(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        return ast.UnaryOp(ast.USub(), ast.BinOp(node.right, ast.Sub(), node.left))
    return None


def _inverted(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        inverse = ast.BinOp(ast.Constant(1.0), ast.Div(), node.right)
        return ast.BinOp(node.left, ast.Mult(), inverse)
    return None


def _multiplied(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Pow):
        return None
    power = node.right.value if isinstance(node.right, ast.Constant) else None
    if not isinstance(power, int):
        return None
    product = node.left
    for _ in range(power - 1):
        product = ast.BinOp(product, ast.Mult(), copy.deepcopy(node.left))
    return product
