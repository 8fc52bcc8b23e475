"""Wrong models made by an ``update`` of the neuron's own, around the one that it inherits."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.equivalents.class_edits import (
    find_method,
    module_names,
    parse_statements,
)
from grader.authoring.verify.equivalents.integrators import super_call
from grader.authoring.verify.parsed_solution import ParsedSolution

LATE_START = 10.0  # ms, when a change that comes late begins
LATE_OPERATORS = ("input ends early", "input scaled late", "parameter changes late")
AROUND = {"reset": 40.0, "clipped": 20.0}  # mV above the threshold of a spike

Written = tuple[str, str, list[str]]
"""An operator, a place, and the lines of the method ``update(self, x=None)``."""

_NUMBER = "x = 0.0 if x is None else x"


def update_mutants(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """One for each such method, where the graded class has none of its own."""
    known, kind = module_names(solution), solution.graded_class
    bp, bm = known.get("brainpy"), known.get("brainpy.math")
    if kind is None or find_method(kind, "update") is not None or bp is None or bm is None:
        return
    written = [
        *_of_input(bp, bm),
        *_of_V(solution, assignment, bp, bm),
        *_late_parameters(solution, bp, bm),
    ]
    for operator, place, body in written:
        text = "\n".join(["def update(self, x=None):", *(f"    {line}" for line in body)])
        yield solution.mutant(operator, place, {kind: _with(kind, text)})
    if _asks_for_spikes(solution, assignment):
        yield from _adapting(solution, kind, bp, bm)


def _asks_for_spikes(solution: ParsedSolution, assignment: Assignment) -> bool:
    """Tell whether the model fires; where it never does, spikes change nothing."""
    asked = {c.kind for c in assignment.checks if c.exercise == solution.exercise.id}
    return bool(asked & {"spike_count", "spike_times"})


def _of_input(bp: str, bm: str) -> Iterator[Written]:
    late = f"{bp}.share.load('t') < {LATE_START!r}"
    yield (
        "input scaled",
        "by 1.5",
        [_NUMBER, "return super().update(1.5 * x)"],
    )
    yield "input ignored", "0 in its place", ["return super().update(0.0)"]
    for operator, after in (("input ends early", 0.0), ("input scaled late", 1.5)):
        factor = f"{bm}.where({late}, 1.0, {after!r})"
        lines = [_NUMBER, f"return super().update(x * {factor})"]
        yield operator, f"by {after:g} from {LATE_START:g} ms on", lines
    once, again = "super().update(x)", "super().update(0.0)"  # what came in is kept till cleared
    yield "every step twice", "input twice", [once, f"return {once}"]
    yield "every step twice", "input once", [once, f"return {again}"]


def _of_V(solution: ParsedSolution, assignment: Assignment, bp: str, bm: str) -> Iterator[Written]:
    threshold, V0 = solution.exercise.spike_threshold, assignment.stimuli[0].V0

    def after(value: str) -> list[str]:
        return ["spike = super().update(x)", f"self.V.value = {value}", "return spike"]

    V, high = "self.V.value", threshold + AROUND["reset"]
    top = threshold + AROUND["clipped"]
    if _asks_for_spikes(solution, assignment):
        yield (
            "V reset after a spike",
            f"to {V0:g} from {high:g} on",
            after(f"{bm}.where({V} >= {high!r}, {V0!r}, {V})"),
        )
        yield "V clipped", f"at {top:g}", after(f"{bm}.minimum({V}, {top!r})")
    yield "V leaks", "0.05 of it in 1 ms", after(f"{V} - 0.05 * {bp}.share.load('dt') * {V}")


def _late_parameters(solution: ParsedSolution, bp: str, bm: str) -> Iterator[Written]:
    """Yield a parameter of a channel that is another after some time."""
    for channel in solution.exercise.channels:
        for parameter in channel.parameters if channel.name in solution.channel_statements else ():
            own = f"self.{channel.name}.{parameter}"
            factor = f"{bm}.where({bp}.share.load('t') < {LATE_START!r}, 1.0, 1.2)"
            yield (
                "parameter changes late",
                f"{channel.name}.{parameter} by 1.2 from {LATE_START:g} ms on",
                [
                    f"asked = {own}",
                    f"{own} = asked * {factor}",
                    "spike = super().update(x)",
                    f"{own} = asked",
                    "return spike",
                ],
            )


def _adapting(solution: ParsedSolution, kind: ast.ClassDef, bp: str, bm: str) -> Iterator[Mutant]:
    """Yield a current that each spike adds to and that dies away, kept in a variable of its own."""
    init, called = find_method(kind, "__init__"), super_call(solution.graded_tree)
    if init is None or called is None:
        return
    at = [n for n, s in enumerate(init.body) if any(node is called for node in ast.walk(s))]
    whole = _with(
        kind,
        "def update(self, x=None):\n"
        f"    {_NUMBER}\n"
        "    spike = super().update(x - self.adaptation.value)\n"
        f"    kept = self.adaptation.value * (1.0 - {bp}.share.load('dt') / 100.0)\n"
        "    self.adaptation.value = kept + 0.5 * spike\n"
        "    return spike",
    )
    own = find_method(whole, "__init__")
    assert own is not None
    place = at[0] + 1 if at else len(own.body)
    own.body[place:place] = parse_statements(
        f"self.adaptation = {bm}.Variable({bm}.zeros(self.num))"
    )
    yield solution.mutant("adaptation added", "0.5 for each spike, over 100 ms", {kind: whole})


def _with(kind: ast.ClassDef, text: str) -> ast.ClassDef:
    """Return a copy of a class with one more method."""
    twin = copy.deepcopy(kind)
    twin.body += parse_statements(text)
    return twin
