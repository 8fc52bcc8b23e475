"""What became of a mark when it was given again: which checks, and by how much."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from grader.core.types import CheckChange, CheckResult, GradeReport, ScoreChange
from grader.report.batch.csv_json import format_mark
from grader.report.outcome import normalize_outcome
from grader.report.text.csv_cell import plain_cell

FILE: Final = "changes.csv"
MAX_CHANGES: Final = 50  # changes of one mark that are remembered
_HEAD: Final = (
    "when", "submission", "old", "new", "why", "check", "title", "old_points", "new_points",
    "message",
)  # fmt: skip


def score_change(result: Mapping[str, Any], report: GradeReport, why: str) -> ScoreChange | None:
    """How the mark of ``report`` differs from that of an earlier ``result``, and in which checks.

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
    """The time as a change has it: to the second, in UTC, so that texts sort as times do."""
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
    """``changes.csv``: how marks changed in this folder, a check a line; a BOM for Excel.

    "" without a change. A mark that changed through no single check is a line of its own.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(_HEAD)
    lines = 0
    for report in reports:
        for one in report.changes:
            for check in one.checks or (CheckChange("", "", None, None, ""),):
                lines += 1
                writer.writerow(
                    [
                        one.when,
                        plain_cell(report.submission_id),
                        format_mark(one.old),
                        format_mark(one.new),
                        *map(plain_cell, (one.why, check.id, check.title)),
                        format_mark(check.old),
                        format_mark(check.new),
                        plain_cell(check.message),
                    ]
                )
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + file.getvalue() if lines else ""
