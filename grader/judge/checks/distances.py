"""The distance of a model's answers from the reference's, in the metric of each kind of check."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from grader.core.types import Array, ReferenceAnswers, StimulusSet
from grader.judge.checks.context import CheckContext
from grader.judge.metrics import absolute_error, relative_error, rmse, spike_times, within

Distances = dict[float | None, float]
"""By the window that was measured, up to so many ms; None where there is but one."""


def distances(context: CheckContext) -> Distances | None:
    """Measure what is held against the tolerances of the check; None where nothing can be.

    The model must have answered, and the reference too.
    """
    return context.compute_once(
        f"distances {context.check.id}", lambda: _METRICS[context.check.kind](context)
    )


ROUNDING_FACTOR = 4.0
"""The factor by which a right model may go farther than the reference in single precision.

Where a stimulus keeps V at the edge of a spike, rounding decides when it comes. Of 800 seeds of
a model with four states, its steps made in single precision, 20 went beyond the tolerance of V
over the whole run; none with stimuli weighted so, the worst at 0.4 of it. Of 1500 seeds with
its constants in single precision 10 went beyond a tolerance; none so, whichever are rounded.
"""


def tolerance(context: CheckContext, until: float | None) -> float:
    """Return the derived tolerance of one window, in the precision of the model's answers."""
    of = context.check.exercise if context.check.kind == "field" else context.check.id
    return context.assignment.tolerance(of, until, context.evidence.answers.precision)


def rounding_error(context: CheckContext, until: float | None) -> Array:
    """Return the RMS by which single precision leads the reference itself astray, by stimulus."""
    (stimuli, reference), which = stimuli_and_reference(context), columns(context)
    if reference.rounding is None:
        return np.zeros(which.stop - which.start)
    last = len(stimuli.current) if until is None else np.count_nonzero(within(stimuli.time, until))
    return reference.rounding.distance[context.check.variable][last - 1, which]


def stimulus_weights(context: CheckContext, until: float | None) -> Array:
    """Weigh the error of each stimulus: less where the reference itself goes astray.

    1 where `ROUNDING_FACTOR` times that is within the tolerance.
    """
    allowed, far = tolerance(context, until), ROUNDING_FACTOR * rounding_error(context, until)
    return np.divide(allowed, far, out=np.ones_like(far), where=far > allowed)


def first_exceeded(context: CheckContext, measured: Distances) -> float | None:
    """Return the first window outside its tolerance, NaN included; 0 for the only one.

    None when all are within.
    """
    for until, distance in measured.items():
        if not distance <= tolerance(context, until):
            return until or 0.0
    return None


def V_agrees(context: CheckContext) -> bool:
    """Return True if V follows the reference on every stimulus of this check."""
    own, evidence = context.check, context.evidence
    if evidence.stimuli is None or evidence.reference is None or "V" not in evidence.answers.traces:
        return False
    beside = [
        replace(context, check=check)
        for check in context.assignment.checks
        if (check.kind, check.variable) == ("trace_rmse", "V")
        and (check.exercise, check.stimuli) == (own.exercise, own.stimuli)
    ]
    measured = [(one, distances(one)) for one in beside]
    return bool(measured) and all(
        apart is not None and first_exceeded(one, apart) is None for one, apart in measured
    )


# --------------------------------------------------------------- the two sides of it


def stimuli_and_reference(context: CheckContext) -> tuple[StimulusSet, ReferenceAnswers]:
    """Return the stimuli and the reference's answer to them."""
    assert context.evidence.stimuli is not None
    assert context.evidence.reference is not None
    return context.evidence.stimuli, context.evidence.reference


def columns(context: CheckContext) -> slice:
    """Return the stimuli that a check is about."""
    stimuli, _ = stimuli_and_reference(context)
    if context.check.stimuli == "public":
        return slice(0, stimuli.public)
    return slice(stimuli.public, len(stimuli.names))


def stimulus_names(context: CheckContext) -> tuple[str, ...]:
    """Return the names of those stimuli."""
    return stimuli_and_reference(context)[0].names[columns(context)]


def student_state(context: CheckContext, variable: str) -> str | None:
    """Return the student's state that plays one of the reference's, or None when none does."""
    return variable if variable == "V" else stimuli_and_reference(context)[1].gates.get(variable)


def student_trace(context: CheckContext, variable: str) -> Array | None:
    """Return the student's trace of a state of the reference, ``(T, N)``, or None."""
    return context.evidence.answers.traces.get(student_state(context, variable) or "")


def student_spikes(context: CheckContext) -> list[Array]:
    """Return the times of the model's spikes in ms that count, for each stimulus of the check."""
    return _counted(context, _spikes(context, "found", context.evidence.answers.traces))


