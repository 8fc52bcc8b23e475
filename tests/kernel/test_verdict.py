"""From evidence to points: three outcomes, NaN, and checks that raise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.assignment.schema import Assignment
from grader.core.types import CheckResult, Evidence, Finding, GradeReport
from grader.judge.checks import CHECKS
from grader.judge.reference.compare import Comparison
from grader.judge.verdict import broken_evidence, verdict


@pytest.fixture(scope="module")
def evidence(solution: Evidence, assignment: Assignment) -> Evidence:
    """The solution, run for real and compared with the reference."""
    return Comparison(assignment, "cpu").add_reference(solution)


def _judged(evidence: Evidence, assignment: Assignment) -> GradeReport:
    return verdict(evidence, assignment, "x", "en")


def _by_id(report: GradeReport) -> Mapping[str, CheckResult]:
    return {check.id: check for check in report.checks}


def test_the_solution_has_full_marks(evidence: Evidence, assignment: Assignment) -> None:
    """The teacher's own notebook gets 100 of 100."""
    report = _judged(evidence, assignment)
    assert (report.outcome, report.score, report.max_score) == ("graded", 100.0, 100.0)


def test_a_check_that_raises_makes_no_score(
    evidence: Evidence, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in one check is that item's error; the submission is not graded, never 0."""
    monkeypatch.setitem(CHECKS, "figures", lambda item: 1 / 0)  # type: ignore[misc]
    report = _judged(evidence, assignment)
    assert (report.outcome, report.score) == ("not_graded", None)
    found = _by_id(report)
    assert found["hh.execution.figures"].status == "error"
    assert "ZeroDivisionError" in found["hh.execution.figures"].detail
    assert "ZeroDivisionError" not in found["hh.execution.figures"].message
    assert found["hh.execution.runs"].status == "pass"


@pytest.mark.parametrize("credit", [33.0, -1.0, float("inf"), float("nan")])
def test_no_check_gives_more_than_its_points(
    credit: float, evidence: Evidence, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A credit that is no share of the points earns none."""
    finding = Finding(credit=credit, message_id="checks.extra.ok")
    monkeypatch.setitem(CHECKS, "figures", lambda item: finding)
    report = _judged(evidence, assignment)
    found = _by_id(report)["hh.execution.figures"]
    assert (found.points, found.status) == (0.0, "fail")
    assert report.score == 100.0 - found.max_points


@pytest.mark.parametrize("state", ["V", "IK.n", "INa.m", "INa.h"])
def test_nan_never_passes(evidence: Evidence, assignment: Assignment, state: str) -> None:
    """One NaN in a trace fails every check that reads the trace."""
    attempt = evidence.exercises["HH"]
    trace = attempt.answers.traces[state].copy()
    trace[1500] = np.nan
    traces = {**attempt.answers.traces, state: trace}
    broken = replace(attempt, answers=replace(attempt.answers, traces=traces))
    found = _by_id(_judged(replace(evidence, exercises={"HH": broken}), assignment))
    for name in ("simulation", "simulation.further"):
        assert found[f"hh.{name}.{state.split('.')[-1]}"].status == "fail"
    if state == "V":
        assert found["hh.simulation.spike_count"].status == "fail"
        assert found["hh.simulation.firing_rate"].status == "fail"


def test_a_scheme_of_the_student_s_own_may_be_unstable(
    evidence: Evidence, assignment: Assignment
) -> None:
    """A trace that is lost after another first step costs nothing where the field is right."""
    attempt = evidence.exercises["HH"]
    trace = attempt.answers.traces["INa.m"] * 1.02
    trace[1500:, 3] = np.nan
    traces = {**attempt.answers.traces, "INa.m": trace}
    other = replace(attempt, answers=replace(attempt.answers, traces=traces))
    report = _judged(replace(evidence, exercises={"HH": other}), assignment)
    assert report.score == report.max_score


def test_nan_in_the_field_never_passes(evidence: Evidence, assignment: Assignment) -> None:
    """One NaN among the sampled derivatives fails the field's check."""
    attempt = evidence.exercises["HH"]
    slope = attempt.answers.field["V"].copy()
    slope[3] = np.nan
    answers = replace(attempt.answers, field={**attempt.answers.field, "V": slope})
    changed = replace(evidence, exercises={"HH": replace(attempt, answers=answers)})
    assert _by_id(_judged(changed, assignment))["hh.simulation.field.V"].status == "fail"


def test_our_fault_is_no_verdict(assignment: Assignment, tmp_path: Path) -> None:
    """Without evidence through our own fault every item is an error, and none costs points."""
    report = _judged(broken_evidence(str(tmp_path / "a.ipynb"), "disk full"), assignment)
    assert (report.outcome, report.score) == ("not_graded", None)
    assert {check.status for check in report.checks} == {"error"}
    assert all("disk full" not in check.message for check in report.checks)


def test_hidden_checks_are_marked(evidence: Evidence, assignment: Assignment) -> None:
    """What the rubric adds is hidden, what the assignment lists is public."""
    assert assignment.rubric is not None
    hidden = {check.id for check in assignment.rubric.checks}
    found = {check.id: check.visibility for check in _judged(evidence, assignment).checks}
    assert {id for id, visibility in found.items() if visibility == "hidden"} == hidden
    assert set(found.values()) == {"hidden", "public"}
