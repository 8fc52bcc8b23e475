"""The model's states against the reference: traces, steps from drawn states, the vector field."""

from __future__ import annotations

import math
from dataclasses import replace

from grader.core.types import Finding
from grader.judge.checks.comparable import (
    by_field,
    field_is_right,
    named,
    not_comparable,
    not_finite,
    within,
)
from grader.judge.checks.context import Item
from grader.judge.checks.distances import V_agrees, distances, own_state, too_far
from grader.judge.checks.structure import parameter

MOST = 1000  # beyond this a distance is no number that tells anything


def trace_rmse(item: Item) -> Finding:
    """The root mean square difference of one state's trace from the reference."""
    if finding := not_comparable(item, item.check.variable):
        return finding
    variable, found = item.check.variable, distances(item)
    if found is None:
        return _gate_unmatched(item)
    far = too_far(item, found)
    until = far or next(iter(found))
    distance = found[until or None]
    right = Finding(
        credit=1.0,
        message_id="checks.trace.ok",
        values=named(item, variable) | {"rmse": float(f"{distance:.3g}"), "until": until},
        detail="; ".join(within(item, u, d, "RMSE") for u, d in found.items()),
        found=distance,
    )
    if far is None:
        return right
    if finding := by_field(item, right.detail) or not_finite(item, variable):
        return finding
    credit, first = 0.0, next(iter(found.values()))
    for tier in sorted(item.check.partial, key=lambda t: -t.within):
        if first <= tier.within:
            credit = tier.credit
    message = ("near" if _parameter_is_wrong(item) else "close") if credit else "wrong"
    right = replace(right, credit=credit, message_id=f"checks.trace.{message}", cell=item.cell)
    return _beyond(right, distance, "checks.trace.far")


def steps(item: Item) -> Finding:
    """One state after some steps from drawn states, under a current that stays the same."""
    if finding := not_comparable(item, item.check.variable):
        return finding
    found, variable = distances(item), item.check.variable
    if found is None:
        return _gate_unmatched(item)
    ms = item.check.steps * item.assignment.simulation.dt
    values = named(item, variable) | {"steps": item.check.steps, "ms": float(f"{ms:g}")}
    right = Finding(
        credit=1.0,
        message_id="checks.map.ok",
        values=values | {"apart": float(f"{found[None]:.3g}")},
        detail=within(item, None, found[None], "95 % keep to"),
        found=found[None],
    )
    if too_far(item, found) is None:
        return right
    if finding := by_field(item, right.detail):
        return finding
    agree = all(field_is_right(item, name) is True for name in ("V", *item.exercise.gates))
    message = "checks.map.twice" if agree else "checks.map.wrong"
    if not math.isfinite(found[None]):
        message = "checks.trace.nan"
    right = replace(right, credit=0.0, message_id=message, cell=item.cell)
    return _beyond(right, found[None], "checks.map.far")


def field(item: Item) -> Finding:
    """The time derivative of one state at drawn states, whatever integrator is used."""
    if finding := not_comparable(item, ""):
        return finding
    found = distances(item)
    if found is None:
        return _gate_unmatched(item)
    right = Finding(
        credit=1.0,
        message_id="checks.field.ok",
        values=named(item, item.check.variable),
        detail=within(item, None, found[None], "relative, 95 % keep to"),
        found=found[None],
    )
    if too_far(item, found) is None:
        return right
    return replace(right, credit=0.0, message_id="checks.field.wrong", cell=item.cell)


# ------------------------------------------------------------------ what they share


def _beyond(finding: Finding, distance: float, message: str) -> Finding:
    """The finding, with a distance beyond `MOST` told as that."""
    if not (math.isfinite(distance) and distance > MOST):
        return finding
    return replace(finding, message_id=message, values={**finding.values, "most": MOST}, found=None)


def _parameter_is_wrong(item: Item) -> bool:
    """Whether a check of a parameter of this exercise loses points."""
    return any(
        (parameter(replace(item, check=check)).credit or 0.0) < 1.0
        for check in item.assignment.checks
        if (check.kind, check.exercise) == ("parameter", item.check.exercise)
    )


def _gate_unmatched(item: Item) -> Finding:
    """No state of the model plays this gate: the field of V decides, and the report says so."""
    values = named(item, item.check.variable)
    if V_agrees(item):
        return Finding(credit=1.0, message_id="checks.trace.gate_by_V", values=values)
    unmatched = item.check.variable in item.exercise.gates and not own_state(
        item, item.check.variable
    )
    message = "no_gate" if unmatched else "without_gates"
    return Finding(
        credit=None, message_id=f"checks.skipped.{message}", values=values, cell=item.cell
    )
