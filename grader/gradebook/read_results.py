"""The results that ``grade`` left in its output folder, as far as they can be relied on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from grader.core.checksum import SEAL
from grader.core.evidence_store import evidence_digest
from grader.core.types import GradeReport
from grader.gradebook.records import Attempt, Result, StudentKey
from grader.gradebook.store import GradebookError
from grader.report.batch.changes import utc_now
from grader.report.outcome import normalize_outcome
from grader.report.store.read import read_stored_result, verified_report
from grader.report.store.result_json import ResultError
from grader.submission.intake.roster import RosterEntry, RosterError, read_roster


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingResult:
    """One submission with its result, as the gradebook would keep them."""

    key: StudentKey
    name: str
    attempt: Attempt
    result: Result
    report: GradeReport


@dataclass(frozen=True, slots=True)
class GradedFolder:
    """A whole output folder. ``left_out`` are submissions without a result to rely on."""

    assignment: str
    title: str
    results: tuple[IncomingResult, ...]
    left_out: tuple[str, ...] = field(default=())

    @property
    def max_score(self) -> float:
        """The points that a submission could get."""
        return max((one.result.max_score for one in self.results), default=0.0)


def read_graded_folder(
    out: Path,
    who: str,
    times: Mapping[str, datetime] | None = None,
    *,
    correcting: bool = False,
) -> GradedFolder:
    """Read the results in ``out``; ``times`` says when submissions were handed in.

    Where ``correcting``, these stand in the place of all that was noted before.

    A result counts only as it was written, and with the evidence that it was judged by beside
    it. Raises ``GradebookError`` where there is none, or they are of several assignments.
    """
    try:
        rows = read_roster(out)
    except RosterError as error:
        raise GradebookError("roster", reason=str(error)) from None
    if rows is None:
        raise GradebookError("no_results", path=str(out))
    coming, left_out, titles = [], [], {}
    for row in rows:
        try:
            one = _incoming_result(row, out / row.id, who, (times or {}).get(row.id), correcting)
        except ResultError:
            one = None
        if one is None:
            left_out.append(row.id)
            continue
        coming.append(one)
        titles[one.report.assignment] = one.report.assignment_title
    if not coming:
        raise GradebookError("no_results", path=str(out))
    if len(titles) > 1:
        raise GradebookError("several", path=str(out), ids=", ".join(titles))
    [(id, title)] = titles.items()
    return GradedFolder(id, title, tuple(coming), tuple(left_out))


def student_key(row: RosterEntry, assignment: str) -> StudentKey:
    """Return whose a submission is. Numbers of Moodle's participants are an assignment's own."""
    origin = row.origin
    own = origin.layout == "moodle" or origin.anonymous
    number = origin.lms_id if origin.layout != "plain" and origin.lms_id else row.id
    return StudentKey(origin.layout, number, assignment if own else "")


def _noted_time(row: RosterEntry) -> datetime | None:
    """Return when the download itself says that it was handed in."""
    try:
        return datetime.fromisoformat(row.origin.submitted) if row.origin.submitted else None
    except ValueError:
        return None


def _incoming_result(
    row: RosterEntry, folder: Path, who: str, time: datetime | None, correcting: bool
) -> IncomingResult | None:
    """Read one submission, handed in at ``time``, else when the download says.

    Raises ``ResultError`` for a result that is not as it was written.
    """
    when = time or _noted_time(row)
    if Path(row.id).name != row.id or row.id in ("", ".", ".."):
        raise GradebookError("roster", reason=f"{row.id!r} is no submission's name")
    result = read_stored_result(folder)
    if result is None:
        return None
    report = normalize_outcome(verified_report(result))
    evidence = str(report.provenance.get("evidence") or "")
    if evidence != evidence_digest(folder):
        return None
    last = report.changes[-1] if report.changes else None
    is_latest = last is not None and last.new == report.score
    at = utc_now()
    return IncomingResult(
        key=student_key(row, report.assignment),
        name=row.origin.name,
        report=report,
        attempt=Attempt(
            sha256=report.sha256,
            submission=row.id,
            file=row.file,
            origin=row.origin,
            at=at,
            first_submitted=when,
            last_submitted=when,
            is_corrected=correcting and time is not None,
        ),
        result=Result(
            at=at,
            who=who,
            why=last.why if last is not None and is_latest else "",
            outcome=report.outcome,
            status=report.run.status,
            score=report.score,
            max_score=report.max_score,
            assignment_digest=report.assignment_digest,
            evidence=evidence,
            seal=str(result[SEAL]),
            checks=tuple(
                {"id": c.id, "points": c.points, "max_points": c.max_points} for c in report.checks
            ),
        ),
    )
