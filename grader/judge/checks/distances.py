"""How far a model's answers are from the reference's, in the measure of each kind of check."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from grader.core.types import Array, ReferenceAnswers, StimulusSet
from grader.judge.checks.context import Item
from grader.judge.metrics import absolute_error, all_spike_times, relative_error, rmse, within

Distances = dict[float | None, float]
"""By the window that was measured, up to so many ms; None where there is but one."""


def distances(item: Item) -> Distances | None:
    """What is held against the tolerances of ``item``; None where nothing can be measured.

    The model must have answered, and the reference too.
    """
    return item.once(f"distances {item.check.id}", lambda: _MEASURES[item.check.kind](item))


STRAYS = 4.0
"""How much farther than the reference's own runs in single precision a right model may go.

Where a stimulus keeps V at the edge of a spike, rounding decides when it comes. Of 800 seeds of
a model with four states, its steps made in single precision, 20 went beyond the tolerance of V
over the whole run; none with stimuli weighted so, the worst at 0.4 of it. Of 1500 seeds with
its constants in single precision 10 went beyond a tolerance; none so, whichever are rounded.
"""


def tolerance(item: Item, until: float | None) -> float:
    """The derived tolerance of one window, in the precision of the model's answers."""
    of = item.check.exercise if item.check.kind == "field" else item.check.id
    return item.assignment.tolerance(of, until, item.attempt.answers.precision)


def strays(item: Item, until: float | None) -> Array:
    """How far single precision leads the reference itself astray, RMS for each stimulus."""
    (panel, reference), which = sides(item), columns(item)
    if reference.rounding is None:
        return np.zeros(which.stop - which.start)
    last = len(panel.current) if until is None else np.count_nonzero(within(panel.time, until))
    return reference.rounding.distance[item.check.variable][last - 1, which]


def weights(item: Item, until: float | None) -> Array:
    """How much the error of each stimulus counts: less where the reference itself goes astray.

    1 where `STRAYS` times that is within the tolerance.
    """
    allowed, far = tolerance(item, until), STRAYS * strays(item, until)
    return np.divide(allowed, far, out=np.ones_like(far), where=far > allowed)


def too_far(item: Item, found: Distances) -> float | None:
    """The first window outside its tolerance, NaN included; its key is 0 for the only one.

    None when all are within.
    """
    for until, distance in found.items():
        if not distance <= tolerance(item, until):
            return until or 0.0
    return None


def V_agrees(item: Item) -> bool:
    """Whether V follows the reference on every stimulus of this check."""
    own, attempt = item.check, item.attempt
    if attempt.stimuli is None or attempt.reference is None or "V" not in attempt.answers.traces:
        return False
    beside = [
        replace(item, check=check)
        for check in item.assignment.checks
        if (check.kind, check.variable) == ("trace_rmse", "V")
        and (check.exercise, check.stimuli) == (own.exercise, own.stimuli)
    ]
    found = [(one, distances(one)) for one in beside]
    return bool(found) and all(
        apart is not None and too_far(one, apart) is None for one, apart in found
    )


# --------------------------------------------------------------- the two sides of it


def sides(item: Item) -> tuple[StimulusSet, ReferenceAnswers]:
    """The stimuli and the reference's answer to them."""
    assert item.attempt.stimuli is not None
    assert item.attempt.reference is not None
    return item.attempt.stimuli, item.attempt.reference


def columns(item: Item) -> slice:
    """The stimuli that a check is about."""
    panel, _ = sides(item)
    if item.check.stimuli == "public":
        return slice(0, panel.public)
    return slice(panel.public, len(panel.names))


def names(item: Item) -> tuple[str, ...]:
    """The names of those stimuli."""
    return sides(item)[0].names[columns(item)]


def own_state(item: Item, variable: str) -> str | None:
    """The student's state that plays one of the reference's, or None when none does."""
    return variable if variable == "V" else sides(item)[1].gates.get(variable)


def trace(item: Item, variable: str) -> Array | None:
    """The student's trace of a state of the reference, ``(T, N)``, or None."""
    return item.attempt.answers.traces.get(own_state(item, variable) or "")


def found_spikes(item: Item) -> list[Array]:
    """The times of the model's spikes in ms that count, for each stimulus of the check."""
    return _counted(item, _spikes(item, "found", item.attempt.answers.traces))


