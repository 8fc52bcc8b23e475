"""Channels that hang on ions, hung there in other ways."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant, Replacement, replace_nodes
from grader.authoring.verify.parsed_solution import (
    IonAttachment,
    ParsedSolution,
    find_ion_attachments,
)


def ion_attachments(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Without names, one by one, by the ion's constructor; ions in another order."""
    tree, found = (
        solution.trees[solution.graded_index],
        find_ion_attachments(solution.trees[solution.graded_index]),
    )

    def mutant(operator: str, place: str, places: dict[ast.AST, Replacement]) -> Mutant:
        source = replace_nodes(tree, places)
        return Mutant(operator=operator, place=place, cells={solution.graded_index: source})

    for operator, way in {
        "channels on an ion without names": _unnamed,
        "channels on an ion one by one": _one_by_one,
    }.items():
        changed: dict[ast.AST, Replacement] = {hook.statement: way(hook) for hook in found}
        for hook in found if len(found) > 1 else ():
            yield mutant(operator, hook.ion, {hook.statement: changed[hook.statement]})
        if found:
            yield mutant(operator, "everywhere", changed)
    for hook in found:
        made = solution.channel_calls.get(hook.ion)
        if made is not None:
            whole = ast.Call(made.func, made.args, [*made.keywords, *hook.call.keywords])
            given: dict[ast.AST, Replacement] = {made: copy.deepcopy(whole), hook.statement: None}
            yield mutant("channels by the ion's constructor", hook.ion, given)
    for ion, made in solution.channel_calls.items():
        mixed = [ast.unparse(argument) for argument in made.args]
        if len(mixed) > 1 and all(text.startswith("self.") for text in mixed):
            other = ast.Call(made.func, made.args[::-1], made.keywords)
            yield mutant("ions mixed in another order", ion, {made: other})


def _unnamed(hook: IonAttachment) -> list[ast.stmt]:
    values = [copy.deepcopy(keyword.value) for keyword in hook.call.keywords]
    return [ast.Expr(ast.Call(hook.call.func, values, []))]


def _one_by_one(hook: IonAttachment) -> list[ast.stmt]:
    return [
        ast.Expr(ast.Call(hook.call.func, [], [copy.deepcopy(keyword)]))
        for keyword in hook.call.keywords
    ]
