"""Channels that are made and kept in other ways, and in another order."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant, Replacement, replace_nodes
from grader.authoring.verify.equivalents.class_edits import (
    channel_call,
    module_names,
    parse_statements,
)
from grader.authoring.verify.equivalents.integrators import super_call
from grader.authoring.verify.parsed_solution import ParsedSolution, makes_channel


def channels_reordered(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Yield the channels made one after the other in every other order."""
    tree = solution.trees[solution.graded_index]
    for order in itertools.permutations(solution.channel_statements):
        if list(order) != list(solution.channel_statements):
            twin = copy.deepcopy(tree)
            made = [n for n in ast.walk(twin) if makes_channel(n, solution.channel_statements)]
            for place, name in zip(made, order, strict=True):
                own = copy.deepcopy(solution.channel_statements[name])
                place.targets, place.value = own.targets, own.value
            yield Mutant(
                operator="order of channels",
                place=", ".join(order),
                cells={solution.graded_index: ast.unparse(twin)},
            )


def channels_one_by_one(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """One channel at a time kept by ``setattr``, or by way of a local name."""
    tree, graded = solution.trees[solution.graded_index], solution.graded_index
    for name, statement in solution.channel_statements.items():
        target, made = statement.targets[0], ast.unparse(statement.value)
        assert isinstance(target, ast.Attribute)
        me = ast.unparse(target.value)
        texts = {
            "channel by setattr": f"setattr({me}, '{name}', {made})",
            "channel by way of a local name": f"channel = {made}\n{me}.{name} = channel",
        }
        for operator, text in texts.items():
            source = replace_nodes(tree, {statement: parse_statements(text)})
            yield Mutant(operator=operator, place=name, cells={graded: source})


def channels_together(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """All channels made by one statement."""
    if not solution.channel_statements:
        return
    tree = solution.trees[solution.graded_index]
    gone: dict[ast.AST, Replacement] = dict.fromkeys(solution.channel_statements.values())
    first = next(iter(solution.channel_statements.values()))
    for operator, text in _texts(solution).items():
        source = replace_nodes(tree, {**gone, first: parse_statements(text)})
        yield _of_all(solution, operator, source)
    if (before := super_call(tree)) is not None:
        made = [
            ast.keyword(name, channel_call(solution, name)) for name in solution.channel_statements
        ]
        whole = ast.Call(before.func, before.args, [*before.keywords, *made])
        source = replace_nodes(tree, {**gone, before: whole})
        yield _of_all(solution, "channels as the constructor's keywords", source)


def _of_all(solution: ParsedSolution, operator: str, source: str) -> Mutant:
    return Mutant(
        operator=operator,
        place=", ".join(solution.channel_statements),
        cells={solution.graded_index: source},
    )


def _texts(solution: ParsedSolution) -> dict[str, str]:
    """Operator to the statement that makes every channel."""
    target = next(iter(solution.channel_statements.values())).targets[0]
    assert isinstance(target, ast.Attribute)
    me = ast.unparse(target.value)
    made = {name: ast.unparse(channel_call(solution, name)) for name in solution.channel_statements}
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
    calls = {name: channel_call(solution, name) for name in solution.channel_statements}
    first = {", ".join(map(ast.unparse, c.args)) for c in calls.values()}
    if len(first) > 1 or any(k.arg is None for c in calls.values() for k in c.keywords):
        return None
    rows = []
    for name, made in calls.items():
        given = ", ".join(f"'{k.arg}': {ast.unparse(k.value)}" for k in made.keywords)
        rows.append(f"('{name}', {ast.unparse(made.func)}, {{{given}}})")
    given = first.pop()
    return ", ".join(rows), f"{given}, " if given else ""
