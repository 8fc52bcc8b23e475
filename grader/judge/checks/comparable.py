"""Answers that can be compared, and what excuses them where they differ."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from grader.core.types import Finding, ModelProbe, Value
from grader.judge.checks.context import CheckContext, no_model
from grader.judge.checks.convergence import converges, steps_differ
from grader.judge.checks.distances import (
    columns,
    field_error,
    rounding_error,
    stimulus_names,
    stimulus_weights,
    student_trace,
    tolerance,
)
from grader.judge.checks.initial_state import starts_elsewhere

SCHEME = "ExponentialEuler"  # BrainPy's class of the integrator that the reference follows


def field_is_right(context: CheckContext, variable: str) -> bool | None:
    """Return True if the field of ``variable`` agrees with the reference; None when not known."""
    evidence = context.evidence
    if evidence.reference is None or not evidence.reference.field or not evidence.answers.field:
        return None
    error = field_error(context, variable)
    precision = evidence.answers.precision
    allowed = context.assignment.tolerance(context.exercise.id, None, precision)
    return None if error is None else error <= allowed


def describe_distance(
    context: CheckContext, until: float | None, distance: float, metric: str
) -> str:
    """Describe a distance beside its tolerance, for the teacher."""
    window = f" up to {until:g} ms" if until else ""
    text = f"{metric} {distance:.3g}{window}, tolerance {tolerance(context, until):g}"
    if context.check.kind != "trace_rmse":
        return text
    eased = stimulus_weights(context, until) < 1.0
    weighted = "weighted " if eased.any() else ""
    return (
        weighted
        + text
        + describe_rounding(context, eased, float(rounding_error(context, until).max()))
    )


def describe_rounding(
    context: CheckContext, counts_less: Iterable[bool], far: float, unit: str = ""
) -> str:
    """Name the stimuli that count less, for the teacher; "" where none does."""
    eased = [name for name, less in zip(stimulus_names(context), counts_less, strict=True) if less]
    if not eased:
        return ""
    return f" (less counts: {', '.join(eased)}; rounding alone leads it {far:.2g}{unit} astray)"


def is_finite(context: CheckContext, variable: str) -> bool:
    """Return True if the trace of a state holds numbers alone, on the stimuli of the check."""
    trace = student_trace(context, variable)
    return trace is not None and bool(np.isfinite(trace[:, columns(context)]).all())


def not_finite(context: CheckContext, variable: str) -> Finding | None:
    """Give no credit when a trace is not a number somewhere: NaN never passes."""
    if is_finite(context, variable):
        return None
    values = state_values(context, variable)
    return Finding(credit=0.0, message_id="checks.trace.nan", values=values, cell=context.cell)


def state_values(context: CheckContext, variable: str) -> dict[str, Value]:
    """Name a state as sentences do."""
    return {
        "variable": context.exercise.short_name(variable),
        "full": variable,
        "unit": " mV" if variable == "V" else "",
    }


def not_comparable(context: CheckContext) -> Finding | None:
    """Return the reason why there is nothing to compare, or None when there is something."""
    if finding := no_model(context):
        return finding
    evidence = context.evidence
    if not evidence.answers.traces:
        fault = evidence.answers.faults[-1] if evidence.answers.faults else None
        if fault is None:
            return Finding(
                credit=None, message_id="checks.skipped.not_simulated", cell=context.cell
            )
        return Finding(
            credit=0.0,
            message_id="checks.simulation.fails",
            values={"error": f"{fault.error_name}: {fault.error_text[:300]}"},
            detail=fault.traceback,
            cell=context.cell,
        )
    if evidence.stimuli is None or evidence.reference is None:
        return Finding(credit=None, message_id="checks.skipped.not_simulated", cell=context.cell)
    return None


def judge_by_field(context: CheckContext, detail: str) -> Finding | None:
    """Full credit for a right model that is integrated in another way: its field decides.

    Another method is no trace-level match of the reference's, and what was asked for is
    the model. None unless another scheme is at work and goes where the reference goes as dt
    gets smaller, the derivative of V and of every gate is right, the gates start as they
    should, and nothing else carries current. A trace that is not finite is excused then, too.
    """
    probe, reference = context.evidence.probe, context.evidence.reference
    states = ("V", *context.exercise.gates)
    if not context.compute_once("scheme", lambda: _is_another_scheme(context)):
        return None
    names = {channel.name for channel in context.exercise.channels}
    if any(c.integrated and c.name not in names for c in probe.channels) or reference is None:
        return None
    if not all(field_is_right(context, name) is True for name in states):
        return None
    if starts_elsewhere(context, context.exercise.gates):
        return None
    return Finding(credit=1.0, message_id="checks.trace.other_scheme", detail=detail)


def _is_another_scheme(context: CheckContext) -> bool:
    other = bool(_other_integrators(context.evidence.probe)) or steps_differ(context)
    return other and converges(context)


def _other_integrators(probe: ModelProbe) -> set[str]:
    used = {probe.integrator}.union(*(channel.integrators for channel in probe.channels))
    return used - {SCHEME, "NoneType", ""}
