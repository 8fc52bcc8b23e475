"""A report back from its ``result.json``: all that a batch's own files are made of.

Curves, pictures and the notebook stay on the disk; its pages are there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from grader.core.checksum import verify_checksum
from grader.core.types import CheckResult, Diagnosis, ExecutedNotebook, GradeReport, ScoreChange
from grader.report.store.result_json import ResultError, read_result

RESULT_FILE = "result.json"
PREVIOUS_FILE = ".result.json.before"
"""The previous result, while the pages of the next are written."""

_CHANGES = TypeAdapter(tuple[ScoreChange, ...])
_DIAGNOSES = TypeAdapter(tuple[Diagnosis, ...])


def read_stored_result(folder: Path, name: str = RESULT_FILE) -> dict[str, Any] | None:
    """Read the result in ``folder``, whether its checksum fits or not; None where there is none.

    Raises ``ResultError``.
    """
    try:
        return read_result((folder / name).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ResultError(f"result.json: {error}") from None


def stored_changes(result: Mapping[str, Any]) -> tuple[ScoreChange, ...]:
    """Return the changes of a result's mark so far; none where they can't be read."""
    try:
        return _CHANGES.validate_python(result.get("changes", ()))
    except ValidationError:
        return ()


def verified_report(result: Mapping[str, Any]) -> GradeReport:
    """Return the report that a result was written from, as far as a batch needs it.

    Raises ``ResultError`` where the result is not as it was written.
    """
    if not verify_checksum(result):
        raise ResultError("result.json: seal: this is not what was written")
    try:
        return stored_report(result)
    except (LookupError, TypeError, ValueError) as error:
        raise ResultError(f"result.json: {error!r}") from None


def stored_report(result: Mapping[str, Any]) -> GradeReport:
    """Return the report of a result by whomever it was written, as far as it goes.

    Results of an older grader have ids in the place of titles.
    """
    about, submission, run = result["assignment"], result["submission"], result["run"]
    return GradeReport(
        assignment=about["id"],
        assignment_title=str(about.get("title") or about["id"]),
        assignment_digest=about["digest"],
        assignment_files=about.get("files", {}),
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
            time_factor=run.get("time_factor", 1.0),
        ),
        error_is_consequence=bool(run.get("follows")),
        notes=tuple(submission["notes"]),
        teacher_notes=tuple(submission.get("teacher_notes", ())),
        diagnoses=_DIAGNOSES.validate_python(result.get("diagnoses", ())),
        needs_look=tuple(result.get("needs_look", ())),
        provenance=result["provenance"],
        language=str(result.get("language", "en")),
        changes=_CHANGES.validate_python(result.get("changes", ())),
    )


def _check(check: Mapping[str, Any]) -> CheckResult:
    where, measured = check.get("where") or {}, check["measured"]
    same = ("id", "family", "visibility", "status", "points", "max_points", "message_id")
    return CheckResult(
        **{name: check[name] for name in (*same, "message", "detail")},
        **measured,
        title=str(check.get("title") or check["id"]),
        cell=where.get("cell"),
        line=where.get("line"),
    )
