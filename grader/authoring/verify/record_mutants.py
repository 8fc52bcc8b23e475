"""Runs that record what is not asked for, and those that record it in other ways."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant, Replacements
from grader.authoring.verify.parsed_solution import ParsedSolution

Pairs = list[tuple[str, str]]
"""The names of records, and the source of what stands behind each."""


def record_mutants(solution: ParsedSolution) -> Iterator[Mutant]:
    """Yield a record of another state, of another name, or none; and a runner that is never run."""
    if (found := _monitored(solution)) is None:
        return
    table, pairs = found
    for (one, first), (two, second) in itertools.combinations(pairs, 2):
        turned = {one: second, two: first}
        changed = [(name, turned.get(name, state)) for name, state in pairs]
        yield solution.mutant("records exchanged", f"{one} and {two}", _recording(table, changed))
    for (one, first), (two, second) in itertools.permutations(pairs, 2):
        changed = [(name, second if name == one else state) for name, state in pairs]
        yield solution.mutant("record of another", f"{first} as {two}", _recording(table, changed))
    for one, _ in pairs:
        rest = [pair for pair in pairs if pair[0] != one]
        yield solution.mutant("record left out", one, _recording(table, rest))
        other = [(f"{name}_2" if name == one else name, state) for name, state in pairs]
        yield solution.mutant("record under another name", one, _recording(table, other))
    for statement in filter(_runs, solution.graded_tree.body):
        yield solution.mutant("never run", ast.unparse(statement), {statement: ast.Pass()})


def equivalent_records(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Yield the same records in another order, by functions, among others; and a run done twice."""
    if (found := _monitored(solution)) is None:
        return
    table, pairs = found
    ways = {
        "records in another order": pairs[::-1],
        "records by functions": [(name, f"lambda: {state}.value") for name, state in pairs],
        "a record more": [*pairs, ("more", pairs[0][1])],
    }
    for operator, changed in ways.items():
        yield solution.mutant(operator, "all", _recording(table, changed))
    for statement in filter(_runs, solution.graded_tree.body):
        place = ast.unparse(statement)
        yield solution.mutant("run twice", place, {statement: [statement, statement]})


def _monitored(solution: ParsedSolution) -> tuple[ast.Dict, Pairs] | None:
    """Return the dictionary of a run's monitors, where it is written out."""
    if solution.exercise.kind != "run":
        return None
    for node in ast.walk(solution.graded_tree):
        if isinstance(node, ast.Dict) and all(isinstance(k, ast.Constant) for k in node.keys):
            keys = [ast.literal_eval(key) for key in node.keys if key is not None]
            if set(keys) == set(solution.exercise.monitors):
                return node, list(zip(keys, map(ast.unparse, node.values), strict=True))
    return None


def _recording(table: ast.Dict, pairs: Pairs) -> Replacements:
    text = ", ".join(f"{name!r}: {state}" for name, state in pairs)
    return {table: ast.parse(f"{{{text}}}", mode="eval").body}


def _runs(statement: ast.stmt) -> bool:
    """Tell whether a statement calls ``run`` of something."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "run"
        for node in ast.walk(statement)
    )
