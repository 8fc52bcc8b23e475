"""Wrong models with channels that hang on ions: left out, doubled, exchanged, hung elsewhere."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator

from grader.authoring.verify.ast_edits import Mutant, Replacement, replace_nodes
from grader.authoring.verify.parsed_solution import (
    IonAttachment,
    ParsedSolution,
    find_ion_attachments,
)


def ion_mutants(solution: ParsedSolution) -> Iterator[Mutant]:
    """Those of the graded class; none where nothing hangs on an ion."""
    tree, found = (
        solution.trees[solution.graded_index],
        find_ion_attachments(solution.trees[solution.graded_index]),
    )

    def mutant(operator: str, place: str, places: dict[ast.AST, Replacement]) -> Mutant:
        source = replace_nodes(tree, places)
        return Mutant(operator=operator, place=place, cells={solution.graded_index: source})

    for hook in found:
        for own in hook.call.keywords:
            name = f"{hook.ion}.{own.arg}"
            rest = [keyword for keyword in hook.call.keywords if keyword is not own]
            yield mutant("channel removed", name, {hook.call: _with(hook, rest)})
            again = ast.keyword(f"{own.arg}_2", copy.deepcopy(own.value))
            doubled = [*hook.call.keywords, again]
            yield mutant("channel doubled", name, {hook.call: _with(hook, doubled)})
            for other in found:
                if other is not hook:
                    both: dict[ast.AST, Replacement] = {
                        hook.call: _with(hook, rest),
                        other.call: _with(other, [*other.call.keywords, copy.deepcopy(own)]),
                    }
                    yield mutant("hung elsewhere", f"{name} on {other.ion}", both)
            alone = ast.parse(f"self.{own.arg} = {ast.unparse(own.value)}").body
            shorter = ast.Expr(_with(hook, rest))
            yield mutant(
                "hung elsewhere", f"{name} on the cell", {hook.statement: [shorter, *alone]}
            )
        for one, two in itertools.permutations(hook.call.keywords, 2):
            place = f"{hook.ion}.{one.arg} made as {two.arg}"
            yield mutant("channel of another", place, {one.value: copy.deepcopy(two.value)})


def _with(hook: IonAttachment, keywords: list[ast.keyword]) -> ast.Call:
    return ast.Call(hook.call.func, hook.call.args, keywords)
