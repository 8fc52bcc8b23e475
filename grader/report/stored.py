"""A stored ``result.json`` back to a report, for the formats that are made from results.

What a result doesn't keep (traces, figures, each cell's run) is missing from the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.stages import CheckResult, ExecutedNotebook, GradeReport


def stored_report(result: Mapping[str, Any]) -> GradeReport:
    """The report that ``result``, as ``read_result`` gives it, was written from.

    Results of a grader that did not write titles yet have a check's id in their place.
    """
    assignment, submission, run = result["assignment"], result["submission"], result["run"]
    return GradeReport(
        assignment=assignment["id"],
        assignment_title=str(assignment.get("title") or assignment["id"]),
        assignment_digest=assignment["digest"],
        submission_id=submission["id"],
        file=submission["file"],
        sha256=submission["sha256"],
        outcome=result["outcome"],
        score=result["score"],
        max_score=result["max_score"],
        checks=tuple(_check(check) for check in result["checks"]),
        run=ExecutedNotebook(
            status=run["status"],
            failed_cell=run["failed_cell"],
            error=run["error"],
            seconds=run["seconds"] or 0.0,
        ),
        notes=tuple(submission["notes"]),
        provenance=result["provenance"],
        language=str(result.get("language", "en")),
    )


def _check(check: Mapping[str, Any]) -> CheckResult:
    where, measured = check.get("where") or {}, check["measured"]
    kept = ("id", "family", "visibility", "status", "points", "max_points")
    texts = ("message_id", "message", "detail")
    return CheckResult(
        **{key: check[key] for key in (*kept, *texts)},
        expected=measured["expected"],
        found=measured["found"],
        cell=where.get("cell"),
        line=where.get("line"),
        title=str(check.get("title") or check["id"]),
    )
