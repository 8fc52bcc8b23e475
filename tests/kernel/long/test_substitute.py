"""The teacher's part in the place of a wrong one: where a run is asked, and when judging again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from grader.assignment.schema import Assignment
from grader.run.substitute_parts import reprobe_with_solution
from grader.submission.notebook.read import read_notebook
from tests.support.courses import make
from tests.support.lesson import SAMPLES, unanswered_evidence
from tests.support.warm_kernels import COLD


def test_a_run_is_asked_with_the_right_model(lesson: Assignment) -> None:
    """Its cell runs as it is, with the teacher's class in the place of the blank one.

    The kernel is a cold one.
    """
    submission = read_notebook(SAMPLES / "composed-left-blank.ipynb")
    before = unanswered_evidence(lesson, submission)
    wrong = {"HH-composed-run": ("HH-composed",)}
    attempt = reprobe_with_solution(COLD.job(SAMPLES, lesson), before, wrong).exercises[
        "HH-composed-run"
    ]
    assert attempt.judged_with == ("HH-composed",)
    records = attempt.answers.records
    assert set(records) == {"na-p", "na-q", "k-p", "v"}
    assert all(record.rows == 1000 and record.finite for record in records.values())
    assert all(np.array_equal(record.last, record.state) for record in records.values())


def test_judging_again_asks_again_where_other_parts_are_wrong(tmp_path: Path) -> None:
    """A torn result is judged from what is there; where its part is right now, its own counts."""
    course = make(tmp_path, {"a": (SAMPLES / "IK-n-cubed.ipynb").read_text("utf-8")}, "hh-lesson")
    assert course.grade().returncode == 0
    before = json.loads((course.out / "a" / "result.json").read_text("utf-8"))
    (course.out / "a" / "result.json").unlink()
    assert course.grade().returncode == 0
    after = json.loads((course.out / "a" / "result.json").read_text("utf-8"))
    assert (after["score"], after["checks"]) == (before["score"], before["checks"])
    note = "was judged with the teacher's solution"
    assert note in (course.out / "a" / "result.md").read_text("utf-8")
    course.replace_in("reference/hh-lesson/model.py", '"n": 4', '"n": 3')
    plan = course.grade("--dry-run").stdout
    assert "other parts of them are wrong now (1): a" in plan, plan
    assert course.grade().returncode == 0
    last = json.loads((course.out / "a" / "result.json").read_text("utf-8"))
    assert last["score"] > before["score"]
    assert note not in (course.out / "a" / "result.md").read_text("utf-8")
