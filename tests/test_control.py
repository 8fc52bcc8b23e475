"""The control question: whose fault it is that a model gave no answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from project import short_solution
from warm_kernels import COLD, Kernels

from grader.assignment import Assignment
from grader.gather import gather
from grader.judge.verdict import verdict
from grader.stages import Evidence

MUTE = """\
kernel = get_ipython().kernel
honest = kernel.do_execute

async def mute(*arguments, **options):
    found = await honest(*arguments, **options)
    return {**found, "user_expressions": {}}

kernel.do_execute = mute
"""


@pytest.fixture
def mute(tmp_path: Path) -> Path:
    """A right notebook whose kernel answers no question."""
    return short_solution(tmp_path / "mute.ipynb", MUTE)


def _with_solution(assignment: Assignment, file: Path) -> Assignment:
    assert assignment.rubric is not None
    rubric = assignment.rubric.model_copy(update={"solution": file})
    return assignment.model_copy(update={"rubric": rubric})


def test_no_answer_is_the_notebook_s_where_the_solution_answers(
    mute: Path, tmp_path: Path, assignment: Assignment, warm: Kernels
) -> None:
    """It is graded without its model, and a teacher is told to look at it."""
    answering = _with_solution(assignment, short_solution(tmp_path / "solution.ipynb"))
    evidence = gather(warm.job(mute, answering))
    assert evidence.broken == ""
    assert [fault.stage for fault in evidence.attempts["HH"].probe.faults] == ["reply"]
    report = verdict(evidence, answering, "mute", "en")
    assert report.outcome == "graded"
    earned = {check.family for check in report.checks if check.points}
    assert earned == {"execution"}
    assert report.needs_look


def test_no_answer_is_nobody_s_where_the_solution_has_none_either(
    mute: Path, assignment: Assignment, warm: Kernels
) -> None:
    """Where no model can be asked our questions don't work: no score, and no point is lost."""
    evidence = gather(warm.job(mute, _with_solution(assignment, mute)))
    _is_nobodys(evidence, assignment)


def test_no_answer_is_nobody_s_without_a_solution(mute: Path, assignment: Assignment) -> None:
    """A student's own check, in a cold kernel, has no solution to ask, and blames nobody."""
    own = assignment.model_copy(update={"rubric": None})
    _is_nobodys(gather(COLD.job(mute, own, hidden=False)), assignment)


def _is_nobodys(evidence: Evidence, assignment: Assignment) -> None:
    assert "neither this model nor the assignment's solution" in evidence.broken
    report = verdict(evidence, assignment, "mute", "en")
    assert (report.outcome, report.score) == ("not_graded", None)
    assert {check.status for check in report.checks} == {"error"}
