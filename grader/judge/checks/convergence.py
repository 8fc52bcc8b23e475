"""Models that are the reference in another scheme: they step otherwise, and end up there."""

from __future__ import annotations

import numpy as np

from grader.judge.checks.context import CheckContext

FIRST = 5  # steps
STEP_DIFFERENCE = 1e-3
"""The distance of a first step from the reference's, as a share of that, to be another scheme's.

Round-off in single precision is 10 times less; Euler's step of the slowest gate 10 times more.
"""

SHRINKS = 0.6
"""To what share V's distance from the reference falls, at most, when dt is halved.

Both have errors of first order in dt, or smaller ones, so for a right model it is a half.
"""
ROUND_OFF = {"float64": 1e-4, "float32": 2e-2}
"""mV RMSE that are no distance at all, where steps are that short."""


def converges(context: CheckContext) -> bool:
    """Return True if V comes nearer to the reference's as both make shorter steps.

    What differs in the model itself, as a further state or a dt of its own, stays.
    """
    reference, answers = context.evidence.reference, context.evidence.answers
    V = answers.finer_traces.get("V")
    expected = None if reference is None else reference.finer_traces.get("V")
    if V is None or expected is None or V.shape != expected.shape:
        return False
    with np.errstate(over="ignore"):  # a model may go as far as numbers go
        longer, shorter = np.sqrt(np.mean(np.square(V - expected), axis=(1, 2)))
    return bool(shorter <= max(ROUND_OFF[answers.precision], SHRINKS * longer))


def steps_differ(context: CheckContext) -> bool:
    """Return True if one of a state's first steps differs from the reference's, on most stimuli.

    Both start at the same state there, so that with the same equations another scheme is at
    work, also where the student wrote it by hand and no integrator tells.
    """
    evidence = context.evidence
    stimuli, reference = evidence.stimuli, evidence.reference
    if stimuli is None or reference is None:
        return False
    starts = {name: np.array(least) for name, (least, _) in context.exercise.start.items()}
    starts["V"] = stimuli.V0
    for name, own in {"V": "V", **reference.gates}.items():
        trace, expected = evidence.answers.traces.get(own), reference.traces[name][:FIRST]
        if name not in starts or trace is None:
            continue
        before = np.broadcast_to(starts[name], expected[:1].shape)
        steps = np.diff(expected, axis=0, prepend=before)
        apart = np.abs(trace[:FIRST] - expected) - STEP_DIFFERENCE * np.abs(steps)
        if (np.median(apart, axis=1) > 0).any():
            return True
    return False
