"""How far a model's answers are from the reference's, in the measure of each kind of check."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from grader.core.types import Array, ReferenceAnswers, StimulusSet
from grader.judge.checks.context import CheckContext
from grader.judge.metrics import absolute_error, all_spike_times, relative_error, rmse, within

Distances = dict[float | None, float]
"""By the window that was measured, up to so many ms; None where there is but one."""


def distances(context: CheckContext) -> Distances | None:
    """What is held against the tolerances of the check; None where nothing can be measured.

    The model must have answered, and the reference too.
    """
    return context.compute_once(
        f"distances {context.check.id}", lambda: _METRICS[context.check.kind](context)
    )


ROUNDING_FACTOR = 4.0
"""How much farther than the reference's own runs in single precision a right model may go.

Where a stimulus keeps V at the edge of a spike, rounding decides when it comes. Of 800 seeds of
a model with four states, its steps made in single precision, 20 went beyond the tolerance of V
over the whole run; none with stimuli weighted so, the worst at 0.4 of it. Of 1500 seeds with
its constants in single precision 10 went beyond a tolerance; none so, whichever are rounded.
"""


def tolerance(context: CheckContext, until: float | None) -> float:
    """The derived tolerance of one window, in the precision of the model's answers."""
    of = context.check.exercise if context.check.kind == "field" else context.check.id
    return context.assignment.tolerance(of, until, context.evidence.answers.precision)


def rounding_error(context: CheckContext, until: float | None) -> Array:
    """How far single precision leads the reference itself astray, RMS for each stimulus."""
    (stimuli, reference), which = stimuli_and_reference(context), columns(context)
    if reference.rounding is None:
        return np.zeros(which.stop - which.start)
    last = len(stimuli.current) if until is None else np.count_nonzero(within(stimuli.time, until))
    return reference.rounding.distance[context.check.variable][last - 1, which]


def stimulus_weights(context: CheckContext, until: float | None) -> Array:
    """How much the error of each stimulus counts: less where the reference itself goes astray.

    1 where `ROUNDING_FACTOR` times that is within the tolerance.
    """
    allowed, far = tolerance(context, until), ROUNDING_FACTOR * rounding_error(context, until)
    return np.divide(allowed, far, out=np.ones_like(far), where=far > allowed)


def first_exceeded(context: CheckContext, found: Distances) -> float | None:
    """The first window outside its tolerance, NaN included; its key is 0 for the only one.

    None when all are within.
    """
    for until, distance in found.items():
        if not distance <= tolerance(context, until):
            return until or 0.0
    return None


def V_agrees(context: CheckContext) -> bool:
    """Whether V follows the reference on every stimulus of this check."""
    own, evidence = context.check, context.evidence
    if evidence.stimuli is None or evidence.reference is None or "V" not in evidence.answers.traces:
        return False
    beside = [
        replace(context, check=check)
        for check in context.assignment.checks
        if (check.kind, check.variable) == ("trace_rmse", "V")
        and (check.exercise, check.stimuli) == (own.exercise, own.stimuli)
    ]
    found = [(one, distances(one)) for one in beside]
    return bool(found) and all(
        apart is not None and first_exceeded(one, apart) is None for one, apart in found
    )


# --------------------------------------------------------------- the two sides of it


def stimuli_and_reference(context: CheckContext) -> tuple[StimulusSet, ReferenceAnswers]:
    """The stimuli and the reference's answer to them."""
    assert context.evidence.stimuli is not None
    assert context.evidence.reference is not None
    return context.evidence.stimuli, context.evidence.reference


def columns(context: CheckContext) -> slice:
    """The stimuli that a check is about."""
    stimuli, _ = stimuli_and_reference(context)
    if context.check.stimuli == "public":
        return slice(0, stimuli.public)
    return slice(stimuli.public, len(stimuli.names))


def stimulus_names(context: CheckContext) -> tuple[str, ...]:
    """The names of those stimuli."""
    return stimuli_and_reference(context)[0].names[columns(context)]


def student_state(context: CheckContext, variable: str) -> str | None:
    """The student's state that plays one of the reference's, or None when none does."""
    return variable if variable == "V" else stimuli_and_reference(context)[1].gates.get(variable)


def student_trace(context: CheckContext, variable: str) -> Array | None:
    """The student's trace of a state of the reference, ``(T, N)``, or None."""
    return context.evidence.answers.traces.get(student_state(context, variable) or "")


def student_spikes(context: CheckContext) -> list[Array]:
    """The times of the model's spikes in ms that count, for each stimulus of the check."""
    return _counted(context, _spikes(context, "found", context.evidence.answers.traces))


def reference_spikes(context: CheckContext) -> list[Array]:
    """The same of the reference."""
    return _counted(context, _spikes(context, "expected", stimuli_and_reference(context)[1].traces))


def rounded_spikes(context: CheckContext) -> list[list[Array]]:
    """The same of the reference's runs in which single precision rounds; see `RoundingError`."""
    rounding = stimuli_and_reference(context)[1].rounding
    return [_counted(context, run) for run in (rounding.spikes if rounding else ())]


def _spikes(context: CheckContext, whose: str, traces: Mapping[str, Array]) -> list[Array]:
    time, threshold = stimuli_and_reference(context)[0].time, context.exercise.spike_threshold
    return context.compute_once(
        f"spikes {whose}", lambda: all_spike_times(time, traces["V"], threshold)
    )


def _counted(context: CheckContext, of_all: Sequence[Array]) -> list[Array]:
    after, last = context.check.after, window(context) or math.inf
    return [times[(times > after) & (times <= last)] for times in of_all[columns(context)]]


# ------------------------------------------------------------------------ measures


def _traces(context: CheckContext) -> Distances | None:
    """The root mean square difference over each window; see `stimulus_weights`."""
    found, (stimuli, reference) = (
        student_trace(context, context.check.variable),
        stimuli_and_reference(context),
    )
    if found is None:
        return None
    which = columns(context)
    own, expected = found[:, which], reference.traces[context.check.variable][:, which]

    def counting(weight: Array) -> Array:
        return own if (weight == 1.0).all() else expected + weight * (own - expected)

    return {
        until: rmse(counting(stimulus_weights(context, until)), expected, stimuli.time, until)
        for until in context.check.until or (None,)
    }


def _spike_times(context: CheckContext) -> Distances:
    """How far the farthest spike is off in ms, of stimuli with as many as in the reference.

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
    """How far off a spike is in ms, and how far it may be because rounding leads it astray."""

    distance: float
    slack: float


def spike_distances(context: CheckContext) -> list[SpikeDistance | None]:
    """The farthest spike of the model, for each stimulus; None where it is as silent as expected.

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


def _apart(found: Array, expected: Array) -> float:
    """How far the farthest of as many spikes is off."""
    return float(np.abs(found - expected).max(initial=0.0))


def _field(context: CheckContext) -> Distances | None:
    error = field_error(context, context.check.variable)
    return None if error is None else {None: error}


def field_error(context: CheckContext, variable: str) -> float | None:
    """How far the field of ``variable`` is off, see `relative_error`; None when not known."""
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
    """What the state after so many steps from drawn ones is off by, in its unit."""
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
