"""When a model fires, beside the reference: how often, at what rate, at what times."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from grader.core.types import Array, Finding, Value
from grader.judge.checks.comparable import (
    describe_rounding,
    is_finite,
    judge_by_field,
    not_comparable,
    not_finite,
)
from grader.judge.checks.context import CheckContext
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


def check_spike_count(context: CheckContext) -> Finding:
    """The share of stimuli to which the model fires as often as the reference."""
    if finding := not_comparable(context, "V"):
        return finding
    found, expected = (
        [len(times) for times in of_all]
        for of_all in (student_spikes(context), reference_spikes(context))
    )
    alike = [count in runs for count, runs in zip(found, _runs(context, len), strict=True)]
    detail = "; ".join(
        f"{name}: {f} (expected {e})"
        for name, f, e in zip(stimulus_names(context), found, expected, strict=True)
    )
    one = len(found) == 1
    values: dict[str, Value] = {"right": sum(alike), "total": len(alike)}
    values |= {"found": found[0], "asked": expected[0]} if one else {}
    right = Finding(
        credit=1.0,
        message_id="checks.spike_count.ok" if one else "checks.spike_count.all",
        values=values,
        detail=detail,
        found=found[0] if one else sum(alike),
        expected=expected[0] if one else len(alike),
    )
    if all(alike) and is_finite(context, "V"):
        return right
    if finding := judge_by_field(context, detail) or not_finite(context, "V"):
        return finding
    message = "some" if not one else "wrong" if may_reveal_numbers(context) else "other"
    return _wrong(context, right, f"checks.spike_count.{message}", sum(alike) / len(alike))


def check_firing_rate(context: CheckContext) -> Finding:
    """The firing rate, from the mean inter-spike interval, to a relative tolerance."""
    if finding := not_comparable(context, "V"):
        return finding
    stimuli, _ = stimuli_and_reference(context)
    duration = stimuli.dt * stimuli.current.shape[0]
    found, expected = (
        [firing_rate(times, duration) for times in of_all]
        for of_all in (student_spikes(context), reference_spikes(context))
    )
    share = context.check.tolerance or 0.0
    runs = _runs(context, lambda times: firing_rate(times, duration))
    alike = [_as_one(f, r, share=share) for f, r in zip(found, runs, strict=True)]
    right = Finding(
        credit=1.0,
        message_id="checks.firing_rate.ok",
        values={"found": round(found[0], 2), "asked": round(expected[0], 2)},
        detail=f"relative tolerance {share:g}",
        found=found[0],
        expected=expected[0],
    )
    if all(alike) and is_finite(context, "V"):
        return right
    if finding := judge_by_field(context, right.detail) or not_finite(context, "V"):
        return finding
    credit = sum(alike) / len(alike)
    message = "wrong" if may_reveal_numbers(context) else "other"
    return _wrong(context, right, f"checks.firing_rate.{message}", credit)


def _wrong(context: CheckContext, right: Finding, message: str, credit: float) -> Finding:
    """The finding, with what the reference has left out where that is not told."""
    expected = right.expected if may_reveal_numbers(context) else None
    return replace(right, credit=credit, message_id=message, cell=context.cell, expected=expected)


def check_latency(context: CheckContext) -> Finding:
    """The share of stimuli with the first spike, after ``after`` ms, as late as the reference's.

    Silence is right where the reference is silent.
    """
    if finding := not_comparable(context, "V"):
        return finding
    after, allowed = context.check.after, context.check.tolerance or 0.0
    found, expected = (
        [_first(times) - after for times in of_all]
        for of_all in (student_spikes(context), reference_spikes(context))
    )
    runs = _runs(context, lambda times: _first(times) - after)
    alike = [_as_one(f, r, allowed) for f, r in zip(found, runs, strict=True)]
    values: dict[str, Value] = {"right": sum(alike), "total": len(alike), "after": after}
    values |= {"found": round(found[0], 2), "asked": round(expected[0], 2)}
    right = Finding(
        credit=1.0,
        message_id="checks.latency.ok",
        values=values,
        detail=f"tolerance {allowed:g} ms",
        found=found[0],
        expected=expected[0],
    )
    if all(alike) and is_finite(context, "V"):
        return right
    if finding := judge_by_field(context, right.detail) or not_finite(context, "V"):
        return finding
    message = "some" if len(alike) > 1 else _late(context, found[0], expected[0])
    return _wrong(context, right, f"checks.latency.{message}", sum(alike) / len(alike))


def _late(context: CheckContext, found: float, expected: float) -> str:
    """How one latency is wrong, infinite where no spike comes."""
    if math.isinf(found):
        return "never" if may_reveal_numbers(context) else "never_other"
    if not may_reveal_numbers(context):
        return "other"
    return "too_many" if math.isinf(expected) else "wrong"


def check_spike_times(context: CheckContext) -> Finding:
    """The share of stimuli whose spikes come when the reference's do."""
    if finding := not_comparable(context, "V"):
        return finding
    allowed = tolerance(context, window(context))
    of_all = spike_distances(context)
    counted = [one for one in of_all if one is not None]
    alike = [one.distance <= max(allowed, one.slack) for one in counted]
    apart = [one.distance for one in counted]
    room = [0.0 if one is None else one.slack for one in of_all]
    worst = max(apart, default=0.0)
    finite = [far for far in apart if math.isfinite(far)]
    right = Finding(
        credit=1.0,
        message_id="checks.spike_times.ok",
        values={
            "right": sum(alike),
            "total": len(alike),
            "apart": float(f"{max(finite, default=0.0):.2g}"),
        },
        detail=f"up to {worst:.3g} ms apart, tolerance {allowed:g}"
        + describe_rounding(
            context,
            [own > allowed for own in room],
            max(room, default=0.0) / ROUNDING_FACTOR,
            " ms",
        ),
        found=worst,
    )
    if all(alike) and is_finite(context, "V"):
        return right
    if finding := judge_by_field(context, right.detail) or not_finite(context, "V"):
        return finding
    message = "checks.spike_times.wrong" if finite else "checks.spike_times.other_number"
    share = sum(alike) / len(alike)
    return replace(right, credit=share, message_id=message, cell=context.cell)


# ------------------------------------------------------------------ what they share


def _first(times: Array) -> float:
    """The first of the spikes, infinite where there is none."""
    return float(times[0]) if len(times) else math.inf


def _runs(context: CheckContext, measure: Callable[[Array], float]) -> list[dict[int, list[float]]]:
    """A measure of the spikes' times in the reference, then where rounding leads it astray.

    For each stimulus, by the number of spikes.
    """
    found: list[dict[int, list[float]]] = []
    of_each = [reference_spikes(context), *rounded_spikes(context)]
    for c in range(len(stimulus_names(context))):
        by_number: dict[int, list[float]] = {}
        for run in of_each:
            by_number.setdefault(len(run[c]), []).append(measure(run[c]))
        found.append(by_number)
    return found


def _as_one(
    found: float, runs: Mapping[int, list[float]], allowed: float = 0.0, *, share: float = 0.0
) -> bool:
    """Whether a number is near enough to one of the reference's runs that fire equally often.

    ``allowed`` of its unit, or by a ``share`` of it.
    """
    for values in runs.values():
        far = max((abs(one - values[0]) for one in values if one != values[0]), default=0.0)
        near = max(allowed, share * abs(values[0]) if share else 0.0, ROUNDING_FACTOR * far)
        if any(found == one or abs(found - one) <= near for one in values):
            return True
    return False
