"""Parts of a plot as plain SVG: panels, axes, texts.

Text keeps its size whatever the width of the page: positions across are
percentages, and the lines lie in an inner SVG that is stretched. The page's CSS
colours the classes; the attributes here are what is left without it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from markupsafe import Markup, escape

from grader.report.plots.axis import Axis

ACROSS: Final = 4800
"""Units of the inner SVGs from left to right."""
DOWN: Final = 1000
TOP: Final = 26
"""Height of the unit and the legend in px."""
MAIN: Final = 168
"""Height of the panel of the traces in px."""
FOOT: Final = 38


def figure(id: str, title: str, description: str, height: int, parts: Iterable[str]) -> Markup:
    """Put the parts of a plot together; ``id`` must be its own on the page."""
    return Markup(
        f'<svg class="trace" width="100%" height="{height}" overflow="visible" role="img"'
        f' aria-labelledby="{escape(id)}-t {escape(id)}-d" font-family="sans-serif">'
        f'<title id="{escape(id)}-t">{escape(title)}</title>'
        f'<desc id="{escape(id)}-d">{escape(description)}</desc>'
        f"{''.join(parts)}</svg>"
    )


def panel(top: int, height: int, lines: list[str]) -> str:
    """Stretch lines in units of ``ACROSS`` and ``DOWN`` over a panel of ``height`` px."""
    return (
        f'<svg x="0" y="{top}" width="100%" height="{height}" viewBox="0 0 {ACROSS} {DOWN}"'
        f' preserveAspectRatio="none">{"".join(lines)}</svg>'
    )


def grid(vertical: Axis, top: int, height: int) -> list[str]:
    """Draw the level lines of a panel and, left of it, their labels."""
    parts = []
    for tick, label in zip(vertical.ticks, vertical.labels, strict=True):
        y = top + height * (1 - vertical.share(tick))
        parts.append(
            f'<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        )
        parts.append(text("0", y + 4, label, "tick", "end", dx=-8))
    return parts


def across_axis(across: Axis, y: float, title: str) -> list[str]:
    """Draw the axis below a panel that ends at ``y`` px: ticks, their labels, and a title."""
    parts = [f'<line class="axis" x1="0" x2="100%" y1="{y}" y2="{y}" stroke="#888"/>']
    for tick, label in zip(across.ticks, across.labels, strict=True):
        x = percent(across.share(tick))
        parts.append(f'<line class="axis" x1="{x}" x2="{x}" y1="{y}" y2="{y + 4}" stroke="#888"/>')
        parts.append(text(x, y + 17, label, "tick", "middle"))
    parts.append(text("50%", y + 33, title, "tick", "middle"))
    return parts


def text(x: str, y: float, label: str, name: str, anchor: str = "start", *, dx: float = 0) -> str:
    """Write a text whose baseline is at ``y`` px, moved ``dx`` px from ``x``."""
    shift = f' dx="{dx:.0f}"' if dx else ""
    return (
        f'<text class="{name}" x="{x}" y="{y:.1f}"{shift} font-size="12"'
        f' text-anchor="{anchor}">{escape(label)}</text>'
    )


def percent(share: float) -> str:
    """Write a share of the whole width."""
    return f"{100 * share:.2f}%"


def text_width(label: str) -> float:
    """Estimate the width of a text at 12 px, in pixels."""
    return sum(12.0 if unicodedata.east_asian_width(c) in "WF" else 6.0 for c in label)
