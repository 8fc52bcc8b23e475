"""Channels that are made and kept in other ways, and in another order."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant, Replacements
from grader.authoring.verify.equivalents.class_edits import (
    module_names,
    parse_statements,
)
from grader.authoring.verify.equivalents.integrators import super_call
from grader.authoring.verify.parsed_solution import ParsedSolution


def channels_reordered(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Yield the channels made one after the other in every other order."""
    statements = solution.channel_statements
    for order in itertools.permutations(statements):
        if list(order) != list(statements):
            places = zip(statements.values(), order, strict=True)
            changed: Replacements = {place: statements[name] for place, name in places}
            yield solution.mutant("order of channels", ", ".join(order), changed)


def channels_one_by_one(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """One channel at a time kept by ``setattr``, or by way of a local name."""
    for name, statement in solution.channel_statements.items():
        me, made = _owner(statement), ast.unparse(statement.value)
        texts = {
            "channel by setattr": f"setattr({me}, '{name}', {made})",
            "channel by way of a local name": f"channel = {made}\n{me}.{name} = channel",
        }
        for operator, text in texts.items():
            yield solution.mutant(operator, name, {statement: parse_statements(text)})


def channels_together(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """All channels made by one statement."""
    if not solution.channel_statements:
        return
    first, *others = solution.channel_statements.values()
    gone: Replacements = dict.fromkeys(others)
    every = ", ".join(solution.channel_statements)
    for operator, text in _texts(solution).items():
        yield solution.mutant(operator, every, {first: parse_statements(text), **gone})
    if (before := super_call(solution.graded_tree)) is not None:
        calls = solution.channel_calls
        made = [ast.keyword(name, calls[name]) for name in solution.channel_statements]
        whole = ast.Call(before.func, before.args, [*before.keywords, *made])
        operator = "channels as the constructor's keywords"
        yield solution.mutant(operator, every, {first: None, before: whole, **gone})


def _owner(statement: ast.Assign) -> str:
    """Return what a channel becomes an attribute of: "self"."""
    return ast.unparse(statement.targets[0]).rpartition(".")[0]


def _texts(solution: ParsedSolution) -> dict[str, str]:
    """Operator to the statement that makes every channel."""
    me = _owner(next(iter(solution.channel_statements.values())))
    made = {name: ast.unparse(solution.channel_calls[name]) for name in solution.channel_statements}
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
    if (math := module_names(solution).get("brainpy.math")) is not None:
        named = ", ".join(f"'{name}': {text}" for name, text in made.items())
        texts["channels in a NodeDict"] = f"{me}.channels = {math}.NodeDict({{{named}}})"
    if (table := _table(solution)) is not None:
        rows, given = table
        texts["channels made in a loop"] = (
            f"for name, kind, given in [{rows}]:\n    setattr({me}, name, kind({given}**given))"
        )
    return texts


def _table(solution: ParsedSolution) -> tuple[str, str] | None:
    """Rows of names, classes and keywords, and the arguments that all calls have in common."""
    calls = {name: solution.channel_calls[name] for name in solution.channel_statements}
    first = {", ".join(map(ast.unparse, c.args)) for c in calls.values()}
    if len(first) > 1 or any(k.arg is None for c in calls.values() for k in c.keywords):
        return None
    rows = []
    for name, made in calls.items():
        given = ", ".join(f"'{k.arg}': {ast.unparse(k.value)}" for k in made.keywords)
        rows.append(f"('{name}', {ast.unparse(made.func)}, {{{given}}})")
    given = first.pop()
    return ", ".join(rows), f"{given}, " if given else ""
