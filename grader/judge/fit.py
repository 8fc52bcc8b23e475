"""Parameters read off the answers: what conductances and reversal potentials act as.

A kernel may say anything of its parameters. The derivative of V that it answered to
drawn states is what it computes with, and where that obeys the reference's equation
with other constants, these follow from it by least squares.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grader.judge.reference import ReferenceModel
from grader.measures import relative_error
from grader.stages import Array

MOST_STEPS = 12
CERTAIN = 1e-3
"""The relative uncertainty up to which a fitted constant is told."""


def fit_constants(
    model: ReferenceModel,
    constants: Mapping[str, float],
    states: Mapping[str, Array],
    found: Array,
    tolerance: float,
) -> dict[str, float]:
    """The constants with which the reference gives the derivative of V that was answered.

    ``states`` are the drawn states under the reference's names, ``(K,)`` each, and
    ``found`` is the student's dV/dt there, ``(K,)`` in mV/ms. Every constant that dV/dt
    depends on is free, from those of the model with ``constants`` on top; Gauss-Newton, with
    each sample weighted as `relative_error` does. Empty where no constants give it within
    ``tolerance``, and where a gate is missing; a constant that the samples don't tell
    within `CERTAIN` is left out.
    """
    if not np.isfinite(found).all():
        return {}
    at = {**model.model.CONSTANTS, **constants}
    weights = 1.0 / np.maximum(1.0, np.abs(found))
    for _ in range(MOST_STEPS):
        expected, slopes = model.sensitivity(states, at)
        if not np.isfinite(expected).all():
            return {}
        free = [name for name, slope in slopes.items() if np.any(slope != 0.0)]
        matrix = np.stack([weights * slopes[name] for name in free], axis=1)
        inverse = np.linalg.pinv(matrix, rcond=1e-12)
        step = inverse @ (weights * (found - expected))
        at.update({name: at[name] + move for name, move in zip(free, step, strict=True)})
        if all(abs(m) <= 1e-12 * abs(at[n]) for n, m in zip(free, step, strict=True)):
            break
    expected, _ = model.sensitivity(states, at)
    if not relative_error(found, expected) <= tolerance:
        return {}
    uncertain = tolerance * np.sqrt(np.square(inverse).sum(axis=1))
    return {
        name: float(at[name])
        for name, spread in zip(free, uncertain, strict=True)
        if 0.0 < spread <= CERTAIN * abs(at[name])
    }
