"""A plain CSV file: one submission a line, for whatever reads CSV."""

from __future__ import annotations

from collections.abc import Sequence

from grader.gradebook.export.fill_column import mark_notes
from grader.gradebook.export.results import ExportFile, MarkSheet, format_number
from grader.report.text.csv_text import csv_text, plain_cell

_HEAD = (
    "student",
    "lms_id",
    "submission",
    "file",
    "late",
    "attempt",
    "outcome",
    "status",
    "score",
    "max_score",
)


def marks_csv(batch: MarkSheet, points: float | None) -> ExportFile:
    """Write all submissions of ``batch``. What was not graded has an empty score, never 0."""
    rows: list[Sequence[str]] = [_HEAD]
    for graded in batch.submissions:
        origin, mark = graded.origin, graded.mark(points)
        most = graded.max_score if points is None else points
        rows.append(
            [
                plain_cell(graded.name),
                plain_cell(origin.lms_id),
                plain_cell(graded.id),
                plain_cell(graded.file),
                "yes" if origin.late else "",
                "" if origin.attempt is None else str(origin.attempt),
                graded.outcome,
                graded.status,
                mark,
                format_number(most) if mark else "",
            ]
        )
    marked = sum(bool(graded.mark()) for graded in batch.submissions)
    return ExportFile(
        content=csv_text(rows).encode("utf-8"),
        count=marked,
        notes=tuple(mark_notes(batch.submissions)),
        is_complete=marked == len(batch.submissions),
    )
