"""The spikes of a model beside the reference's: how often, at what rate, at what times."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.core.types import Array, Finding, Value
from grader.judge.checks.comparable import (
    describe_rounding,
    is_finite,
    judge_by_field,
    not_comparable,
    not_finite,
)
from grader.judge.checks.context import CheckContext, unless
from grader.judge.checks.disclosure import may_reveal_numbers
from grader.judge.checks.distances import (
    ROUNDING_FACTOR,
    reference_spikes,
    rounded_spikes,
    spike_distances,
    stimuli_and_reference,
    stimulus_names,
    student_spikes,
    tolerance,
    window,
)
from grader.judge.metrics import firing_rate


@unless(not_comparable)
def check_spike_count(context: CheckContext) -> Finding:
    """Give credit for the share of stimuli to which the model fires as often as the reference."""
    numbers = _numbers(context, len)
    matches = [found in runs for found, runs in zip(numbers.student, numbers.runs, strict=True)]
    sides = zip(stimulus_names(context), numbers.student, numbers.reference, strict=True)
    one = len(matches) == 1
    values: dict[str, Value] = {"right": sum(matches), "total": len(matches)}
    values |= {"found": numbers.student[0], "asked": numbers.reference[0]} if one else {}
    right = Finding(
        credit=1.0,
        message_id="checks.spike_count.ok" if one else "checks.spike_count.all",
        values=values,
        detail="; ".join(f"{name}: {found} (expected {asked})" for name, found, asked in sides),
        found=numbers.student[0] if one else sum(matches),
        expected=numbers.reference[0] if one else len(matches),
    )
    message = "some" if not one else "wrong" if may_reveal_numbers(context) else "other"
    return _judge(context, matches, right, f"checks.spike_count.{message}")


@unless(not_comparable)
def check_firing_rate(context: CheckContext) -> Finding:
    """Compare the firing rate, from the mean inter-spike interval, to a relative tolerance."""
    stimuli, _ = stimuli_and_reference(context)
    duration = stimuli.dt * stimuli.current.shape[0]
    share = context.check.tolerance or 0.0
    numbers = _numbers(context, lambda times: firing_rate(times, duration))
    message = "wrong" if may_reveal_numbers(context) else "other"
    return _judge(
        context,
        numbers.matches(share=share),
        _right(numbers, "checks.firing_rate.ok", f"relative tolerance {share:g}"),
        f"checks.firing_rate.{message}",
    )


@unless(not_comparable)
def check_latency(context: CheckContext) -> Finding:
    """Give credit for the share of stimuli with the first spike as late as the reference's.

    Counted from ``after`` ms on. Silence is right where the reference is silent.
    """
    after, allowed = context.check.after, context.check.tolerance or 0.0
    numbers = _numbers(context, lambda times: _first(times) - after)
    matches = numbers.matches(allowed)
    right = _right(numbers, "checks.latency.ok", f"tolerance {allowed:g} ms")
    values = {"right": sum(matches), "total": len(matches), "after": after, **right.values}
    message = "some" if len(matches) > 1 else _late(context, numbers)
    return _judge(context, matches, replace(right, values=values), f"checks.latency.{message}")


def _late(context: CheckContext, numbers: _Numbers) -> str:
    """Name what is wrong with one latency, infinite where no spike comes."""
    if math.isinf(numbers.student[0]):
        return "never" if may_reveal_numbers(context) else "never_other"
    if not may_reveal_numbers(context):
        return "other"
    return "too_many" if math.isinf(numbers.reference[0]) else "wrong"


@unless(not_comparable)
def check_spike_times(context: CheckContext) -> Finding:
    """Give credit for the share of stimuli whose spikes come when the reference's do."""
    allowed = tolerance(context, window(context))
    distances = spike_distances(context)
    counted = [one for one in distances if one is not None]
    matches = [one.distance <= max(allowed, one.slack) for one in counted]
    slack = [0.0 if one is None else one.slack for one in distances]
    worst = max((one.distance for one in counted), default=0.0)
    finite = [one.distance for one in counted if math.isfinite(one.distance)]
    right = Finding(
        credit=1.0,
        message_id="checks.spike_times.ok",
        values={
            "right": sum(matches),
            "total": len(matches),
            "apart": float(f"{max(finite, default=0.0):.2g}"),
        },
        detail=f"up to {worst:.3g} ms apart, tolerance {allowed:g}"
        + describe_rounding(
            context,
            [own > allowed for own in slack],
            max(slack, default=0.0) / ROUNDING_FACTOR,
            " ms",
        ),
        found=worst,
    )
    message = "wrong" if finite else "other_number"
    return _judge(context, matches, right, f"checks.spike_times.{message}")


# ------------------------------------------------------------------ what they share


def _right(numbers: _Numbers, message_id: str, detail: str) -> Finding:
    """Full credit for numbers of the first stimulus."""
    found, expected = numbers.student[0], numbers.reference[0]
    return Finding(
        credit=1.0,
        message_id=message_id,
        values={"found": round(found, 2), "asked": round(expected, 2)},
        detail=detail,
        found=found,
        expected=expected,
    )


def _judge(
    context: CheckContext, matches: Sequence[bool], right: Finding, message_id: str
) -> Finding:
    """Return ``right`` where all stimuli match, else credit for those that do and a message.

    The reference's number is left out where it may not be revealed.
    """
    if all(matches) and is_finite(context, "V"):
        return right
    if finding := judge_by_field(context, right.detail) or not_finite(context, "V"):
        return finding
    return replace(
        right,
        credit=sum(matches) / len(matches),
        message_id=message_id,
        cell=context.cell,
        expected=right.expected if may_reveal_numbers(context) else None,
    )


def _first(times: Array) -> float:
    """Return the first of the spikes, infinite where there is none."""
    return float(times[0]) if len(times) else math.inf


@dataclass(frozen=True, slots=True)
class _Numbers:
    """A number for each stimulus, taken of the times of the spikes."""

    student: list[float]
    reference: list[float]
    runs: list[dict[int, list[float]]]
    """The reference's, then where rounding leads it astray; by the number of spikes."""

    def matches(self, allowed: float = 0.0, *, share: float = 0.0) -> list[bool]:
        """Return True for each stimulus whose number is near enough to one of the runs."""
        pairs = zip(self.student, self.runs, strict=True)
        return [_is_near(found, runs, allowed, share=share) for found, runs in pairs]


def _numbers(context: CheckContext, metric: Callable[[Array], float]) -> _Numbers:
    """Take the ``metric`` of the spikes of the model and of the reference."""
    expected = reference_spikes(context)
    runs: list[dict[int, list[float]]] = [{} for _ in expected]
    for spikes in (expected, *rounded_spikes(context)):
        for by_number, times in zip(runs, spikes, strict=True):
            by_number.setdefault(len(times), []).append(metric(times))
    student = [metric(times) for times in student_spikes(context)]
    return _Numbers(student, [metric(times) for times in expected], runs)


def _is_near(
    number: float, runs: Mapping[int, list[float]], allowed: float = 0.0, *, share: float = 0.0
) -> bool:
    """Return True if a number is near enough to one of the runs that fire equally often.

    ``allowed`` of its unit, or by a ``share`` of it.
    """
    for values in runs.values():
        far = max((abs(one - values[0]) for one in values if one != values[0]), default=0.0)
        near = max(allowed, share * abs(values[0]) if share else 0.0, ROUNDING_FACTOR * far)
        if any(number == one or abs(number - one) <= near for one in values):
            return True
    return False
