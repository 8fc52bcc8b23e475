"""Every check of an assignment applied to the evidence: findings, points, and their sentences."""

from __future__ import annotations

import math
import traceback
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from grader.assignment.schema import Assignment, Check, Exercise
from grader.core.messages import Catalogue
from grader.core.types import CheckResult, Evidence, Finding, Status
from grader.judge.checks import CHECKS, CheckContext
from grader.judge.dependencies import NOTEBOOK_CHECKS, exercise_title, with_exercise_title


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOutcome:
    """The finding of one check with its points, before it is laid out for a report."""

    check: Check
    finding: Finding
    status: Status
    message: str
    points: float


ExerciseCaches = defaultdict[str, dict[str, Any]]
"""Results worked out already, for each exercise; see `CheckContext`."""


def apply_checks(
    evidence: Evidence,
    assignment: Assignment,
    messages: Catalogue,
    caches: ExerciseCaches | None = None,
) -> Iterator[CheckOutcome]:
    """Every check of ``assignment``, in its order. One that raises is an error of ours."""
    caches = ExerciseCaches(dict) if caches is None else caches
    for check in assignment.checks:
        yield _apply_check(check, evidence, assignment, messages, caches[check.exercise])


def _apply_check(
    check: Check,
    evidence: Evidence,
    assignment: Assignment,
    messages: Catalogue,
    cache: dict[str, Any],
) -> CheckOutcome:
    exercise_evidence = evidence.exercises.get(check.exercise)

    def outcome(finding: Finding, status: Status) -> CheckOutcome:
        return CheckOutcome(
            check=check,
            finding=finding,
            status=status,
            message=_say(finding, assignment.exercise(check.exercise), messages),
            points=round(assignment.points(check) * (finding.credit or 0.0), 2),
        )

    def our_fault(detail: str) -> CheckOutcome:
        message = "checks.skipped.our_fault"
        return outcome(Finding(credit=0.0, message_id=message, detail=detail), "error")

    if evidence.harness_error:
        return our_fault(evidence.harness_error)
    if evidence.submission.fault is not None or exercise_evidence is None:
        return outcome(Finding(credit=0.0, message_id="checks.skipped.unreadable"), "skipped")
    context = CheckContext(
        check=check,
        assignment=assignment,
        all_evidence=evidence,
        evidence=exercise_evidence,
        cache=cache,
    )
    try:
        finding = _bounded(CHECKS[check.kind](context))
        return outcome(finding, _status(finding.credit))
    except Exception:  # ours, whatever the work was
        return our_fault(traceback.format_exc()[-4000:])


def check_result(outcome: CheckOutcome, assignment: Assignment, messages: Catalogue) -> CheckResult:
    """Lay out the outcome of one check for a report."""
    check, finding = outcome.check, outcome.finding
    exercise = assignment.exercise(check.exercise)
    return CheckResult(
        id=check.id,
        family=check.family,
        visibility=assignment.visibility(check),
        status=outcome.status,
        points=outcome.points,
        max_points=assignment.points(check),
        message_id=finding.message_id,
        message=outcome.message,
        detail=finding.detail,
        expected=_plain(finding.expected),
        found=_plain(finding.found),
        cell=finding.cell,
        line=finding.line,
        title=_title(check, exercise, messages),
        part=_part(check, exercise, messages),
    )


def _say(finding: Finding, exercise: Exercise, messages: Catalogue) -> str:
    """Render the sentence of a finding, with states and parameters named as in the lesson."""
    values = dict(finding.values)
    if "parameter" in values:
        values["term"] = _term(str(values["parameter"]), messages)
    if "full" in values:
        values["full"] = state_in_words(str(values["full"]), exercise, messages)
    return messages.render(finding.message_id, **values)


def state_in_words(name: str, exercise: Exercise, messages: Catalogue) -> str:
    """Name a state with what it is: an ion's is no gate, nor is a record of spikes."""
    own = f"assignment.term.{name}"
    kind = "V" if name == "V" else "gate"
    if exercise.is_ion(name.rpartition(".")[0]):
        kind = "concentration"
    elif name in exercise.records:
        kind = "state"
    return messages.render(own if messages.has(own) else f"checks.term.{kind}", name=name)


def _term(parameter: str, messages: Catalogue) -> str:
    """Return the assignment's own word for a parameter, where it has one."""
    own = f"assignment.term.{parameter}"
    return messages.render(own if messages.has(own) else "checks.term.parameter", name=parameter)


def _bounded(finding: Finding) -> Finding:
    """No check gives more than its points, or less than none, whatever a kernel said."""
    if finding.credit is None or 0.0 <= finding.credit <= 1.0:
        return finding
    return replace(finding, credit=0.0)


def _status(credit: float | None) -> Status:
    """Put a credit in words. NaN is no credit: it never passes."""
    if credit is None:
        return "skipped"
    if credit >= 1.0:
        return "pass"
    return "partial" if credit > 0.0 else "fail"


def _plain(value: object) -> str | int | float | bool | None:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool)) else None


def _title(check: Check, exercise: Exercise, messages: Catalogue) -> str:
    title = messages.render(
        f"checks.title.{check.kind}",
        channel=check.channel or check.exercise,
        parameter=check.parameter,
        term=_term(check.parameter, messages),
        variable=exercise.short_name(check.variable) or messages.render("checks.title.others"),
        steps=check.steps,
    )
    if check.stimuli == "hidden":
        title = messages.render("checks.title.further", title=title)
    return (
        title if check.kind in NOTEBOOK_CHECKS else with_exercise_title(exercise, title, messages)
    )


def _part(check: Check, exercise: Exercise, messages: Catalogue) -> str:
    if check.kind in NOTEBOOK_CHECKS or exercise.title is None:
        return ""
    return exercise_title(exercise, messages)