def reference_spikes(context: CheckContext) -> list[Array]:
    """Return the times of the reference's spikes in ms that count, for each stimulus."""
    return _counted(context, _spikes(context, "expected", stimuli_and_reference(context)[1].traces))


def rounded_spikes(context: CheckContext) -> list[list[Array]]:
    """Return these of the reference's runs with rounding; see `RoundingError`."""
    rounding = stimuli_and_reference(context)[1].rounding
    return [_counted(context, run) for run in (rounding.spikes if rounding else ())]


def _spikes(context: CheckContext, whose: str, traces: Mapping[str, Array]) -> list[Array]:
    time, threshold = stimuli_and_reference(context)[0].time, context.exercise.spike_threshold
    return context.compute_once(
        f"spikes {whose}", lambda: spike_times(time, traces["V"], threshold)
    )


def _counted(context: CheckContext, spikes: Sequence[Array]) -> list[Array]:
    after, last = context.check.after, window(context) or math.inf
    return [times[(times > after) & (times <= last)] for times in spikes[columns(context)]]


# ------------------------------------------------------------------------ measures


def _traces(context: CheckContext) -> Distances | None:
    """Measure the root mean square difference over each window; see `stimulus_weights`."""
    student, (stimuli, reference) = (
        student_trace(context, context.check.variable),
        stimuli_and_reference(context),
    )
    if student is None:
        return None
    which = columns(context)
    own, expected = student[:, which], reference.traces[context.check.variable][:, which]

    def counting(weight: Array) -> Array:
        return own if (weight == 1.0).all() else expected + weight * (own - expected)

    return {
        until: rmse(counting(stimulus_weights(context, until)), expected, stimuli.time, until)
        for until in context.check.until or (None,)
    }


def _spike_times(context: CheckContext) -> Distances:
    """Measure the distance in ms of the farthest spike, of stimuli with as many as expected.

    Where the reference itself goes astray, it counts as much less, as in `stimulus_weights`.
    """
    until = window(context)
    allowed = tolerance(context, until)
    apart = [
        one.distance * (allowed / one.slack if one.slack > allowed else 1.0)
        for one in spike_distances(context)
        if one is not None
    ]
    return {until: max(apart, default=math.inf)}


def window(context: CheckContext) -> float | None:
    """Up to when spikes count, in ms; None for the whole run."""
    return max(context.check.until, default=None)


@dataclass(frozen=True, slots=True)
class SpikeDistance:
    """The distance of a spike in ms, and the distance that rounding may lead it astray."""

    distance: float
    slack: float


def spike_distances(context: CheckContext) -> list[SpikeDistance | None]:
    """Find the model's farthest spike for each stimulus; None where it is as silent as expected.

    Held against the runs of the reference that fire as often; infinite where none does.
    """
    apart: list[SpikeDistance | None] = []
    runs = [reference_spikes(context), *rounded_spikes(context)]
    for c, own in enumerate(student_spikes(context)):
        alike = [run[c] for run in runs if len(run[c]) == len(own)]
        if not len(own) and not len(runs[0][c]):
            apart.append(None)
        else:
            far = min((_apart(own, run) for run in alike), default=math.inf)
            room = max((_apart(run, alike[0]) for run in alike), default=0.0)
            apart.append(SpikeDistance(far, ROUNDING_FACTOR * room))
    return apart


def _apart(actual: Array, expected: Array) -> float:
    """Return the distance of the farthest of as many spikes."""
    return float(np.abs(actual - expected).max(initial=0.0))


def _field(context: CheckContext) -> Distances | None:
    error = field_error(context, context.check.variable)
    return None if error is None else {None: error}


def field_error(context: CheckContext, variable: str) -> float | None:
    """Return the error of the field of ``variable``, see `relative_error`; None when not known."""
    reference, answers = context.evidence.reference, context.evidence.answers
    own = None if reference is None else student_state(context, variable)
    if (
        reference is None
        or own is None
        or own not in answers.field
        or variable not in reference.field
    ):
        return None
    unit = context.exercise.scale(variable)
    return relative_error(answers.field[own] / unit, reference.field[variable] / unit)


def _map(context: CheckContext) -> Distances | None:
    """Measure the error of the state after so many steps from drawn ones, in its unit."""
    answers, (_, reference) = context.evidence.answers, stimuli_and_reference(context)
    own = student_state(context, context.check.variable)
    if own is None or own not in answers.maps or context.check.variable not in reference.maps:
        return None
    row = answers.map_steps.index(context.check.steps)
    return {
        None: absolute_error(answers.maps[own][row], reference.maps[context.check.variable][row])
    }


_METRICS: Mapping[str, Callable[[CheckContext], Distances | None]] = {
    "trace_rmse": _traces,
    "spike_times": _spike_times,
    "field": _field,
    "map": _map,
}
