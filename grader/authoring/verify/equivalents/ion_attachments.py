"""Channels that hang on ions, hung there in other ways."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant, Replacements
from grader.authoring.verify.equivalents.class_edits import each_and_everywhere
from grader.authoring.verify.parsed_solution import (
    IonAttachment,
    ParsedSolution,
    find_ion_attachments,
)


def ion_attachments(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Without names, one by one, by the ion's constructor; ions in another order."""
    found = find_ion_attachments(solution.graded_tree)
    for operator, way in {
        "channels on an ion without names": _unnamed,
        "channels on an ion one by one": _one_by_one,
    }.items():
        changed: list[tuple[str, Replacements]] = [
            (hook.ion, {hook.statement: way(hook)}) for hook in found
        ]
        yield from each_and_everywhere(solution, operator, changed)
    for hook in found:
        if (made := solution.channel_calls.get(hook.ion)) is not None:
            whole = ast.Call(made.func, made.args, [*made.keywords, *hook.call.keywords])
            given: Replacements = {made: whole, hook.statement: None}
            yield solution.mutant("channels by the ion's constructor", hook.ion, given)
    for ion, made in solution.channel_calls.items():
        mixed = [ast.unparse(argument) for argument in made.args]
        if len(mixed) > 1 and all(text.startswith("self.") for text in mixed):
            other = ast.Call(made.func, made.args[::-1], made.keywords)
            yield solution.mutant("ions mixed in another order", ion, {made: other})


def _unnamed(hook: IonAttachment) -> list[ast.stmt]:
    values = [keyword.value for keyword in hook.call.keywords]
    return [ast.Expr(ast.Call(hook.call.func, values, []))]


def _one_by_one(hook: IonAttachment) -> list[ast.stmt]:
    return [ast.Expr(ast.Call(hook.call.func, [], [keyword])) for keyword in hook.call.keywords]
