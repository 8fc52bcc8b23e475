"""When a model fires, beside the reference: how often, at what rate, at what times."""

from __future__ import annotations

import math
from dataclasses import replace

from grader.check.comparable import by_field, is_finite, not_comparable, not_finite
from grader.check.distance import columns, sides, spike_times_apart, spikes, tolerance
from grader.check.given import tells
from grader.check.item import Item
from grader.measures import firing_rate as rate_of
from grader.stages import Finding, Value


def spike_count(item: Item) -> Finding:
    """The share of stimuli to which the model fires as often as the reference."""
    if finding := not_comparable(item, "V"):
        return finding
    panel, reference = sides(item)
    found, expected = (
        [len(times) for times in spikes(item, traces)]
        for traces in (item.attempt.answers.traces, reference.traces)
    )
    alike = [a == b for a, b in zip(found, expected, strict=True)]
    detail = "; ".join(
        f"{panel.names[c]}: {f} (expected {e})"
        for c, f, e in zip(columns(item), found, expected, strict=True)
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
    if all(alike) and is_finite(item, "V"):
        return right
    if finding := by_field(item, detail) or not_finite(item, "V"):
        return finding
    message = "some" if not one else "wrong" if tells(item) else "other"
    return _wrong(item, right, f"checks.spike_count.{message}", sum(alike) / len(alike))


def firing_rate(item: Item) -> Finding:
    """The firing rate, from the mean inter-spike interval, to a relative tolerance."""
    if finding := not_comparable(item, "V"):
        return finding
    panel, reference = sides(item)
    duration = panel.dt * panel.current.shape[0]
    found, expected = (
        [rate_of(times, duration) for times in spikes(item, traces)]
        for traces in (item.attempt.answers.traces, reference.traces)
    )
    share = item.check.tolerance or 0.0
    alike = [abs(f - e) <= share * abs(e) for f, e in zip(found, expected, strict=True)]
    right = Finding(
        credit=1.0,
        message_id="checks.firing_rate.ok",
        values={"found": round(found[0], 2), "asked": round(expected[0], 2)},
        detail=f"relative tolerance {share:g}",
        found=found[0],
        expected=expected[0],
    )
    if all(alike) and is_finite(item, "V"):
        return right
    if finding := by_field(item, right.detail) or not_finite(item, "V"):
        return finding
    credit = sum(alike) / len(alike)
    message = "wrong" if tells(item) else "other"
    return _wrong(item, right, f"checks.firing_rate.{message}", credit)


def _wrong(item: Item, right: Finding, message: str, credit: float) -> Finding:
    """The finding, with what the reference has left out where that is not told."""
    expected = right.expected if tells(item) else None
    return replace(right, credit=credit, message_id=message, cell=item.cell, expected=expected)


def spike_times(item: Item) -> Finding:
    """The share of stimuli whose spikes come when the reference's do."""
    if finding := not_comparable(item, "V"):
        return finding
    apart = [far for far in spike_times_apart(item) if far is not None]
    allowed = tolerance(item, None)
    alike = [far <= allowed for far in apart]
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
        detail=f"up to {worst:.3g} ms apart, tolerance {allowed:g}",
        found=worst,
        expected=0.0,
    )
    if all(alike) and is_finite(item, "V"):
        return right
    if finding := by_field(item, right.detail) or not_finite(item, "V"):
        return finding
    message = "checks.spike_times.wrong" if finite else "checks.spike_times.other_number"
    share = sum(alike) / len(alike)
    return replace(right, credit=share, message_id=message, cell=item.cell)
