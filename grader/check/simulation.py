"""The model's behaviour against the reference: spikes, traces, the vector field."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from grader.check.item import Item, no_model
from grader.measures import firing_rate as rate_of
from grader.measures import relative_error, rmse, spike_times
from grader.stages import Array, Finding, ModelProbe, Panel, Reference, Value

SCHEME = "ExponentialEuler"  # BrainPy's class of the integrator that the reference follows
V_CLOSE, V_CLOSE_FLOAT32 = 5e-4, 2e-2  # mV RMSE over 20 ms within which V vouches for its gates


def spike_count(item: Item) -> Finding:
    """The share of stimuli to which the model fires as often as the reference."""
    if finding := _not_comparable(item, "V"):
        return finding
    panel, reference = _sides(item)
    found, expected = [], []
    for column in _columns(item):
        found.append(len(_spikes(item, item.attempt.answers.traces["V"], column, panel)))
        expected.append(len(_spikes(item, reference.traces["V"], column, panel)))
    alike = [a == b for a, b in zip(found, expected, strict=True)]
    detail = "; ".join(
        f"{panel.names[c]}: {f} (expected {e})"
        for c, f, e in zip(_columns(item), found, expected, strict=True)
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
    if all(alike) and _finite(item, "V"):
        return right
    if finding := _by_field(item, detail) or _not_finite(item, "V"):
        return finding
    message = "checks.spike_count.wrong" if one else "checks.spike_count.some"
    return replace(right, credit=sum(alike) / len(alike), message_id=message, cell=item.cell)


def firing_rate(item: Item) -> Finding:
    """The firing rate, from the mean inter-spike interval, to a relative tolerance."""
    if finding := _not_comparable(item, "V"):
        return finding
    panel, reference = _sides(item)
    duration = panel.dt * panel.current.shape[0]
    found, expected = (
        [rate_of(_spikes(item, traces, column, panel), duration) for column in _columns(item)]
        for traces in (item.attempt.answers.traces["V"], reference.traces["V"])
    )
    tolerance = _tolerance(item)
    alike = [abs(f - e) <= tolerance * abs(e) for f, e in zip(found, expected, strict=True)]
    right = Finding(
        credit=1.0,
        message_id="checks.firing_rate.ok",
        values={"found": round(found[0], 2), "asked": round(expected[0], 2)},
        detail=f"relative tolerance {tolerance:g}",
        found=found[0],
        expected=expected[0],
    )
    if all(alike) and _finite(item, "V"):
        return right
    if finding := _by_field(item, right.detail) or _not_finite(item, "V"):
        return finding
    share = sum(alike) / len(alike)
    return replace(right, credit=share, message_id="checks.firing_rate.wrong", cell=item.cell)


def trace_rmse(item: Item) -> Finding:
    """The root mean square difference of one state's trace from the reference."""
    if finding := _not_comparable(item, item.check.variable):
        return finding
    panel, reference = _sides(item)
    variable = item.check.variable
    values = _named(item, variable)
    trace = _trace(item, variable)
    if trace is None:
        return _gate_unmatched(item)
    columns = list(_columns(item))
    difference = rmse(
        trace[:, columns], reference.traces[variable][:, columns], panel.time, item.check.until
    )
    tolerance = _tolerance(item)
    values |= {
        "rmse": float(f"{difference:.3g}"),
        "until": item.check.until,
        "tolerance": tolerance,
    }
    right = Finding(
        credit=1.0,
        message_id="checks.trace.ok",
        values=values,
        detail=f"RMSE {difference:.3g}, tolerance {tolerance:g}",
        found=difference,
        expected=0.0,
    )
    if difference <= tolerance:
        return right
    if finding := _by_field(item, right.detail) or _not_finite(item, variable):
        return finding
    credit = 0.0
    for tier in sorted(item.check.partial, key=lambda t: -t.within):
        if difference <= tier.within:
            credit = tier.credit
    message = "checks.trace.close" if credit else "checks.trace.wrong"
    return replace(right, credit=credit, message_id=message, cell=item.cell)


def field(item: Item) -> Finding:
    """The time derivative of one state at drawn states, whatever integrator is used."""
    if finding := _not_comparable(item, ""):
        return finding
    error = _field_error(item, item.check.variable)
    if error is None:
        return _gate_unmatched(item)
    tolerance = _field_tolerance(item)
    right = Finding(
        credit=1.0,
        message_id="checks.field.ok",
        values=_named(item, item.check.variable),
        detail=f"relative error {error:.3g} (95th percentile), tolerance {tolerance:g}",
        found=error,
        expected=0.0,
    )
    if error <= tolerance:
        return right
    return replace(right, credit=0.0, message_id="checks.field.wrong", cell=item.cell)


def field_is_right(item: Item, variable: str) -> bool | None:
    """Whether the field of ``variable`` agrees with the reference; None when not known."""
    attempt = item.attempt
    if attempt.reference is None or not attempt.reference.field or not attempt.answers.field:
        return None
    error = _field_error(item, variable)
    return None if error is None else error <= _field_tolerance(item)


# ------------------------------------------------------------------ what they share


