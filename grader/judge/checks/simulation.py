"""The model's states against the reference: traces, steps from drawn states, the vector field."""

from __future__ import annotations

import math
from dataclasses import replace

from grader.core.types import Finding
from grader.judge.checks.comparable import (
    describe_distance,
    field_is_right,
    judge_by_field,
    not_comparable,
    not_finite,
    state_values,
)
from grader.judge.checks.context import CheckContext, tier_credit, unless
from grader.judge.checks.distances import V_agrees, distances, first_exceeded, student_state
from grader.judge.checks.structure import check_parameter

MOST = 1000  # beyond this a distance is no number that tells anything


@unless(not_comparable)
def check_trace(context: CheckContext) -> Finding:
    """Compare one state's trace with the reference by its root mean square difference."""
    variable, measured = context.check.variable, distances(context)
    if measured is None:
        return _gate_unmatched(context)
    far = first_exceeded(context, measured)
    until = far or next(iter(measured))
    distance = measured[until or None]
    right = Finding(
        credit=1.0,
        message_id="checks.trace.ok",
        values=state_values(context, variable) | {"rmse": float(f"{distance:.3g}"), "until": until},
        detail="; ".join(describe_distance(context, u, d, "RMSE") for u, d in measured.items()),
        found=distance,
    )
    if far is None:
        return right
    if finding := judge_by_field(context, right.detail) or not_finite(context, variable):
        return finding
    first = next(iter(measured.values()))
    credit = tier_credit(context.check.partial, lambda within: first <= within)
    message = ("near" if _parameter_is_wrong(context) else "close") if credit else "wrong"
    return _wrong(
        context, right, distance, message=f"trace.{message}", far="trace.far", credit=credit
    )


@unless(not_comparable)
def check_map(context: CheckContext) -> Finding:
    """Compare one state after some steps from drawn states, under a current that stays the same."""
    measured, variable = distances(context), context.check.variable
    if measured is None:
        return _gate_unmatched(context)
    ms = context.check.steps * context.assignment.simulation.dt
    values = state_values(context, variable) | {
        "steps": context.check.steps,
        "ms": float(f"{ms:g}"),
    }
    right = Finding(
        credit=1.0,
        message_id="checks.map.ok",
        values=values | {"apart": float(f"{measured[None]:.3g}")},
        detail=describe_distance(context, None, measured[None], "95 % keep to"),
        found=measured[None],
    )
    if first_exceeded(context, measured) is None:
        return right
    if finding := judge_by_field(context, right.detail):
        return finding
    agree = all(field_is_right(context, name) is True for name in ("V", *context.exercise.gates))
    message = "map.twice" if agree else "map.wrong"
    if not math.isfinite(measured[None]):
        message = "trace.nan"
    return _wrong(context, right, measured[None], message=message, far="map.far")


@unless(not_comparable)
def check_field(context: CheckContext) -> Finding:
    """Compare the time derivative of one state at drawn states, whatever integrator is used."""
    measured = distances(context)
    if measured is None:
        return _gate_unmatched(context)
    right = Finding(
        credit=1.0,
        message_id="checks.field.ok",
        values=state_values(context, context.check.variable),
        detail=describe_distance(context, None, measured[None], "relative, 95 % keep to"),
        found=measured[None],
    )
    if first_exceeded(context, measured) is None:
        return right
    return replace(right, credit=0.0, message_id="checks.field.wrong", cell=context.cell)


# ------------------------------------------------------------------ what they share


def _wrong(
    context: CheckContext,
    right: Finding,
    distance: float,
    *,
    message: str,
    far: str,
    credit: float = 0.0,
) -> Finding:
    """Turn a finding into a wrong one; a distance beyond `MOST` is reported as ``far``."""
    wrong = replace(right, credit=credit, message_id=f"checks.{message}", cell=context.cell)
    if not MOST < distance < math.inf:
        return wrong
    values = {**right.values, "most": MOST}
    return replace(wrong, message_id=f"checks.{far}", values=values, found=None)


def _parameter_is_wrong(context: CheckContext) -> bool:
    """Return True if a check of a parameter of this exercise loses points."""
    return any(
        (check_parameter(replace(context, check=check)).credit or 0.0) < 1.0
        for check in context.assignment.checks
        if (check.kind, check.exercise) == ("parameter", context.check.exercise)
    )


def _gate_unmatched(context: CheckContext) -> Finding:
    """Let the field of V decide where no state of the model plays this gate, and say so."""
    values = state_values(context, context.check.variable)
    if V_agrees(context):
        return Finding(credit=1.0, message_id="checks.trace.gate_by_V", values=values)
    unmatched = context.check.variable in context.exercise.gates and not student_state(
        context, context.check.variable
    )
    message = "no_gate" if unmatched else "without_gates"
    return Finding(
        credit=None, message_id=f"checks.skipped.{message}", values=values, cell=context.cell
    )
