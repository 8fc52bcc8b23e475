"""Channels that are made and kept in other ways, and in another order."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import New, Specimen, exchanged
from grader.authoring.verify.equivalents.classes import call, modules, statements
from grader.authoring.verify.equivalents.integrators import super_call
from grader.authoring.verify.solution import Teacher, makes


def in_another_order(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """The channels made one after the other in every other order."""
    tree = teacher.trees[teacher.graded]
    for order in itertools.permutations(teacher.calls):
        if list(order) != list(teacher.calls):
            twin = copy.deepcopy(tree)
            made = [n for n in ast.walk(twin) if makes(n, teacher.calls)]
            for place, name in zip(made, order, strict=True):
                own = copy.deepcopy(teacher.calls[name])
                place.targets, place.value = own.targets, own.value
            yield Specimen(
                operator="order of channels",
                place=", ".join(order),
                cells={teacher.graded: ast.unparse(twin)},
            )


def each_alone(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """One channel at a time kept by ``setattr``, or by way of a local name."""
    tree, graded = teacher.trees[teacher.graded], teacher.graded
    for name, statement in teacher.calls.items():
        target, made = statement.targets[0], ast.unparse(statement.value)
        assert isinstance(target, ast.Attribute)
        me = ast.unparse(target.value)
        texts = {
            "channel by setattr": f"setattr({me}, '{name}', {made})",
            "channel by way of a local name": f"channel = {made}\n{me}.{name} = channel",
        }
        for operator, text in texts.items():
            source = exchanged(tree, {statement: statements(text)})
            yield Specimen(operator=operator, place=name, cells={graded: source})


def together(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """All channels made by one statement."""
    if not teacher.calls:
        return
    tree = teacher.trees[teacher.graded]
    gone: dict[ast.AST, New] = dict.fromkeys(teacher.calls.values())
    first = next(iter(teacher.calls.values()))
    for operator, text in _texts(teacher).items():
        source = exchanged(tree, {**gone, first: statements(text)})
        yield _of_all(teacher, operator, source)
    if (before := super_call(tree)) is not None:
        made = [ast.keyword(name, call(teacher, name)) for name in teacher.calls]
        whole = ast.Call(before.func, before.args, [*before.keywords, *made])
        source = exchanged(tree, {**gone, before: whole})
        yield _of_all(teacher, "channels as the constructor's keywords", source)


def _of_all(teacher: Teacher, operator: str, source: str) -> Specimen:
    return Specimen(
        operator=operator, place=", ".join(teacher.calls), cells={teacher.graded: source}
    )


def _texts(teacher: Teacher) -> dict[str, str]:
    """Operator to the statement that makes every channel."""
    target = next(iter(teacher.calls.values())).targets[0]
    assert isinstance(target, ast.Attribute)
    me = ast.unparse(target.value)
    made = {name: ast.unparse(call(teacher, name)) for name in teacher.calls}
    pairs = ", ".join(f"('{name}', {text})" for name, text in made.items())
    targets, values = ", ".join(f"{me}.{name}" for name in made), ", ".join(made.values())
    keywords = ", ".join(f"{name}={text}" for name, text in made.items())
    texts = {
        "channels by setattr in a loop": (
            f"for name, channel in [{pairs}]:\n    setattr({me}, name, channel)"
        ),
        "channels in one assignment": f"{targets} = {values}",
        "channels by add_elem": f"{me}.add_elem({keywords})",
    }
    if (math := modules(teacher).get("brainpy.math")) is not None:
        named = ", ".join(f"'{name}': {text}" for name, text in made.items())
        texts["channels in a NodeDict"] = f"{me}.channels = {math}.NodeDict({{{named}}})"
    if (table := _table(teacher)) is not None:
        rows, given = table
        texts["channels made in a loop"] = (
            f"for name, kind, given in [{rows}]:\n    setattr({me}, name, kind({given}**given))"
        )
    return texts


def _table(teacher: Teacher) -> tuple[str, str] | None:
    """Rows of names, classes and keywords, and the arguments that all calls have in common."""
    calls = {name: call(teacher, name) for name in teacher.calls}
    first = {", ".join(map(ast.unparse, c.args)) for c in calls.values()}
    if len(first) > 1 or any(k.arg is None for c in calls.values() for k in c.keywords):
        return None
    rows = []
    for name, made in calls.items():
        given = ", ".join(f"'{k.arg}': {ast.unparse(k.value)}" for k in made.keywords)
        rows.append(f"('{name}', {ast.unparse(made.func)}, {{{given}}})")
    given = first.pop()
    return ", ".join(rows), f"{given}, " if given else ""
