"""One submission's folder: what lies there stands, or why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from grader.assignment import digests
from grader.assignment.schema import Assignment
from grader.core.evidence_store import BadEvidence, OtherVersion, StoredEvidence, read_stored
from grader.core.types import CUT_OFF, GradeReport, Note
from grader.grading.plan.fingerprint import digest_of, environment, reason, run_fingerprint
from grader.grading.settings import GradingSettings
from grader.judge.provenance import file_name
from grader.report.store.pages import PAGES, read_page
from grader.report.store.read import read_stored_result, verified_report
from grader.report.store.result_json import ResultError
from grader.submission.intake import SubmittedFile


@dataclass(frozen=True, slots=True)
class Action:
    """The next thing to do with one submission, and why; ``report`` is set for what is kept."""

    kind: Literal["keep", "judge", "run"]
    why: Note | None = None
    report: GradeReport | None = None


def next_action(
    entry: SubmittedFile, folder: Path, assignment: Assignment, settings: GradingSettings
) -> Action:
    """Keep the result in ``folder``, judge its evidence again, or run the notebook."""
    try:
        stored = read_stored(folder)
    except OtherVersion:
        return Action("run", reason("grader"))
    except BadEvidence:
        return Action("run", reason("damaged_evidence"))
    if stored is None:
        return Action("run", reason("new"))
    if stored.harness_error or (stored.status in CUT_OFF and not stored.repeated):
        return Action("run", reason("unfinished"))
    why = next(_run_differences(stored, entry, assignment, settings), None)
    return (
        Action("run", why)
        if why
        else _action_with_evidence(entry, folder, assignment, settings, stored)
    )


def _action_with_evidence(
    entry: SubmittedFile,
    folder: Path,
    assignment: Assignment,
    settings: GradingSettings,
    stored: StoredEvidence,
) -> Action:
    """Choose what to do where the evidence stands, and the result may not."""
    try:
        result = read_stored_result(folder)
        if result is None:  # what stumbled may have done so for the machine of that run
            return Action("run" if stored.had_failure else "judge", reason("unfinished"))
        report = verified_report(result)
    except ResultError:
        return Action("judge", reason("damaged_result"))
    why = next(_judgement_differences(report, entry, assignment, settings, stored), None)
    if result["outcome"] == "not_graded":
        if why is None or stored.had_failure:
            # The same would judge the same; or nobody asked yet what the solution does there.
            return Action("run", why or reason("not_graded"))
        return Action("judge", why)
    if why is None and not all(read_page(folder, name, result.get("pages")) for name in PAGES):
        why = reason("pages")
    return Action("judge", why) if why else Action("keep", report=report)


def _run_differences(
    stored: StoredEvidence, entry: SubmittedFile, assignment: Assignment, settings: GradingSettings
) -> Iterator[Note]:
    """Yield reasons why the evidence would be another one now; the most telling first."""
    before, now = stored.made, run_fingerprint(entry, assignment, settings)
    if stored.sha256 != digest_of(entry) or before.get("fault") != now["fault"]:
        yield reason("submission")
    if before.get("asked") != now["asked"]:
        yield reason("asked")
    if before.get("code") != now["code"]:
        yield reason("grader")
    for name, version in environment().items():
        if (old := stored.versions.get(name, "")) != version:
            yield reason("version", name=name, old=old, new=version)
    if before.get("packages") != now["packages"]:
        yield reason("packages")
    if before.get("limits") != now["limits"]:
        yield reason("limits")
    fits = (
        stored.sandbox != "none"
        if settings.sandbox == "auto"
        else stored.sandbox == settings.sandbox
    )
    if not fits:
        yield reason("sandbox", old=stored.sandbox)
    if before.get("gpu") != now["gpu"]:
        yield reason("device")
    if stored.seed != settings.seed_of(stored.sha256, assignment):
        yield reason("seed")


def _judgement_differences(
    report: GradeReport,
    entry: SubmittedFile,
    assignment: Assignment,
    settings: GradingSettings,
    stored: StoredEvidence,
) -> Iterator[Note]:
    """Yield reasons why the same evidence may be judged in another way now."""
    by = report.provenance
    if by.get("evidence") != stored.digest or report.submission_id != entry.id:
        yield reason("unfinished")
    if report.assignment_digest != assignment.digest:
        yield reason("files", files=_changed(report.assignment_files, assignment.files))
    if by.get("code") != digests.code(of_runs=False):
        yield reason("grader")
    if by.get("intake") != digests.intake(file_name(str(entry.path)), entry.notes):
        yield reason("intake")
    if report.language != settings.language:
        yield reason("language")
    if settings.device != "auto" and by.get("device") != settings.device:
        yield reason("device")


def _changed(before: Mapping[str, str], now: Mapping[str, Any]) -> str:
    """List the files of an assignment that are not what they were."""
    names = {name for name in (*before, *now) if before.get(name) != now.get(name)}
    return ", ".join(sorted(names))
