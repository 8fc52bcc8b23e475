"""The provenance of a report: what it was judged by, and how the mark changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from grader.assignment import digests
from grader.core.evidence_store import evidence_digest
from grader.core.types import Evidence, GradeReport
from grader.report.batch.changes import MAX_CHANGES, score_change
from grader.report.store.read import PREVIOUS_FILE, read_stored_result, stored_changes
from grader.report.store.result_json import ResultError
from grader.submission.notebook.raw_cell import clean

if TYPE_CHECKING:
    from grader.judge.judge_process import JudgeRequest


def with_intake(evidence: Evidence, request: JudgeRequest) -> Evidence:
    """``evidence`` of a notebook as it was handed in now: its name, and what was chosen.

    These change without the notebook's content, and nothing needs to run for them.
    """
    submission = evidence.submission
    notes = (*request.notes, *submission.notes)
    return replace(
        evidence, submission=replace(submission, file=file_name(request.file), notes=notes)
    )


def with_provenance(report: GradeReport, request: JudgeRequest) -> GradeReport:
    """``report`` with digests of what it was judged by, and what became of an earlier mark."""
    judged_by = {
        "evidence": evidence_digest(request.folder),
        "code": digests.code(of_runs=False),
        "intake": digests.intake(file_name(request.file), request.notes),
    }
    report = replace(report, provenance={**report.provenance, **judged_by})
    try:
        before = read_stored_result(request.folder) or read_stored_result(
            request.folder, PREVIOUS_FILE
        )
    except ResultError:
        before = None
    if before is None:
        return report
    now = score_change(before, report, request.reason)
    changes = (*stored_changes(before), *((now,) if now else ()))
    return replace(report, changes=changes[-MAX_CHANGES:])


def file_name(path: str) -> str:
    """Return the name under which a report speaks of a submission's file."""
    return clean(PurePath(path).name)
