"""Wrong models with channels that hang on ions: left out, doubled, exchanged, hung elsewhere."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.parsed_solution import (
    IonAttachment,
    ParsedSolution,
    find_ion_attachments,
)


def ion_mutants(solution: ParsedSolution) -> Iterator[Mutant]:
    """Yield wrong models of the graded class; none where nothing hangs on an ion."""
    found = find_ion_attachments(solution.graded_tree)
    for hook in found:
        for own in hook.call.keywords:
            name = f"{hook.ion}.{own.arg}"
            shorter = _with(hook, [keyword for keyword in hook.call.keywords if keyword is not own])
            yield solution.mutant("channel removed", name, {hook.call: shorter})
            longer = _with(hook, [*hook.call.keywords, ast.keyword(f"{own.arg}_2", own.value)])
            yield solution.mutant("channel doubled", name, {hook.call: longer})
            for other in found:
                if other is not hook:
                    yield solution.mutant(
                        "hung elsewhere",
                        f"{name} on {other.ion}",
                        {
                            hook.call: shorter,
                            other.call: _with(other, [*other.call.keywords, own]),
                        },
                    )
            alone = ast.parse(f"self.{own.arg} = {ast.unparse(own.value)}").body
            yield solution.mutant(
                "hung elsewhere",
                f"{name} on the cell",
                {hook.statement: [ast.Expr(shorter), *alone]},
            )
        for one, two in itertools.permutations(hook.call.keywords, 2):
            place = f"{hook.ion}.{one.arg} made as {two.arg}"
            yield solution.mutant("channel of another", place, {one.value: two.value})


def _with(hook: IonAttachment, keywords: list[ast.keyword]) -> ast.Call:
    return ast.Call(hook.call.func, hook.call.args, keywords)
