"""Metrics of the distance of a model from the reference: spikes, traces, vector field.

Pure functions of arrays. NaN never compares as equal to anything here: a measure
of a trace that isn't finite is NaN, and no NaN is within a tolerance.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from grader.core.types import Array


def spike_times(time: Array, V: Array, threshold: float) -> list[Array]:
    """Return the times in ms at which each column of ``V`` crosses ``threshold`` upwards.

    ``time`` is ``(T,)`` in ms, ``V`` ``(T, N)`` in mV. A crossing lies between a sample below the
    threshold and the next one at or above it, and is interpolated linearly; samples that are
    not finite take part in none.
    """
    steps, which = np.nonzero(upward_crossings(V, threshold))
    before, after = V[steps, which], V[steps + 1, which]
    share = (threshold - before) / (after - before)
    times = time[steps] + share * (time[steps + 1] - time[steps])
    return [times[which == column] for column in range(V.shape[1])]


def upward_crossings(V: Array, threshold: float) -> npt.NDArray[np.bool_]:
    """Return True where ``V`` rises to ``threshold`` or above in a step, ``(T - 1, ...)``."""
    before, after, finite = V[:-1], V[1:], np.isfinite(V)
    crossing = (before < threshold) & (after >= threshold)
    return np.asarray(crossing & finite[:-1] & finite[1:])


def firing_rate(times: Array, duration: float) -> float:
    """Return the rate in Hz of spikes at ``times`` in ms: 1000 / mean inter-spike interval.

    Spikes later than ``duration`` ms are left out. 0 with fewer than two spikes.
    """
    times = times[times <= duration]
    if len(times) < 2:
        return 0.0
    return float(1000.0 * (len(times) - 1) / (times[-1] - times[0]))


def rmse(actual: Array, expected: Array, time: Array, until: float | None = None) -> float:
    """Return the root mean square difference of two traces over all stimuli, up to ``until`` ms.

    ``actual`` (the student's) and ``expected`` are ``(T, N)`` or ``(T,)``, ``time`` is
    ``(T,)`` in ms. The result has the traces' unit. It is NaN where the student's
    trace isn't finite anywhere, after ``until`` included.

    Raises ``ValueError`` for traces of unequal shape (nothing is ever broadcast), a
    ``time`` of another length, an ``expected`` that isn't finite, and no time at all.
    """
    if actual.shape != expected.shape:
        raise ValueError(f"traces of unequal shape: {actual.shape} and {expected.shape}")
    if time.shape != expected.shape[:1]:
        raise ValueError(f"time {time.shape} does not fit traces {expected.shape}")
    if not np.isfinite(expected).all():
        raise ValueError("the expected trace isn't finite")
    counted = np.full(time.shape, True) if until is None else within(time, until)
    if not counted.any() or not expected.size:
        raise ValueError(f"no sample up to {until} ms")
    if not np.isfinite(actual).all():
        return float("nan")
    with np.errstate(over="ignore"):  # a model may go as far as numbers go
        return float(np.sqrt(np.mean(np.square(actual[counted] - expected[counted]))))


def within(time: Array, until: float) -> npt.NDArray[np.bool_]:
    """Return True where ``time`` lies at or before ``until``, round-off forgiven, ``(T,)``."""
    return np.asarray(time <= until * (1 + 1e-9))


def relative_error(actual: Array, expected: Array, share: float = 0.95) -> float:
    """Return the error of a vector field at K states: what ``share`` of them keep to.

    ``actual`` and ``expected`` are ``(K,)``, in 1/ms or mV/ms. The error of one sample
    is ``|actual - expected| / max(1, |expected|)``, and the result is the 95th
    percentile of these, not the largest: where currents of some hundred mV/ms cancel
    to almost nothing, a right model in single precision is off by up to 3e-4 there (above
    2e-5 in one of 40 draws of 64 states), while a wrong parameter is off everywhere.
    It is NaN where either isn't finite.

    Raises ``ValueError`` for unequal shapes and for no sample at all.
    """
    return absolute_error(actual, expected, share, np.maximum(1.0, np.abs(expected)))


def absolute_error(
    actual: Array, expected: Array, share: float = 0.95, unit: Array | float = 1.0
) -> float:
    """Return the error of K samples, in ``unit``: what ``share`` of them keep to.

    ``actual`` and ``expected`` are ``(K,)``. NaN and the errors raised as in `relative_error`.
    """
    if actual.shape != expected.shape or actual.ndim != 1:
        raise ValueError(f"samples of unequal shape: {actual.shape} and {expected.shape}")
    if not actual.size:
        raise ValueError("no sample at all")
    if not (np.isfinite(actual).all() and np.isfinite(expected).all()):
        return float("nan")
    errors = np.abs(actual - expected) / unit
    at = math.ceil(share * (len(errors) - 1))  # the quantile's place, the higher where between
    return float(np.partition(errors, at)[at])
