"""Channels that hang on ions, hung there in other ways."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import New, Specimen, exchanged
from grader.authoring.verify.solution import Hook, Teacher, hooks


def hung_in_other_ways(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """Without names, one by one, by the ion's constructor; ions in another order."""
    tree, found = teacher.trees[teacher.graded], hooks(teacher.trees[teacher.graded])

    def specimen(operator: str, place: str, places: dict[ast.AST, New]) -> Specimen:
        source = exchanged(tree, places)
        return Specimen(operator=operator, place=place, cells={teacher.graded: source})

    for operator, way in {
        "channels on an ion without names": _unnamed,
        "channels on an ion one by one": _one_by_one,
    }.items():
        changed: dict[ast.AST, New] = {hook.statement: way(hook) for hook in found}
        for hook in found if len(found) > 1 else ():
            yield specimen(operator, hook.ion, {hook.statement: changed[hook.statement]})
        if found:
            yield specimen(operator, "everywhere", changed)
    for hook in found:
        made = teacher.made.get(hook.ion)
        if made is not None:
            whole = ast.Call(made.func, made.args, [*made.keywords, *hook.call.keywords])
            given: dict[ast.AST, New] = {made: copy.deepcopy(whole), hook.statement: None}
            yield specimen("channels by the ion's constructor", hook.ion, given)
    for ion, made in teacher.made.items():
        mixed = [ast.unparse(argument) for argument in made.args]
        if len(mixed) > 1 and all(text.startswith("self.") for text in mixed):
            other = ast.Call(made.func, made.args[::-1], made.keywords)
            yield specimen("ions mixed in another order", ion, {made: other})


def _unnamed(hook: Hook) -> list[ast.stmt]:
    values = [copy.deepcopy(keyword.value) for keyword in hook.call.keywords]
    return [ast.Expr(ast.Call(hook.call.func, values, []))]


def _one_by_one(hook: Hook) -> list[ast.stmt]:
    return [
        ast.Expr(ast.Call(hook.call.func, [], [copy.deepcopy(keyword)]))
        for keyword in hook.call.keywords
    ]
