"""Runs that record what is not asked for, and those that record it in other ways."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Specimen, exchanged
from grader.authoring.verify.solution import Teacher

Pairs = list[tuple[str, str]]
"""The names of records, and the source of what stands behind each."""


def wrong_runs(teacher: Teacher) -> Iterator[Specimen]:
    """A record of another state, of another name, or none; and a runner that is never run."""
    if (found := _monitored(teacher)) is None:
        return
    tree, table, pairs = teacher.trees[teacher.graded], *found
    for (one, first), (two, second) in itertools.combinations(pairs, 2):
        turned = {one: second, two: first}
        changed = [(name, turned.get(name, state)) for name, state in pairs]
        yield _recording(teacher, table, changed, "records exchanged", f"{one} and {two}")
    for (one, first), (two, second) in itertools.permutations(pairs, 2):
        changed = [(name, second if name == one else state) for name, state in pairs]
        yield _recording(teacher, table, changed, "record of another", f"{first} as {two}")
    for one, _ in pairs:
        rest = [pair for pair in pairs if pair[0] != one]
        yield _recording(teacher, table, rest, "record left out", one)
        other = [(f"{name}_2" if name == one else name, state) for name, state in pairs]
        yield _recording(teacher, table, other, "record under another name", one)
    for statement in tree.body:
        if _runs(statement):
            source = exchanged(tree, {statement: ast.Pass()})
            cells = {teacher.graded: source}
            yield Specimen(operator="never run", place=ast.unparse(statement), cells=cells)


def right_runs(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """The same records in another order, by functions, among others; and a run done twice."""
    if (found := _monitored(teacher)) is None:
        return
    tree, table, pairs = teacher.trees[teacher.graded], *found
    ways = {
        "records in another order": pairs[::-1],
        "records by functions": [(name, f"lambda: {state}.value") for name, state in pairs],
        "a record more": [*pairs, ("more", pairs[0][1])],
    }
    for operator, changed in ways.items():
        yield _recording(teacher, table, changed, operator, "all")
    for statement in tree.body:
        if _runs(statement):
            twice = exchanged(tree, {statement: [statement, statement]})
            cells = {teacher.graded: twice}
            yield Specimen(operator="run twice", place=ast.unparse(statement), cells=cells)


def _monitored(teacher: Teacher) -> tuple[ast.Dict, Pairs] | None:
    """The dictionary of a run's monitors, where it is written out."""
    if teacher.exercise.kind != "run":
        return None
    for node in ast.walk(teacher.trees[teacher.graded]):
        if isinstance(node, ast.Dict) and all(isinstance(k, ast.Constant) for k in node.keys):
            keys = [ast.literal_eval(key) for key in node.keys if key is not None]
            if set(keys) == set(teacher.exercise.monitors):
                return node, list(zip(keys, map(ast.unparse, node.values), strict=True))
    return None


def _recording(
    teacher: Teacher, table: ast.Dict, pairs: Pairs, operator: str, place: str
) -> Specimen:
    text = ", ".join(f"{name!r}: {state}" for name, state in pairs)
    new = ast.parse(f"{{{text}}}", mode="eval").body
    source = exchanged(teacher.trees[teacher.graded], {table: new})
    return Specimen(operator=operator, place=place, cells={teacher.graded: source})


def _runs(statement: ast.stmt) -> bool:
    """Whether a statement calls ``run`` of something."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "run"
        for node in ast.walk(statement)
    )
