"""The distance that single precision leads the reference astray."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from grader.core.types import Array, RoundingError
from grader.judge.metrics import spike_times

NEIGHBOURS = (-2, -1, 1, 2)
"""The steps from V0, in numbers of single precision, to the values next to it."""


def neighbours(V0: Array) -> npt.NDArray[np.float32]:
    """Return the `NEIGHBOURS` of all of ``V0``, ``(N,)``, one after the other."""
    return np.concatenate([_neighbour(V0, number) for number in NEIGHBOURS])


def _neighbour(V0: Array, number: int) -> npt.NDArray[np.float32]:
    """Return the number of single precision so many above (below, where negative) each."""
    near, towards = V0.astype(np.float32), np.float32(math.copysign(math.inf, number))
    for _ in range(abs(number)):
        near = np.nextafter(near, towards)
    return near


def rounded_constants(exact: Mapping[str, Array]) -> dict[str, Array]:
    """Return the constants as they are, with all rounded, and with each alone, ``(R,)`` each."""
    rounded = {name: value.astype(np.float32).astype(np.float64) for name, value in exact.items()}
    changed = [name for name in exact if rounded[name] != exact[name]]
    runs = (exact, rounded, *({**exact, name: rounded[name]} for name in changed))
    return {name: np.array([run[name] for run in runs]) for name in exact}


def rounding_error(
    traces: Mapping[str, Array], perturbed: Mapping[str, Array], time: Array, threshold: float
) -> RoundingError:
    """Compare runs with rounding, ``(R, T, N)``, to ``traces`` without, ``(T, N)`` each.

    ``time`` is ``(T,)`` in ms. V that rises through ``threshold``, in mV, is a spike. Runs that
    aren't finite don't count.
    """
    sound = np.all([np.isfinite(runs).all(axis=(1, 2)) for runs in perturbed.values()], axis=0)
    so_far = np.arange(1, len(time) + 1)[:, None]
    distance = {}
    for name, expected in traces.items():
        distance[name] = np.zeros_like(expected)
        for trace in perturbed[name][sound]:
            squares = np.cumsum(np.square(trace - expected), axis=0)
            np.maximum(distance[name], np.sqrt(squares / so_far), out=distance[name])
    spikes = tuple(tuple(spike_times(time, V, threshold)) for V in perturbed["V"][sound])
    return RoundingError(distance=distance, spikes=spikes)
