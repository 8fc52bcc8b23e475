"""The injected current acting so many times as strong as it should, as with another area.

From dV/dt alone that can't be told from another capacitance with every conductance as many
times larger. Where the kernel says conductances that fit the former, the former it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from grader.assignment.schema import Exercise, Variant
from grader.core.types import Array, ModelProbe, NamedMistake
from grader.judge.residuals import fits

if TYPE_CHECKING:
    from grader.judge.reference.model import ReferenceModel

CHANGED = 1e-3
"""The distance from 1 of the current's factor from which on it is called another current."""
SAME = 1e-6
"""The relative distance between what a channel says and what it computes with."""


def scaled_input(
    model: ReferenceModel,
    exercise: Exercise,
    probe: ModelProbe,
    variant: Variant,
    states: Mapping[str, Array],
    rates: Array,
    tolerance: float,
) -> NamedMistake | None:
    """Name the mistake of a model that is right, with its own parameters, but for its input.

    ``states`` are the drawn ones under the reference's names and ``rates`` the student's
    dV/dt there, ``(K,)``. None where another input doesn't explain it within ``tolerance``.
    """
    own = _own_parameters(exercise, probe)
    if own is None or not np.isfinite(rates).all():
        return None
    constants = {**variant.constants, **own}
    without = model.field({**states, "I": np.zeros_like(states["I"])}, constants)["V"]
    slope = model.field(states, constants)["V"] - without
    if not (np.isfinite(without).all() and np.isfinite(slope).all() and slope.any()):
        return None
    weights = 1.0 / np.maximum(1.0, np.abs(rates))
    a, b = weights * slope, weights * (rates - without)
    times = float(a @ b / (a @ a))
    if abs(times - 1.0) <= CHANGED or not fits(rates, without + times * slope, tolerance):
        return None
    expected = model.field(states, variant.constants)["V"]
    factor = float(f"{times:.4g}") if abs(times) > SAME else 0.0
    mistaken = without + times * slope
    return NamedMistake(name="input", state="V", right=expected, mistaken=mistaken, input=factor)


def _own_parameters(exercise: Exercise, probe: ModelProbe) -> dict[str, float] | None:
    """Return every parameter as the kernel has it; None where it lacks one, or has two of one."""
    own = {}
    for channel in exercise.channels:
        part = probe.channel(channel.name)
        for parameter in channel.parameters:
            readings = (
                (part.parameters.get(parameter), part.measured.get(parameter)) if part else ()
            )
            values = [value for value in readings if value is not None]
            if not values or any(not math.isclose(v, values[0], rel_tol=SAME) for v in values):
                return None
            own[f"{channel.name}.{parameter}"] = values[0]
    return own
