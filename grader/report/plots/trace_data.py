"""A curve made ready to draw: one length, its difference, its scales, notes on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from grader.core.messages import Catalogue
from grader.core.types import Array, Curve
from grader.report.plots.axis import Axis, axis, format_number, power_of_ten
from grader.report.text.sanitize import one_line

_NEGLIGIBLE: Final = -6  # the power of ten below which no difference is drawn
_FAR: Final = 1e200  # beyond this a value is as good as infinite
_NEAR: Final = 1e-200  # below this it is as good as 0


@dataclass(frozen=True, slots=True)
class Traces:
    """A curve of ``T`` points, ready to draw."""

    title: str
    unit: str
    time: Array
    reference: Array
    student: Array | None
    difference: Array | None
    """Student minus reference, NaN where either is no number."""
    vertical: Axis
    across: Axis

    @property
    def largest(self) -> float:
        """The largest difference, without its sign; NaN where there is none to speak of."""
        if self.difference is None or not np.isfinite(self.difference).any():
            return math.nan
        return float(np.nanmax(np.abs(self.difference)))

    @property
    def negligible(self) -> int | None:
        """The power of ten that every difference lies below, if that is next to nothing."""
        span = self.vertical.high - self.vertical.low
        exponent = _NEGLIGIBLE + min(0, math.ceil(math.log10(span)))
        return exponent if self.largest < 10.0**exponent else None

    def with_unit(self, value: str) -> str:
        """Return ``value`` followed by the curve's unit, if it has one."""
        return f"{value} {self.unit}" if self.unit else value


def prepare_traces(curve: Curve) -> Traces:
    """Return ``curve`` with every array cut to the shortest, and its axes."""
    size = min(curve.time.size, curve.reference.size)
    if curve.student is not None:
        size = min(size, curve.student.size)
    time = np.asarray(curve.time[:size], dtype=np.float64)
    reference = _tamed(curve.reference[:size])
    student = difference = None
    if curve.student is not None:
        student = _tamed(curve.student[:size])
        difference = student - reference
    unit = one_line(curve.unit, 16)
    label = one_line(curve.label, 28)
    first, last = (float(time[0]), float(time[-1])) if size else (0.0, 1.0)
    # A trace's first point stands one step in; the axis still begins at 0.
    across = axis(0.0 if 0 < first < 0.05 * last else first, last, 5)
    vertical = axis(*_vertical(reference, student), 5, pad=0.06)
    title = f"{label} ({unit})" if unit else label
    return Traces(title, unit, time, reference, student, difference, vertical, across)


def trace_notes(traces: Traces, messages: Catalogue) -> tuple[str, ...]:
    """Note what a plot can't show: no trace, no numbers, values off the scale."""
    if traces.time.size == 0:
        return (messages.render("report.plot.empty"),)
    if traces.student is None:
        return (messages.render("report.plot.no_trace"),)
    sentences: list[str] = []
    finite = np.isfinite(traces.student)
    if not finite.all():
        first = format_number(float(traces.time[np.flatnonzero(~finite)[0]]))
        missing, total = int((~finite).sum()), int(finite.size)
        sentences.append(
            messages.render("report.plot.gaps", missing=missing, total=total, first=first)
        )
    low, high = _extent(traces.student)
    if low < traces.vertical.low or high > traces.vertical.high:
        ends = {"low": format_number(low), "high": traces.with_unit(format_number(high))}
        sentences.append(messages.render("report.plot.beyond", **ends))
    return tuple(sentences)


def describe_traces(traces: Traces, messages: Catalogue) -> str:
    """Describe the plot in words, for those who don't see it."""
    low, high = _extent(traces.reference)
    ends = {"low": format_number(low), "high": traces.with_unit(format_number(high))}
    sentences = [messages.render("report.plot.describe", **ends)]
    if traces.negligible is not None:
        limit = traces.with_unit(power_of_ten(traces.negligible))
        sentences.append(messages.render("report.plot.describe_same", limit=limit))
    elif traces.difference is not None and not math.isnan(traces.largest):
        at = format_number(float(traces.time[int(np.nanargmax(np.abs(traces.difference)))]))
        largest = traces.with_unit(format_number(traces.largest))
        sentences.append(messages.render("report.plot.describe_apart", largest=largest, at=at))
    return " ".join((*sentences, *trace_notes(traces, messages)))


def _vertical(reference: Array, student: Array | None) -> tuple[float, float]:
    """Return the range shown: all of the reference, and of the student's as much as is wise.

    The student's widens it by the reference's own height at most, each way: a trace
    that runs away must not flatten what it is compared with. (A flat line can't be.)
    """
    low, high = _extent(reference)
    own = _extent(student) if student is not None else (math.nan, math.nan)
    if math.isnan(low):
        low, high = (0.0, 1.0) if math.isnan(own[0]) else own
    elif not math.isnan(own[0]):
        flat = high - low <= 1e-3 * max(abs(low), abs(high))
        room = math.inf if flat else high - low
        low, high = max(min(low, own[0]), low - room), min(max(high, own[1]), high + room)
    least = 1e-3 * max(abs(low), abs(high))  # a level line isn't magnified beyond its digits
    if high - low < 2 * least:
        low, high = (low + high) / 2 - least, (low + high) / 2 + least
    return low, high


def _tamed(values: Array) -> Array:
    """Return a copy that can be reckoned with: no infinities, nothing that under- or overflows."""
    tame = np.array(values, dtype=np.float64)
    tame[~(np.abs(tame) <= _FAR)] = np.nan
    tame[np.abs(tame) < _NEAR] = 0.0
    return tame


def _extent(values: Array) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (math.nan, math.nan)
