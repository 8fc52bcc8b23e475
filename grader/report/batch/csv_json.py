"""A batch's files for the teacher's other programs: a gradebook, a summary for tools."""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from typing import Final

from grader.core.types import BatchSummary
from grader.report.batch.most_lost import most_lost
from grader.report.outcome import normalize_outcome
from grader.report.store.result_json import plain_json
from grader.report.text.csv_text import csv_text, plain_cell
from grader.report.text.phrases import total

SCHEMA_VERSION: Final = 1


def grades_csv(summary: BatchSummary) -> str:
    """Write the gradebook: one submission a line, families as columns.

    What is not graded has empty marks. A text that a spreadsheet could take for a
    formula is led by an apostrophe.
    """
    reports = [normalize_outcome(report) for report in summary.reports]
    families = list(dict.fromkeys(c.family for report in reports for c in report.checks))
    head = ["submission", "file", "outcome", "status", "score", "max_score"]
    rows = [[*head, *map(plain_cell, families), "error"]]
    for report in reports:
        graded = report.outcome == "graded"
        points = {
            family: format_mark(total(c.points for c in report.checks if c.family == family))
            for family in {c.family for c in report.checks if graded}
        }
        error = report.run.error if graded else " ".join(report.needs_look) or report.run.error
        rows.append(
            [
                plain_cell(report.submission_id),
                plain_cell(report.file),
                report.outcome,
                report.run.status,
                format_mark(report.score),
                format_mark(report.max_score),
                *(points.get(family, "") for family in families),
                plain_cell(error),
            ]
        )
    return csv_text(rows)


def format_mark(number: float | None) -> str:
    """Return a mark or points as a cell; empty where there is no finite number."""
    return "" if number is None or not math.isfinite(number) else f"{round(number, 6):.15g}"


def summary_json(summary: BatchSummary) -> str:
    """Write ``summary.json``: counts, marks, every submission, the checks that cost most."""
    reports = [normalize_outcome(report) for report in summary.reports]
    scores = [report.score for report in reports if report.score is not None]
    result = {
        "schema_version": SCHEMA_VERSION,
        "assignment": {"id": summary.assignment, "title": summary.assignment_title},
        "seconds": summary.seconds,
        "counts": {
            "submissions": len(reports),
            "outcome": dict(sorted(Counter(report.outcome for report in reports).items())),
            "status": dict(sorted(Counter(report.run.status for report in reports).items())),
            "needs_look": sum(bool(report.needs_look) for report in reports),
        },
        "scores": {
            "mean": statistics.fmean(scores) if scores else None,
            "median": statistics.median(scores) if scores else None,
            "min": min(scores, default=None),
            "max": max(scores, default=None),
        },
        "submissions": [
            {
                "id": report.submission_id,
                "file": report.file,
                "score": report.score,
                "outcome": report.outcome,
                "status": report.run.status,
                "needs_look": list(report.needs_look),
            }
            for report in reports
        ],
        "most_lost": [
            {
                "id": loss.id,
                "family": loss.family,
                "title": loss.title,
                "points": loss.points,
                "submissions": loss.count,
            }
            for loss in most_lost(reports)
        ],
    }
    return json.dumps(plain_json(result), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
