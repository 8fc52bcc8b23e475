"""Fewer points for the same picture: the least and the greatest of every column."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from grader.core.types import Array


def envelope(
    x: Array, y: Array, columns: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Return the indices of the points to draw, and which of them begin a new line.

    ``x`` (rising) and ``y`` are ``(T,)``. Where ``y`` is not finite the line is
    broken. More than two points a column are thinned to the column's least and
    greatest, so that no spike is lost; a line's ends are always kept.
    """
    usable = np.flatnonzero(np.isfinite(y))
    if usable.size == 0:
        return usable, np.zeros(0, dtype=np.bool_)
    run = np.concatenate(([0], np.cumsum(np.diff(usable) > 1)))
    points = np.arange(usable.size)
    width = x[-1] - x[0]
    if usable.size > 2 * columns and width > 0:
        column = np.clip((x[usable] - x[0]) / width * columns, 0, columns - 1).astype(np.intp)
        new = np.ones(usable.size, dtype=np.bool_)
        new[1:] = (np.diff(run) > 0) | (np.diff(column) > 0)
        starts = np.flatnonzero(new)
        ends = np.append(starts[1:], usable.size) - 1
        order = np.lexsort((y[usable], np.cumsum(new)))
        line_starts = np.flatnonzero(np.diff(run, prepend=-1))
        line_ends = np.append(line_starts[1:], usable.size) - 1
        points = np.unique(np.concatenate((order[starts], order[ends], line_starts, line_ends)))
    return usable[points], np.diff(run[points], prepend=-1) > 0


def gaps(y: Array) -> list[tuple[int, int]]:
    """Return the stretches where ``y`` is not finite, as first and last index."""
    bad = np.flatnonzero(~np.isfinite(y))
    if bad.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(bad) > 1)
    firsts = bad[np.concatenate(([0], breaks + 1))]
    lasts = bad[np.concatenate((breaks, [bad.size - 1]))]
    return [(int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]
