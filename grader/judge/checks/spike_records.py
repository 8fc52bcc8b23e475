"""A model's records of its own spikes: a flag in each step, the time of the last one.

Both are held against the model's own V, so that equations that are wrong cost nothing here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from grader.core.types import Array, Finding, Value
from grader.judge.checks.comparable import not_comparable
from grader.judge.checks.context import CheckContext, unless
from grader.judge.checks.distances import columns, stimuli_and_reference
from grader.judge.metrics import upward_crossings

_Crosses = npt.NDArray[np.bool_]
_Rule = Callable[[Array, _Crosses, Array], _Crosses]
"""From a record and crossings, ``(T, N)``, and the time in ms, ``(T,)``: where it is right."""

ROUND_OFF = 1e-5  # of a time, relative, single precision included


@unless(not_comparable)
def check_spike_flag(context: CheckContext) -> Finding:
    """Check that the state is true in exactly the steps in which V rises through the threshold."""
    return _recorded(context, lambda flag, crosses, _: np.asarray((flag != 0) == crosses))


@unless(not_comparable)
def check_last_spike(context: CheckContext) -> Finding:
    """Check that the state is the time of the last crossing, at one end of its step."""
    return _recorded(context, _is_last)


def _is_last(record: Array, crosses: _Crosses, time: Array) -> _Crosses:
    ends = np.where(crosses, time[:, None], -np.inf)
    last = np.maximum.accumulate(ends, axis=0)  # the end of the step of the last crossing
    dt, slack = time[0], ROUND_OFF * time[-1]
    since = (record >= last - dt - slack) & (record <= last + slack)
    return np.asarray(np.where(np.isfinite(last), since, record == record[0]))


def _recorded(context: CheckContext, is_right: _Rule) -> Finding:
    """Give credit for the share of the stimuli with a spike on which a record is always right.

    Steps after which V is no number don't count: of those nobody can say whether it crosses.
    """
    name, traces = context.check.variable, context.evidence.answers.traces
    values: dict[str, Value] = {"variable": name, "threshold": context.exercise.spike_threshold}
    if name not in traces:
        return Finding(
            credit=0.0, message_id="checks.record.missing", values=values, cell=context.cell
        )
    stimuli, _ = stimuli_and_reference(context)
    which = columns(context)
    V = np.vstack([stimuli.V0, traces["V"]])[:, which]
    crosses = upward_crossings(V, context.exercise.spike_threshold)
    fires = crosses.any(axis=0)
    if not fires.any():
        return Finding(
            credit=None, message_id="checks.record.no_spike", values=values, cell=context.cell
        )
    alike = is_right(traces[name][:, which], crosses, stimuli.time)
    finite = np.logical_and.accumulate(np.isfinite(V[1:]), axis=0)
    right = np.asarray((alike | ~finite).all(axis=0))[fires]
    share = float(right.mean())
    kind = context.check.kind
    message = f"checks.record.{kind}" if share < 1.0 else "checks.record.ok"
    return Finding(
        credit=share,
        message_id=message,
        values=values | {"right": int(right.sum()), "total": int(fires.sum())},
        cell=None if share == 1.0 else context.cell,
    )
