"""Runs that record what is not asked for, and those that record it in other ways."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant, replace_nodes
from grader.authoring.verify.parsed_solution import ParsedSolution

Pairs = list[tuple[str, str]]
"""The names of records, and the source of what stands behind each."""


def record_mutants(solution: ParsedSolution) -> Iterator[Mutant]:
    """Yield a record of another state, of another name, or none; and a runner that is never run."""
    if (found := _monitored(solution)) is None:
        return
    tree, table, pairs = solution.trees[solution.graded_index], *found
    for (one, first), (two, second) in itertools.combinations(pairs, 2):
        turned = {one: second, two: first}
        changed = [(name, turned.get(name, state)) for name, state in pairs]
        yield _recording(solution, table, changed, "records exchanged", f"{one} and {two}")
    for (one, first), (two, second) in itertools.permutations(pairs, 2):
        changed = [(name, second if name == one else state) for name, state in pairs]
        yield _recording(solution, table, changed, "record of another", f"{first} as {two}")
    for one, _ in pairs:
        rest = [pair for pair in pairs if pair[0] != one]
        yield _recording(solution, table, rest, "record left out", one)
        other = [(f"{name}_2" if name == one else name, state) for name, state in pairs]
        yield _recording(solution, table, other, "record under another name", one)
    for statement in tree.body:
        if _runs(statement):
            source = replace_nodes(tree, {statement: ast.Pass()})
            cells = {solution.graded_index: source}
            yield Mutant(operator="never run", place=ast.unparse(statement), cells=cells)


def equivalent_records(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Yield the same records in another order, by functions, among others; and a run done twice."""
    if (found := _monitored(solution)) is None:
        return
    tree, table, pairs = solution.trees[solution.graded_index], *found
    ways = {
        "records in another order": pairs[::-1],
        "records by functions": [(name, f"lambda: {state}.value") for name, state in pairs],
        "a record more": [*pairs, ("more", pairs[0][1])],
    }
    for operator, changed in ways.items():
        yield _recording(solution, table, changed, operator, "all")
    for statement in tree.body:
        if _runs(statement):
            twice = replace_nodes(tree, {statement: [statement, statement]})
            cells = {solution.graded_index: twice}
            yield Mutant(operator="run twice", place=ast.unparse(statement), cells=cells)


def _monitored(solution: ParsedSolution) -> tuple[ast.Dict, Pairs] | None:
    """Return the dictionary of a run's monitors, where it is written out."""
    if solution.exercise.kind != "run":
        return None
    for node in ast.walk(solution.trees[solution.graded_index]):
        if isinstance(node, ast.Dict) and all(isinstance(k, ast.Constant) for k in node.keys):
            keys = [ast.literal_eval(key) for key in node.keys if key is not None]
            if set(keys) == set(solution.exercise.monitors):
                return node, list(zip(keys, map(ast.unparse, node.values), strict=True))
    return None


def _recording(
    solution: ParsedSolution, table: ast.Dict, pairs: Pairs, operator: str, place: str
) -> Mutant:
    text = ", ".join(f"{name!r}: {state}" for name, state in pairs)
    new = ast.parse(f"{{{text}}}", mode="eval").body
    source = replace_nodes(solution.trees[solution.graded_index], {table: new})
    return Mutant(operator=operator, place=place, cells={solution.graded_index: source})


def _runs(statement: ast.stmt) -> bool:
    """Tell whether a statement calls ``run`` of something."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "run"
        for node in ast.walk(statement)
    )
