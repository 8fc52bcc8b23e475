"""Changes of a mark that was given again: in which checks, and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from grader.core.types import CheckChange, CheckResult, GradeReport, ScoreChange
from grader.report.batch.csv_json import format_mark
from grader.report.outcome import normalize_outcome
from grader.report.text.csv_text import csv_text, plain_cell

FILE: Final = "changes.csv"
MAX_CHANGES: Final = 50
"""Changes of one mark that are remembered."""
_HEAD: Final = (
    "when", "submission", "old", "new", "why", "check", "title", "old_points", "new_points",
    "message",
)  # fmt: skip


def score_change(result: Mapping[str, Any], report: GradeReport, why: str) -> ScoreChange | None:
    """Compare the mark of ``report`` with that of an earlier ``result``, check by check.

    None where the mark is the same, whatever points it is made of.
    """
    report = normalize_outcome(report)
    old, old_max = result["score"], result["max_score"]
    if (old, old_max) == (report.score, report.max_score):
        return None
    checks: tuple[CheckChange, ...] = ()
    if result["outcome"] == report.outcome == "graded":
        checks = tuple(_checks(result["checks"], report.checks))
    return ScoreChange(
        when=utc_now(),
        why=why,
        old=old,
        new=report.score,
        old_max=old_max,
        new_max=report.max_score,
        checks=checks,
    )


def utc_now() -> str:
    """Return the time in UTC, to the second, so that texts sort as times do."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _checks(
    before: Sequence[Mapping[str, Any]], after: Sequence[CheckResult]
) -> Iterator[CheckChange]:
    had = {check["id"]: check for check in before}
    for check in after:
        old = had.pop(check.id, None)
        points = None if old is None else old["points"]
        if points != check.points:
            yield CheckChange(check.id, check.title, points, check.points, check.message)
    for id, gone in had.items():
        yield CheckChange(id, gone.get("title", ""), gone["points"], None, "")


def changes_csv(reports: Iterable[GradeReport]) -> str:
    """Write ``changes.csv``: the changes of marks in this folder, a check a line.

    "" without a change. A mark that changed through no single check is a line of its own.
    """
    none = CheckChange("", "", None, None, "")
    rows = [
        (
            change.when,
            plain_cell(report.submission_id),
            format_mark(change.old),
            format_mark(change.new),
            *map(plain_cell, (change.why, check.id, check.title)),
            format_mark(check.old),
            format_mark(check.new),
            plain_cell(check.message),
        )
        for report in reports
        for change in report.changes
        for check in change.checks or (none,)
    ]
    return csv_text([_HEAD, *rows]) if rows else ""
