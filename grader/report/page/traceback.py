"""A student's own error: the cell's source with its line marked, and the traceback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grader.core.types import GradeReport
from grader.report.text.phrases import Phrases
from grader.report.text.sanitize import bounded_lines, clean, cut

_WHOLE: Final = 60  # a cell of so many lines is shown whole
_AROUND: Final = 15  # lines shown before and after the marked one of a longer cell
_HEAD: Final = 14  # lines of traceback
_TAIL: Final = 46


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceLine:
    """A line of the failed cell."""

    number: int
    text: str
    marked: bool
    """True for the line at which the run stopped."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """The first cell that failed."""

    where: str
    """Its place in words; "" when it isn't known."""
    error: str
    source: tuple[SourceLine, ...]
    above: int
    """Lines of source that are left out before those shown."""
    below: int
    traceback_head: tuple[str, ...]
    traceback_tail: tuple[str, ...]
    traceback_left_out: int
    also: str


def describe_failure(report: GradeReport, phrases: Phrases) -> Failure | None:
    """Return what the run stopped with, or None when it didn't."""
    run = report.run
    if run.status == "ok" or not (run.error or run.failed_cell is not None):
        return None
    cell = next((cell for cell in run.cells if cell.index == run.failed_cell), None)
    line = cell.line if cell else None
    error = run.error
    if not error and cell:
        error = ": ".join(part for part in (cell.error_name, cell.error_text) if part)
    lines, above, below = _source(report.error_source, line)
    trace = clean(phrases.text(cell.traceback)).strip("\n") if cell else ""
    trace_lines, at, left_out = bounded_lines(trace, _HEAD, _TAIL) if trace else ([], 0, 0)
    others = [
        phrases.place(other.index)
        for other in run.cells
        if other.status not in ("ok", "not_run") and not other.excused
        and other.index != run.failed_cell
    ]  # fmt: skip
    return Failure(
        where=phrases.place(run.failed_cell, line),
        error=clean(phrases.text(error), 1200).strip(),
        source=lines,
        above=above,
        below=below,
        traceback_head=tuple(trace_lines[:at]),
        traceback_tail=tuple(trace_lines[at:]),
        traceback_left_out=left_out,
        also=phrases.render("joined").join(others[:20]),
    )


def _source(source: str, marked: int | None) -> tuple[tuple[SourceLine, ...], int, int]:
    """Return the source around its marked line, and how many lines are left out on each side."""
    text = clean(source).rstrip("\n")
    if not text:
        return (), 0, 0
    lines = text.expandtabs(4).split("\n")
    first, last = 1, len(lines)
    if last > _WHOLE:
        middle = marked if marked is not None and 1 <= marked <= last else 1
        first = max(1, min(middle - _AROUND, last - 2 * _AROUND))
        last = first + 2 * _AROUND
    shown = tuple(
        SourceLine(number=number, text=cut(lines[number - 1], 400), marked=number == marked)
        for number in range(first, last + 1)
    )
    return shown, first - 1, len(lines) - last
