"""The start of a model: its states right after ``reset()``, over many neurons and resets."""

from __future__ import annotations

from collections.abc import Iterable

from grader.core.types import Finding, Value
from grader.judge.checks.context import CheckContext, no_model, unless
from grader.judge.checks.disclosure import may_reveal_start
from grader.judge.checks.distances import V_agrees

ROUND_OFF = 1e-6  # of a start that is one number, relative, single precision included
CHANCE = 1e-9
"""The chance that a right model's draws leave out as much of their range as is called wrong."""


@unless(no_model)
def check_start(context: CheckContext) -> Finding:
    """Check that the state named, or all others than V, start where the exercise says."""
    expected = context.exercise.start
    variables = (
        [context.check.variable] if context.check.variable else [n for n in expected if n != "V"]
    )
    variables = [name for name in variables if not _told_by_V(context, name)]
    ranges = context.evidence.answers.start
    if not ranges:
        return Finding(credit=None, message_id="checks.skipped.not_simulated", cell=context.cell)
    wrong = starts_elsewhere(context, variables)
    ends = {
        name: ranges[_own(context, name)] for name in variables if _own(context, name) in ranges
    }
    detail = "; ".join(f"{n}: {low:g} to {high:g}" for n, (low, high) in ends.items())
    if not wrong:
        return Finding(credit=1.0, message_id="checks.start.ok", detail=detail)
    first = next((name for name in wrong if name in ends), wrong[0])
    values: dict[str, Value] = {
        "full": _own(context, first),
        "variable": context.exercise.short_name(first),
    }
    if first not in ends:
        return Finding(
            credit=1.0 - len(wrong) / len(variables),
            message_id="checks.skipped.no_gate",
            values=values,
            detail=detail,
            cell=context.cell,
        )
    (low, high), (least, greatest) = ends[first], expected[first]
    values |= {"least": float(f"{low:.4g}"), "greatest": float(f"{high:.4g}")}
    values |= {"low": least, "high": greatest, "found": float(f"{high:.4g}"), "asked": greatest}
    one = values["least"] == values["greatest"]
    if least == greatest:
        message = "state" if one else "states"
    else:
        message = "everywhere" if one else "range"
    owner = first.rpartition(".")[0]
    asked_type = next((c.type for c in context.exercise.channels if c.name == owner), "")
    channel = None if asked_type else context.evidence.probe.channel(owner)
    if channel is not None and channel.kind == "channel" and not channel.from_notebook:
        message = "library"
        values |= {"name": channel.name, "type": channel.type_name}
    if not may_reveal_start(context, first):
        message = "not_given"
    return Finding(
        credit=1.0 - len(wrong) / len(variables),
        message_id=f"checks.start.{message}",
        values=values,
        detail=detail,
        cell=context.cell,
        line=context.line_of(first) if first in context.exercise.blank_names else None,
    )


def starts_elsewhere(context: CheckContext, variables: Iterable[str]) -> list[str]:
    """Return the states that don't start as the exercise says, NaN included."""
    ranges, expected = context.evidence.answers.start, context.exercise.start
    draws = max(1, context.evidence.answers.resets)
    return [
        name
        for name in variables
        if name in expected and not _fits(ranges.get(_own(context, name)), expected[name], draws)
    ]


def _told_by_V(context: CheckContext, variable: str) -> bool:
    """Return True if no state plays a gate, and V follows the reference all the same."""
    reference = context.evidence.reference
    if reference is None or variable in reference.gates:
        return False
    if variable not in context.exercise.gates:  # V, or a record of spikes
        return False
    return V_agrees(context)


def _own(context: CheckContext, variable: str) -> str:
    """Return the student's state that plays one of the exercise's, else the name itself."""
    reference = context.evidence.reference
    return variable if reference is None else reference.gates.get(variable, variable)


def _fits(actual: tuple[float, float] | None, expected: tuple[float, float], draws: int) -> bool:
    """Return True if the least and the greatest of so many draws fit a range, drawn from evenly."""
    if actual is None:
        return False
    (least, greatest), (low, high) = actual, expected
    slack = ROUND_OFF * max(1.0, abs(low), abs(high))
    if not (least >= low - slack and greatest <= high + slack):
        return False
    # Of draws even between 0 and 1 the least is above x with the chance (1 - x)^draws.
    left_out = (1.0 - CHANCE ** (1.0 / draws)) * (high - low) + slack
    return bool(least - low <= left_out and high - greatest <= left_out)
