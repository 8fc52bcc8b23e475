"""Plots of traces as plain SVG: the student's over the reference, the difference below."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from markupsafe import Markup

from grader.core.messages import Catalogue
from grader.core.types import Array, Curve
from grader.report.plots import svg, trace_data
from grader.report.plots.axis import Axis, power_of_ten, symmetric_axis
from grader.report.plots.decimate import envelope, gaps
from grader.report.plots.trace_data import Traces

_COLUMNS: Final = 480
_GAP: Final = 30
_LOWER: Final = 66  # px: height of the panel of the difference
_SAID: Final = 26  # px: a sentence in its place
_MOST_BANDS: Final = 40
_COLOURS: Final = {"ref": "#a9c1ea", "own": "#14213d", "diff": "#a33b20"}
_WIDE: Final = 5.0
_THIN: Final = 1.5


def trace_svg(curve: Curve, messages: Catalogue, id: str = "trace") -> Markup:
    """Draw one curve as an SVG; ``id`` must be its own on the page.

    The student's trace over the reference, in ``curve.unit`` over ms, and below it
    student minus reference on a scale of its own. A trace that is None leaves the
    reference alone. ``trace_notes`` says what the plot can't show.
    """
    traces = trace_data.prepare_traces(curve)
    # Under a long title the legend has a row of its own: on a phone there is no room beside it.
    second = 18 if svg.text_width(traces.title) > 100 else 0
    top = svg.TOP + second
    keys = {"ref": _WIDE, "own": _THIN} if traces.student is not None else {"ref": _THIN}
    lines = [_line(traces, traces.reference, traces.vertical, "ref", keys["ref"])]
    if traces.student is not None:
        lines.append(_line(traces, traces.student, traces.vertical, "own", _THIN))
    lower, foot = _difference(traces, messages, top + svg.MAIN)
    parts = [
        svg.text("0", 14, traces.title, "unit"),
        _legend(keys, messages, 14 + second),
        *svg.grid(traces.vertical, top, svg.MAIN),
        *_bands(traces, top),
        svg.panel(top, svg.MAIN, lines),
        *lower,
        *svg.across_axis(traces.across, foot, messages.render("report.plot.time")),
    ]
    height = foot + svg.FOOT
    if traces.negligible is not None:
        limit = traces.with_unit(power_of_ten(traces.negligible))
        sentence = messages.render("report.plot.negligible", limit=limit)
        parts.append(svg.text("50%", height + 16, sentence, "said", "middle"))
        height += _SAID
    description = trace_data.describe_traces(traces, messages)
    return svg.figure(id, traces.title, description, height, parts)


def trace_notes(curve: Curve, messages: Catalogue) -> tuple[str, ...]:
    """Note what the plot can't show: no trace, no numbers, values off the scale."""
    return trace_data.trace_notes(trace_data.prepare_traces(curve), messages)


def _difference(traces: Traces, messages: Catalogue, above: int) -> tuple[list[str], int]:
    """Draw the lower panel, if there is anything to see; return it and where it ends, in px."""
    if math.isnan(traces.largest) or traces.difference is None or traces.negligible is not None:
        return [], above
    top = above + _GAP
    vertical = symmetric_axis(traces.largest)
    label = messages.render("report.plot.difference")
    title = f"{label} ({traces.unit})" if traces.unit else label
    return [
        svg.text("0", top - 10, title, "unit"),
        *svg.grid(vertical, top, _LOWER),
        svg.panel(top, _LOWER, [_line(traces, traces.difference, vertical, "diff", _THIN)]),
    ], top + _LOWER


def _line(traces: Traces, values: Array, vertical: Axis, name: str, width: float) -> str:
    """Draw a trace as a path in whole units, each point relative to the one before."""
    points, begins = envelope(traces.time, values, _COLUMNS)
    across, span = traces.across, traces.across.high - traces.across.low
    x = np.round((traces.time[points] - across.low) / span * svg.ACROSS).astype(np.int64)
    height = vertical.high - vertical.low
    near = np.clip(values[points], vertical.low - 3 * height, vertical.high + 3 * height)
    y = np.round((vertical.high - near) / height * svg.DOWN).astype(np.int64)
    dx, dy = np.diff(x, prepend=0).tolist(), np.diff(y, prepend=0).tolist()
    starts = begins.tolist()
    alone = [*starts[1:], True]  # a point between two gaps: a dot
    path = "".join(
        (f"m{a} {b}h0" if last else f"m{a} {b}") if start else f" {a} {b}"
        for a, b, start, last in zip(dx, dy, starts, alone, strict=False)
    )
    return (
        f'<path class="{name}" fill="none" stroke="{_COLOURS[name]}"'
        f' stroke-width="{width:g}" stroke-linejoin="round" stroke-linecap="round"'
        f' vector-effect="non-scaling-stroke" d="{path}"/>'
    )


def _bands(traces: Traces, top: int) -> list[str]:
    """Mark where the student's trace is no number: a pale band, and the word at the first."""
    if traces.student is None:
        return []
    merged: list[tuple[float, float]] = []
    for first, last in gaps(traces.student):
        start = traces.across.share(float(traces.time[first]))
        end = traces.across.share(float(traces.time[last]))
        if merged and (start - merged[-1][1] < 0.01 or len(merged) >= _MOST_BANDS):
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    parts = []
    for start, end in merged:
        width = max(end - start, 0.004)
        parts.append(
            f'<rect class="nan" x="{svg.percent(min(start, 1 - width))}" y="{top}"'
            f' width="{svg.percent(width)}" height="{svg.MAIN}"'
            f' fill="#a33b20" fill-opacity="0.15"/>'
        )
    if merged:
        start = merged[0][0]
        # Near the right edge the word stands before the band, not beyond the plot.
        anchor, dx = ("end", -4) if start > 0.8 else ("start", 4)
        parts.append(svg.text(svg.percent(start), top + 14, "NaN", "nan", anchor, dx=dx))
    return parts


def _legend(keys: dict[str, float], messages: Catalogue, y: int) -> str:
    """Draw samples of the lines in their widths, and their names, from the right edge leftwards."""
    parts, right = [], 0.0
    for name, width in reversed(keys.items()):
        label = messages.render(f"report.plot.{name}")
        parts.append(svg.text("0", y, label, "key", "end", dx=right))
        right -= svg.text_width(label) + 7
        parts.append(
            f'<line class="{name}" x1="{right - 20:.0f}" x2="{right:.0f}" y1="{y - 4}" y2="{y - 4}"'
            f' stroke="{_COLOURS[name]}" stroke-width="{width:g}"/>'
        )
        right -= 20 + 14
    return f'<svg x="100%" overflow="visible" aria-hidden="true">{"".join(parts)}</svg>'
