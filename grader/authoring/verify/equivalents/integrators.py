"""Other integrators, and dt that reaches them in another way."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant, replace_nodes
from grader.authoring.verify.equivalents.class_edits import mutate_classes
from grader.authoring.verify.parsed_solution import ParsedSolution

METHODS = ("euler", "rk2", "heun2", "rk4")  # other integrators of BrainPy's
BY_RK4 = ("another integrator", "rk4, of V too")  # an operator and a place


def other_integrators(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Yield other integrators of the channels, then of V as well."""
    for method in METHODS:
        cells = channels_by(solution, method)
        if cells:
            yield _by(method, cells)
        whole = {**cells, **_V_by(solution, method)}
        if len(whole) > len(cells):
            yield _by(f"{method}, of V too", whole)


def _by(place: str, cells: dict[int, str]) -> Mutant:
    return Mutant(operator="another integrator", place=place, cells=cells, other_scheme=True)


def channels_by(solution: ParsedSolution, method: str) -> dict[int, str]:
    """Return the cells of the channels' classes with another method of integration."""
    own = "method='exp_auto'"
    sources = {index: ast.unparse(solution.trees[index]) for index in solution.equation_cells}
    return {i: s.replace(own, f"method='{method}'") for i, s in sources.items() if own in s}


def _V_by(solution: ParsedSolution, method: str) -> dict[int, str]:
    """Return the graded cell with another method for V."""
    before = super_call(solution.graded_tree)
    if (
        not solution.channel_statements
        or before is None
        or any(keyword.arg == "method" for keyword in before.keywords)
    ):
        return {}
    keywords = [*before.keywords, ast.keyword("method", ast.Constant(method))]
    whole = ast.Call(before.func, before.args, keywords)
    return {solution.graded_index: replace_nodes(solution.graded_tree, {before: whole})}


def super_call(tree: ast.Module) -> ast.Call | None:
    """Return the call ``super().__init__(...)`` of the graded cell, where there is but one."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "__init__"
        and ast.unparse(node.func.value).startswith("super(")
    ]
    return found[0] if len(found) == 1 else None


def _is_dt(node: ast.expr) -> bool:
    return ast.unparse(node).endswith((".load('dt')", "share['dt']"))


def dt_in_other_ways(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """dt not passed to an integrator, which knows it, or written down as a number."""

    def silent(kind: ast.ClassDef) -> list[ast.stmt]:
        for node in ast.walk(kind):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("self."):
                node.keywords = [keyword for keyword in node.keywords if keyword.arg != "dt"]
        return [kind]

    def number(kind: ast.ClassDef) -> list[ast.stmt]:
        for node in ast.walk(kind):
            if isinstance(node, ast.Assign) and _is_dt(node.value):
                node.value = ast.Constant(assignment.simulation.dt)
        return [kind]

    yield from mutate_classes(solution, "dt not passed on", silent)
    yield from mutate_classes(solution, "dt written down", number)