def _sides(item: Item) -> tuple[Panel, Reference]:
    assert item.attempt.panel is not None
    assert item.attempt.reference is not None
    return item.attempt.panel, item.attempt.reference


def _columns(item: Item) -> range:
    panel, _ = _sides(item)
    if item.check.stimuli == "public":
        return range(panel.public)
    return range(panel.public, len(panel.names))


def _tolerance(item: Item) -> float:
    return _chosen(item, item.check.tolerance or 0.0, item.check.tolerance_float32)


def _field_tolerance(item: Item) -> float:
    return _chosen(item, item.exercise.field_tolerance, item.exercise.field_tolerance_float32)


def _chosen(item: Item, double: float, single: float | None) -> float:
    return single if single and item.attempt.answers.precision == "float32" else double


def _spikes(item: Item, V: Array, column: int, panel: Panel) -> Array:
    return spike_times(panel.time, V[:, column], item.exercise.spike_threshold)


def _trace(item: Item, variable: str) -> Array | None:
    """The student's trace of a state of the reference, or None when none plays it."""
    own = variable if variable == "V" else item.attempt.reference.gates.get(variable)  # type: ignore[union-attr]
    return item.attempt.answers.traces.get(own) if own else None


def _finite(item: Item, variable: str) -> bool:
    trace = _trace(item, variable)
    return trace is not None and bool(np.isfinite(trace[:, list(_columns(item))]).all())


def _not_finite(item: Item, variable: str) -> Finding | None:
    """A finding without credit when a trace is not a number somewhere: NaN never passes."""
    if _finite(item, variable):
        return None
    values = _named(item, variable)
    return Finding(credit=0.0, message_id="checks.trace.nan", values=values, cell=item.cell)


def _named(item: Item, variable: str) -> dict[str, Value]:
    return {
        "variable": variable.split(".")[-1],
        "full": variable,
        "unit": " mV" if variable == "V" else "",
    }


def _field_error(item: Item, variable: str) -> float | None:
    reference, answers = item.attempt.reference, item.attempt.answers
    assert reference is not None
    own = variable if variable == "V" else reference.gates.get(variable)
    if own is None or own not in answers.field or variable not in reference.field:
        return None
    return relative_error(answers.field[own], reference.field[variable])


def _not_comparable(item: Item, variable: str) -> Finding | None:
    """Why there is nothing to compare, or None when there is."""
    if finding := no_model(item):
        return finding
    attempt = item.attempt
    if not attempt.answers.traces:
        fault = attempt.answers.faults[-1] if attempt.answers.faults else None
        if fault is None:
            return Finding(credit=None, message_id="checks.skipped.not_simulated", cell=item.cell)
        return Finding(
            credit=0.0,
            message_id="checks.simulation.fails",
            values={"error": f"{fault.error_name}: {fault.error_text[:300]}"},
            detail=fault.traceback,
            cell=item.cell,
        )
    if attempt.panel is None or attempt.reference is None:
        return Finding(credit=None, message_id="checks.skipped.not_simulated", cell=item.cell)
    return None


def _by_field(item: Item, detail: str) -> Finding | None:
    """Full credit for a right model that is integrated in another way: its field decides.

    Another method is no trace-level match of the reference's, and what was asked for is
    the model. None unless the derivative of V and of every gate is right, the gates
    start as they should, and nothing else carries current. A trace that is not finite
    is excused only by another integrator of BrainPy's, which may be unstable here.
    """
    probe, reference = item.attempt.probe, item.attempt.reference
    states = ("V", *item.exercise.gates)
    if not all(_finite(item, name) for name in states) and not _other_integrators(probe):
        return None
    asked = {channel.name for channel in item.exercise.channels}
    if any(c.integrated and c.name not in asked for c in probe.channels) or reference is None:
        return None
    if not all(field_is_right(item, name) is True for name in states):
        return None
    for gate, state in reference.gates.items():
        bounds = item.attempt.answers.start.get(state, (math.nan, math.nan))
        if not all(abs(bound - reference.start[gate]) <= 1e-6 for bound in bounds):
            return None
    return Finding(credit=1.0, message_id="checks.trace.other_scheme", detail=detail)


def _other_integrators(probe: ModelProbe) -> set[str]:
    used = {probe.integrator}.union(*(channel.integrators for channel in probe.channels))
    return used - {SCHEME, "NoneType", ""}


def _gate_unmatched(item: Item) -> Finding:
    """No state of the model plays this gate: the field of V decides, and the report says so."""
    values = _named(item, item.check.variable)
    if V_agrees(item):
        return Finding(credit=1.0, message_id="checks.trace.gate_by_V", values=values)
    return Finding(credit=None, message_id="checks.skipped.no_gate", values=values, cell=item.cell)


def V_agrees(item: Item) -> bool:
    """Whether the first 20 ms of V follow the reference on every stimulus of this check."""
    V, (panel, reference) = _trace(item, "V"), _sides(item)
    if V is None:
        return False
    columns = list(_columns(item))
    apart = rmse(V[:, columns], reference.traces["V"][:, columns], panel.time, 20.0)
    return apart <= _chosen(item, V_CLOSE, V_CLOSE_FLOAT32)
