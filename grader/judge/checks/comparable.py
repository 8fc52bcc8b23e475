"""Whether a model's answers can be compared, and what excuses them where they differ."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from grader.core.types import Finding, ModelProbe, Value
from grader.judge.checks.context import Item, no_model
from grader.judge.checks.convergence import converges, steps_otherwise
from grader.judge.checks.distances import (
    columns,
    field_error,
    names,
    strays,
    tolerance,
    trace,
    weights,
)
from grader.judge.checks.initial_state import starts_elsewhere

SCHEME = "ExponentialEuler"  # BrainPy's class of the integrator that the reference follows


def field_is_right(item: Item, variable: str) -> bool | None:
    """Whether the field of ``variable`` agrees with the reference; None when not known."""
    attempt = item.attempt
    if attempt.reference is None or not attempt.reference.field or not attempt.answers.field:
        return None
    error = field_error(item, variable)
    precision = attempt.answers.precision
    allowed = item.assignment.tolerance(item.exercise.id, None, precision)
    return None if error is None else error <= allowed


def within(item: Item, until: float | None, distance: float, what: str) -> str:
    """A distance beside its tolerance, for the teacher."""
    window = f" up to {until:g} ms" if until else ""
    said = f"{what} {distance:.3g}{window}, tolerance {tolerance(item, until):g}"
    if item.check.kind != "trace_rmse":
        return said
    eased = weights(item, until) < 1.0
    weighted = "weighted " if eased.any() else ""
    return weighted + said + astray(item, eased, float(strays(item, until).max()))


def astray(item: Item, which: Iterable[bool], far: float, unit: str = "") -> str:
    """Which stimuli count less, for the teacher; nothing where none does."""
    eased = [name for name, less in zip(names(item), which, strict=True) if less]
    if not eased:
        return ""
    return f" (less counts: {', '.join(eased)}; rounding alone leads it {far:.2g}{unit} astray)"


def is_finite(item: Item, variable: str) -> bool:
    """Whether the trace of a state holds numbers alone, on the stimuli of the check."""
    found = trace(item, variable)
    return found is not None and bool(np.isfinite(found[:, columns(item)]).all())


def not_finite(item: Item, variable: str) -> Finding | None:
    """A finding without credit when a trace is not a number somewhere: NaN never passes."""
    if is_finite(item, variable):
        return None
    values = named(item, variable)
    return Finding(credit=0.0, message_id="checks.trace.nan", values=values, cell=item.cell)


def named(item: Item, variable: str) -> dict[str, Value]:
    """A state as sentences name it."""
    return {
        "variable": item.exercise.short(variable),
        "full": variable,
        "unit": " mV" if variable == "V" else "",
    }


def not_comparable(item: Item, variable: str) -> Finding | None:
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
    if attempt.stimuli is None or attempt.reference is None:
        return Finding(credit=None, message_id="checks.skipped.not_simulated", cell=item.cell)
    return None


def by_field(item: Item, detail: str) -> Finding | None:
    """Full credit for a right model that is integrated in another way: its field decides.

    Another method is no trace-level match of the reference's, and what was asked for is
    the model. None unless another scheme is at work and goes where the reference goes as dt
    gets smaller, the derivative of V and of every gate is right, the gates start as they
    should, and nothing else carries current. A trace that is not finite is excused then, too.
    """
    probe, reference = item.attempt.probe, item.attempt.reference
    states = ("V", *item.exercise.gates)
    if not item.once("scheme", lambda: _is_another_scheme(item)):
        return None
    asked = {channel.name for channel in item.exercise.channels}
    if any(c.integrated and c.name not in asked for c in probe.channels) or reference is None:
        return None
    if not all(field_is_right(item, name) is True for name in states):
        return None
    if starts_elsewhere(item, item.exercise.gates):
        return None
    return Finding(credit=1.0, message_id="checks.trace.other_scheme", detail=detail)


def _is_another_scheme(item: Item) -> bool:
    other = bool(_other_integrators(item.attempt.probe)) or steps_otherwise(item)
    return other and converges(item)


def _other_integrators(probe: ModelProbe) -> set[str]:
    used = {probe.integrator}.union(*(channel.integrators for channel in probe.channels))
    return used - {SCHEME, "NoneType", ""}
