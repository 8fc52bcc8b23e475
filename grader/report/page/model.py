"""The content of a page of one submission: plain values, ready to be printed.

A student's page is made without the hidden checks, the details and the seed: what
isn't in a ``Page`` can't be printed by mistake, in whatever format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from grader.core.types import CellRun, RunStatus, Status
from grader.report.page.images import Picture
from grader.report.page.traceback import Failure
from grader.report.plots.residuals_svg import ResidualPlot

_MOST_FIRST: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckRow:
    """One check. ``id``, ``hidden``, ``message_id`` and ``detail`` are a teacher's."""

    key: str
    """The name of its place on the page."""
    family: str
    """The title of its family."""
    status: Status
    title: str
    message: str
    expected: str
    found: str
    where: str
    """The place in words; "" for none."""
    cell: int | None
    """Counted from 0, as in a ``CheckResult``."""
    line: int | None
    """Counted from 1 within the cell."""
    points_text: str
    """Points of all points: "3 / 4"."""
    points: float
    max_points: float
    points_lost: float
    part: str = ""
    """The title of its exercise, where that has one."""
    id: str = ""
    hidden: bool = False
    message_id: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckGroup:
    """A family of checks, or all hidden ones together (without rows)."""

    title: str
    points_text: str
    points: float
    max_points: float
    percent: str
    """The share of the points for a bar: "62.50%"."""
    points_lost: float
    passed: int = 0
    counts: str = ""
    """The number that passed, of all, in words."""
    rows: tuple[CheckRow, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TracePlot:
    """A curve's plot, and notes on what it can't show."""

    svg: Markup
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Everything that a page of one submission prints."""

    language: str
    teacher: bool
    title: str
    submission: str
    file: str
    graded: bool
    public_only: bool
    """True if counts of checks stand in place of marks."""
    score: str
    max_score: str
    marks: tuple[float, float] | None
    """Score and maximum as numbers; None when not graded."""
    headline: str
    run_message: str
    error_is_consequence: bool
    """True if the message on the run comes after its causes."""
    run: RunStatus
    run_status: str
    seconds: float
    groups: tuple[CheckGroup, ...]
    hidden_group: CheckGroup | None
    """All hidden checks as one sum; None where there are none, or all are shown."""
    hidden_line: str
    costly_rows: tuple[CheckRow, ...]
    """The rows that cost points, causes before consequences."""
    causes: tuple[CheckRow, ...]
    """The checks, of those, that say where to begin."""
    skipped: int
    skipped_points: float
    failure: Failure | None
    plots: tuple[TracePlot, ...]
    plots_lead: str
    residual_plots: tuple[ResidualPlot, ...]
    pictures: tuple[Picture, ...]
    pictures_left_out: int
    notes: tuple[str, ...]
    made_by: str
    provenance: tuple[tuple[str, str], ...]
    assignment: str
    digest: str
    sha256: str
    unreadable: bool
    teacher_notes: tuple[str, ...] = ()
    needs_look: tuple[str, ...] = ()
    cells: tuple[CellRun, ...] = ()

    @property
    def first_rows(self) -> tuple[CheckRow, ...]:
        """The rows that cost points and should be looked at first."""
        return self.costly_rows[:_MOST_FIRST]

    @property
    def rows_after_first(self) -> int:
        """The number of others that cost points."""
        return len(self.costly_rows[_MOST_FIRST:])
