"""A derivative that is wrong, drawn over V: a dot a state, in rings what a mistake explains.

The page says in words, too, what it shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup

from grader.core.types import Array, Residual
from grader.report.plots import svg
from grader.report.plots.axis import Axis, axis, format_number
from grader.report.text.phrases import Phrases
from grader.report.text.sanitize import one_line

_RING: Final = 10.0  # px across
_DOT: Final = 3.5
_COLOURS: Final = {"ring": "#a9c1ea", "dot": "#14213d"}
_MOST: Final = 12  # plots on a page
_MOST_UNNAMED: Final = 2  # on a student's page, of those that no mistake explains
_MOST_CHECKS: Final = 6  # checks that are named beside a plot
_FAR: Final = 1e200  # beyond this a value is as good as infinite


@dataclass(frozen=True, kw_only=True, slots=True)
class ResidualPlot:
    """A residual's plot and its sentences."""

    svg: Markup
    mistake: str
    """The sentence of the mistake; "" for none."""
    caption: str
    """The sentence beside the plot."""
    text: str
    """The sentence where there is no plot."""
    part: str = ""
    """The title of its exercise."""
    where: str = ""
    """The graded cell, in words."""


def residual_plots(
    residuals: Sequence[Residual], phrases: Phrases, titles: Mapping[str, str] | None = None
) -> tuple[ResidualPlot, ...]:
    """Plot for a teacher every residual, for a student the named ones and a few more.

    A student's come in that order: what is named says where to begin. ``titles`` are those
    of the checks that the reader sees, by id.
    """
    shown = list(residuals)
    if not phrases.teacher:
        bare = [r for r in residuals if r.explained is None]
        shown = [r for r in residuals if r.explained is not None] + bare[:_MOST_UNNAMED]
    shown = shown[:_MOST]
    return tuple(
        _difference(residual, phrases, f"residual-{number}", titles or {})
        for number, residual in enumerate(shown, start=1)
    )


def _difference(
    residual: Residual, phrases: Phrases, id: str, titles: Mapping[str, str]
) -> ResidualPlot:
    values = {"state": one_line(residual.state, 28)}
    caption = phrases.render("residual.unexplained")
    text = phrases.render("residual.text_unexplained", **values)
    if checks := [titles[check] for check in residual.explained_by if check in titles]:
        values["checks"] = phrases.render("residual.between").join(checks[:_MOST_CHECKS])
        caption = phrases.render("residual.told", checks=values["checks"])
        text = phrases.render("residual.text_told", **values)
    inside, total = _inside(residual)
    if residual.explained is not None:
        key = "residual.seen_all" if inside == total else "residual.seen"
        caption = phrases.render(key, inside=inside, total=total)
        text = phrases.render("residual.text", **values, inside=inside, total=total)
    return ResidualPlot(
        svg=residual_svg(residual, phrases, id),
        mistake=phrases.line(residual.mistake, 1000),
        caption=caption,
        text=text,
        part=one_line(residual.part, 60),
        where=phrases.place(residual.cell),
    )


def residual_svg(residual: Residual, phrases: Phrases, id: str = "residual") -> Markup:
    """Draw one residual as an SVG; ``id`` must be its own on the page.

    Dots are the student's derivative minus the asked one, over V in mV; rings, where a
    mistake was named, what it explains of that.
    """
    V, difference, explained = _columns(residual)
    unit = one_line(residual.unit, 16)
    title = phrases.render("residual.title", state=one_line(residual.state, 28), unit=unit)
    if residual.part:
        title = phrases.render("residual.of_part", part=one_line(residual.part, 28), title=title)
    vertical, across = _axes(V, difference, explained)
    top = svg.TOP + (18 if explained is not None else 0)  # the legend has a row of its own
    foot = top + svg.MAIN
    layers = [] if explained is None else [_dots(V, explained, across, vertical, "ring", _RING)]
    layers.append(_dots(V, difference, across, vertical, "dot", _DOT))
    zero = top + svg.MAIN * (1 - vertical.share(0.0))
    keys = {"dot": phrases.render("residual.dots"), "ring": phrases.render("residual.rings")}
    parts = [
        svg.text("0", 14, title, "unit"),
        _legend(keys, 32) if explained is not None else "",
        *svg.grid(vertical, top, svg.MAIN),
        f'<line class="axis" x1="0" x2="100%" y1="{zero:.1f}" y2="{zero:.1f}" stroke="#888"/>',
        svg.panel(top, svg.MAIN, layers),
        *svg.across_axis(across, foot, phrases.render("residual.across")),
    ]
    low, high = _ends(difference)
    description = phrases.render(
        "residual.describe",
        low=format_number(low),
        high=f"{format_number(high)} {unit}",
        first=format_number(_ends(V)[0]),
        last=format_number(_ends(V)[1]),
    )
    return svg.figure(id, title, description, foot + svg.FOOT, parts)


def _columns(residual: Residual) -> tuple[Array, Array, Array | None]:
    """Return V, dots and rings of the states where all of them can be reckoned with."""
    columns = [residual.V, residual.difference]
    if residual.explained is not None:
        columns.append(residual.explained)
    size = min(column.size for column in columns)
    table = np.stack([np.asarray(column[:size], dtype=np.float64) for column in columns])
    table = table[:, (np.abs(table) <= _FAR).all(axis=0)]
    table[np.abs(table) < 1 / _FAR] = 0.0
    return table[0], table[1], table[2] if residual.explained is not None else None


def _axes(V: Array, difference: Array, explained: Array | None) -> tuple[Axis, Axis]:
    """Make the axes: down all dots, all rings and 0; across V."""
    values = np.concatenate(
        [np.zeros(1), difference, difference if explained is None else explained]
    )
    return axis(*_ends(values), 5, pad=0.07), axis(*_ends(V), 5, pad=0.03)


def _inside(residual: Residual) -> tuple[int, int]:
    """Count the dots that lie in their rings as the plot draws them, and all dots."""
    V, difference, explained = _columns(residual)
    if explained is None:
        return 0, difference.size
    vertical, _ = _axes(V, difference, explained)
    radius = (vertical.high - vertical.low) * _RING / 2 / svg.MAIN
    return int((np.abs(difference - explained) <= radius).sum()), difference.size


def _dots(V: Array, values: Array, across: Axis, vertical: Axis, name: str, width: float) -> str:
    """Draw round dots of a width in px, whatever the plot is stretched to: lines of no length."""
    x = np.round((V - across.low) / (across.high - across.low) * svg.ACROSS)
    y = np.round((vertical.high - values) / (vertical.high - vertical.low) * svg.DOWN)
    path = "".join(f"M{a:.0f} {b:.0f}h0" for a, b in zip(x, y, strict=True))
    return (
        f'<path class="{name}" fill="none" stroke="{_COLOURS[name]}" stroke-width="{width:g}"'
        f' stroke-linecap="round" vector-effect="non-scaling-stroke" d="{path}"/>'
    )


def _legend(keys: dict[str, str], y: int) -> str:
    """Draw a dot and a ring, each before its name, from the left edge."""
    parts, left = [], 0.0
    for name, label in keys.items():
        width = _RING if name == "ring" else _DOT
        parts.append(
            f'<path class="{name}" fill="none" stroke="{_COLOURS[name]}" stroke-width="{width:g}"'
            f' stroke-linecap="round" d="M{left + 5:.0f} {y - 4}h0"/>'
        )
        parts.append(svg.text("0", y, label, "key", dx=left + 15))
        left += 15 + svg.text_width(label) + 16
    return f'<g aria-hidden="true">{"".join(parts)}</g>'


def _ends(values: Array) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
