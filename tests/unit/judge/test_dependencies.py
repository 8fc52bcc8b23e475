"""For which exercises the teacher's part stands in: where a wrong one cost points."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.assignment.schema import Assignment
from grader.core.types import CheckResult
from grader.judge.dependencies import parts_to_substitute
from grader.submission.notebook.read import read_notebook
from tests.support.lesson import SAMPLES, unanswered_evidence


def _results(lesson: Assignment, *lost: str) -> list[CheckResult]:
    return [
        CheckResult(
            id=check.id,
            family=check.family,
            visibility="public",
            status="fail" if check.id in lost else "pass",
            points=0.0,
            max_points=1.0,
            message_id="",
            message="",
        )
        for check in lesson.checks
    ]


@pytest.mark.parametrize(
    ("lost", "replaced"),
    [
        ((), {}),
        (("lesson.IK.current",), {}),
        (("lesson.HH.V",), {}),
        (("lesson.IK.current", "lesson.HH.V"), {"HH": ("IK",)}),
        (("lesson.IL.current", "lesson.IK.dn", "lesson.HH.V"), {"HH": ("IK", "IL")}),
        (("lesson.IK.current", "lesson.execution.runs"), {}),
        (("lesson.composed.IL.E",), {}),
        (
            ("lesson.composed.IL.E", "lesson.composed.recorded"),
            {"HH-composed-run": ("HH-composed",)},
        ),
    ],
)
def test_a_right_part_stands_in_where_a_wrong_one_cost_points(
    lesson: Assignment, lost: tuple[str, ...], replaced: dict[str, tuple[str, ...]]
) -> None:
    """The part must have lost points, and what is made of it too; of the whole run none count."""
    evidence = unanswered_evidence(lesson, read_notebook(SAMPLES / "right-plain.ipynb"))
    assert parts_to_substitute(evidence, lesson, _results(lesson, *lost)) == replaced


@pytest.mark.parametrize(
    ("lost", "replaced"),
    [
        (("lesson.IK.current",), {}),
        (("lesson.IK.current", "lesson.HH.V"), {}),
        ((), {"HH": ()}),
        (("lesson.IK.current", "lesson.IL.current"), {"HH": ("IK", "IL")}),
    ],
)
def test_what_was_asked_again_is_so_once_more_only_where_other_parts_are_wrong(
    lesson: Assignment, lost: tuple[str, ...], replaced: dict[str, tuple[str, ...]]
) -> None:
    """As they are where the same evidence is judged by another rubric."""
    filled = unanswered_evidence(lesson, read_notebook(SAMPLES / "right-plain.ipynb"))
    again = replace(filled.exercises["HH"], reprobed_with=("IK",))
    done = replace(filled, exercises={**filled.exercises, "HH": again})
    assert parts_to_substitute(done, lesson, _results(lesson, *lost)) == replaced


def test_nothing_stands_in_for_a_blank(lesson: Assignment) -> None:
    """What was never filled in is not asked again."""
    blank = unanswered_evidence(lesson, read_notebook(SAMPLES / "unfilled.ipynb"))
    results = _results(lesson, "lesson.IK.current", "lesson.HH.V")
    assert parts_to_substitute(blank, lesson, results) == {}