def expected_spikes(item: Item) -> list[Array]:
    """The same of the reference."""
    return _counted(item, _spikes(item, "expected", sides(item)[1].traces))


def rounded_spikes(item: Item) -> list[list[Array]]:
    """The same of the reference's runs in which single precision rounds; see `Rounding`."""
    rounding = sides(item)[1].rounding
    return [_counted(item, run) for run in (rounding.spikes if rounding else ())]


def _spikes(item: Item, whose: str, traces: Mapping[str, Array]) -> list[Array]:
    time, threshold = sides(item)[0].time, item.exercise.spike_threshold
    return item.once(f"spikes {whose}", lambda: all_spike_times(time, traces["V"], threshold))


def _counted(item: Item, of_all: Sequence[Array]) -> list[Array]:
    after, last = item.check.after, window(item) or math.inf
    return [times[(times > after) & (times <= last)] for times in of_all[columns(item)]]


# ------------------------------------------------------------------------ measures


def _traces(item: Item) -> Distances | None:
    """The root mean square difference over each window, in the trace's unit; see `weights`."""
    found, (panel, reference) = trace(item, item.check.variable), sides(item)
    if found is None:
        return None
    which = columns(item)
    own, expected = found[:, which], reference.traces[item.check.variable][:, which]

    def counting(weight: Array) -> Array:
        return own if (weight == 1.0).all() else expected + weight * (own - expected)

    return {
        until: rmse(counting(weights(item, until)), expected, panel.time, until)
        for until in item.check.until or (None,)
    }


def _spike_times(item: Item) -> Distances:
    """How far the farthest spike is off in ms, of stimuli with as many as in the reference.

    Where the reference itself goes astray, it counts as much less, as in `weights`.
    """
    until = window(item)
    allowed = tolerance(item, until)
    apart = [
        one.far * (allowed / one.room if one.room > allowed else 1.0)
        for one in spike_times_apart(item)
        if one is not None
    ]
    return {until: max(apart, default=math.inf)}


def window(item: Item) -> float | None:
    """Up to when spikes count, in ms; None for the whole run."""
    return max(item.check.until, default=None)


@dataclass(frozen=True, slots=True)
class Apart:
    """How far off a spike is in ms, and how far it may be because rounding leads it astray."""

    far: float
    room: float


def spike_times_apart(item: Item) -> list[Apart | None]:
    """The farthest spike of the model, for each stimulus; None where it is as silent as expected.

    Held against the runs of the reference that fire as often; infinite where none does.
    """
    apart: list[Apart | None] = []
    runs = [expected_spikes(item), *rounded_spikes(item)]
    for c, own in enumerate(found_spikes(item)):
        alike = [run[c] for run in runs if len(run[c]) == len(own)]
        if not len(own) and not len(runs[0][c]):
            apart.append(None)
        else:
            far = min((_apart(own, run) for run in alike), default=math.inf)
            room = max((_apart(run, alike[0]) for run in alike), default=0.0)
            apart.append(Apart(far, STRAYS * room))
    return apart


def _apart(found: Array, expected: Array) -> float:
    """How far the farthest of as many spikes is off."""
    return float(np.abs(found - expected).max(initial=0.0))


def _field(item: Item) -> Distances | None:
    error = field_error(item, item.check.variable)
    return None if error is None else {None: error}


def field_error(item: Item, variable: str) -> float | None:
    """How far the field of ``variable`` is off, see `relative_error`; None when not known."""
    reference, answers = item.attempt.reference, item.attempt.answers
    own = None if reference is None else own_state(item, variable)
    if (
        reference is None
        or own is None
        or own not in answers.field
        or variable not in reference.field
    ):
        return None
    unit = item.exercise.scale(variable)
    return relative_error(answers.field[own] / unit, reference.field[variable] / unit)


def _map(item: Item) -> Distances | None:
    """What the state after so many steps from drawn ones is off by, in its unit."""
    answers, (_, reference) = item.attempt.answers, sides(item)
    own = own_state(item, item.check.variable)
    if own is None or own not in answers.maps or item.check.variable not in reference.maps:
        return None
    row = answers.map_steps.index(item.check.steps)
    return {None: absolute_error(answers.maps[own][row], reference.maps[item.check.variable][row])}


_MEASURES: Mapping[str, Callable[[Item], Distances | None]] = {
    "trace_rmse": _traces,
    "spike_times": _spike_times,
    "field": _field,
    "map": _map,
}
