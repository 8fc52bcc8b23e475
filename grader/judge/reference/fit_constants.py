"""Parameters read off the answers: what conductances and reversal potentials act as.

A kernel may say anything of its parameters. The derivative of V that it answered to
drawn states is what it computes with, and where that obeys the reference's equation
with other constants, these follow from it by least squares.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from grader.core.types import Array
from grader.judge.metrics import relative_error
from grader.judge.reference.model import ReferenceModel

MOST_STEPS = 12
CERTAIN = 1e-3
"""The relative uncertainty up to which a fitted constant is told."""
TOLD = 1e-9
"""The share of a constant's effect by which it must differ from a current beside."""
ALIKE = 1e-10
"""The share of the greatest effect below which a combination of constants has none."""
MADE_UP_FOR = 1e-6
"""The share of a change in a constant that changes of others may undo, and it still be told."""


@np.errstate(over="ignore", invalid="ignore")  # where a step leads out of all bounds
def fit_constants(
    model: ReferenceModel,
    constants: Mapping[str, float],
    states: Mapping[str, Array],
    rates: Array,
    tolerance: float,
    *,
    further: bool = False,
    among: Collection[str] | None = None,
) -> dict[str, float]:
    """Fit the constants with which the reference gives the derivative of V that was answered.

    ``states`` are the drawn states under the reference's names, ``(K,)`` each, and
    ``rates`` is the student's dV/dt there, ``(K,)`` in mV/ms. Every constant that dV/dt
    depends on is free, from those of the model with ``constants`` on top; Gauss-Newton, with
    each sample weighted as `relative_error` does. Empty where no constants give it within
    ``tolerance``, and where a gate is missing; a constant that the samples don't tell
    within `CERTAIN` is left out, and one that others may make up for. Only those ``among``
    are free, where that is given.

    With ``further`` a current that is linear in V may flow beside the reference's, as through
    another leak or a gate that nobody moves. Constants that this can't be told from are left out;
    the others are those of channels with gates. What flows through gates of its own fits nothing.
    """
    if not np.isfinite(rates).all():
        return {}
    at = {**model.model.CONSTANTS, **constants}
    weights = 1.0 / np.maximum(1.0, np.abs(rates))
    beside = np.stack([np.ones_like(rates), states["V"]], axis=1)[:, : 2 if further else 0]
    taken, _ = np.linalg.qr(weights[:, None] * beside)

    def left(weighted: Array) -> Array:
        """Return what no current beside the reference's accounts for."""
        return np.asarray(weighted - taken @ (taken.T @ weighted))

    for _ in range(MOST_STEPS):
        expected, slopes = model.sensitivity(states, at)
        if not np.isfinite(expected).all():
            return {}
        columns = {name: left(weights * slope) for name, slope in slopes.items()}
        free = [
            name
            for name, slope in slopes.items()
            if np.linalg.norm(columns[name]) > TOLD * np.linalg.norm(weights * slope)
            and (among is None or name in among)
        ]
        if not free:
            return {}
        matrix = np.stack([columns[name] for name in free], axis=1)
        lengths = np.linalg.norm(matrix, axis=0)
        scaled = np.linalg.pinv(matrix / lengths, rcond=ALIKE)
        inverse = scaled / lengths[:, None]
        step = inverse @ left(weights * (rates - expected))
        at.update({name: at[name] + move for name, move in zip(free, step, strict=True)})
        if all(abs(m) <= 1e-12 * abs(at[n]) for n, m in zip(free, step, strict=True)):
            break
    expected, _ = model.sensitivity(states, at)
    apart = weights * (rates - expected)
    if not relative_error(rates, expected + (apart - left(apart)) / weights) <= tolerance:
        return {}
    made_up_for = np.abs(1.0 - np.diag(scaled @ (matrix / lengths)))
    uncertain = tolerance * np.sqrt(np.square(inverse).sum(axis=1))
    return {
        name: float(at[name])
        for name, spread, shared in zip(free, uncertain, made_up_for, strict=True)
        if shared <= MADE_UP_FOR and 0.0 < spread <= CERTAIN * abs(at[name])
    }
