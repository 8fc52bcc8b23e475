"""The channels' equations written in other ways, to round-off the same."""

from __future__ import annotations

import ast
import copy
import functools
from collections.abc import Callable, Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant, methods
from grader.authoring.verify.parsed_solution import ParsedSolution

Rewriting = Callable[[ast.expr, ast.expr], ast.expr | None]
"""For the two sides of an operation: what may stand in its place, or None."""


def rewritten_equations(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Rewritten but equal: all places of a cell at once."""
    for index in solution.equation_cells:
        tree = solution.trees[index]
        for operator, (operation, rewriting) in REWRITINGS.items():
            twin, rewriter = copy.deepcopy(tree), _Rewriter(operation, rewriting)
            for _, method in methods(twin):
                if method.name not in ("__init__", "reset_state", "update"):
                    method.body = [rewriter.visit(statement) for statement in method.body]
            source = ast.unparse(ast.fix_missing_locations(twin))
            if source != ast.unparse(tree):
                yield Mutant(operator=operator, place=f"cell {index + 1}", cells={index: source})


class _Rewriter(ast.NodeTransformer):
    """Rewrites every operation of one kind, the innermost ones first."""

    def __init__(self, operation: type[ast.operator], rewriting: Rewriting) -> None:
        self._operation, self._rewriting = operation, rewriting

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Return what stands in the place of an operation."""
        self.generic_visit(node)
        is_meant = isinstance(node.op, self._operation)
        new = self._rewriting(node.left, node.right) if is_meant else None
        return node if new is None else new


def _as_product(base: ast.expr, power: ast.expr) -> ast.expr | None:
    number = power.value if isinstance(power, ast.Constant) else None
    if not isinstance(number, int) or number < 1:
        return None
    return functools.reduce(_times, [base] * number)


def _times(left: ast.expr, right: ast.expr) -> ast.expr:
    return ast.BinOp(left, ast.Mult(), right)


REWRITINGS: dict[str, tuple[type[ast.operator], Rewriting]] = {
    "factors in another order": (ast.Mult, lambda left, right: _times(right, left)),
    "powers as products": (ast.Pow, _as_product),
    "differences turned": (
        ast.Sub,
        lambda left, right: ast.UnaryOp(ast.USub(), ast.BinOp(right, ast.Sub(), left)),
    ),
    "quotients as products": (
        ast.Div,
        lambda left, right: _times(left, ast.BinOp(ast.Constant(1.0), ast.Div(), right)),
    ),
    "sums in another order": (ast.Add, lambda left, right: ast.BinOp(right, ast.Add(), left)),
}
