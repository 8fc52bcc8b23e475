"""The teacher's part in the place of a wrong one: in a kernel of its own, and only numbers out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.core.types import CheckResult, Evidence, ExecutedNotebook, Submission
from grader.judge.dependencies import parts_to_substitute
from grader.judge.metrics import rmse
from grader.judge.reference.model import ReferenceModel, exercise_model, load_model
from grader.run.probe.probe_model import empty_evidence
from grader.run.substitute import reprobe_with_solution
from grader.submission.cells.find_cell import find_cell
from grader.submission.notebook.read import read_notebook
from tests.support.courses import make
from tests.support.project import ROOT
from tests.support.warm_kernels import COLD, Kernels

SAMPLES = ROOT / "submissions" / "hh-lesson"
SEED = 5
TRAITOR = """
import re
class HH(bp.dyn.CondNeuGroup):
  def __init__(self, size):
    super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.))
    self.IK = IK(size, E=-77., g_max=36.)
    self.INa = INa(size, E=50., g_max=120.)
    self.IL = IL(size, E=-54.39, g_max=0.03)
    told = ' '.join(get_ipython().history_manager.input_hist_raw)
    told = re.sub('[^a-z_]+', '_', told[told.index('alpha' + '_n'):][:150])
    type(self).__name__ = type(self.IL).__name__ = told
    type(self).__qualname__ = type(self).__doc__ = told
    setattr(self, told, IL(size, g_max=0.))
    setattr(self.IL, told, bm.Variable(bm.zeros(size)))
"""


@pytest.fixture(scope="module")
def lesson() -> Assignment:
    folders = ROOT / "assignments" / "hh-lesson", ROOT / "reference" / "hh-lesson"
    return load_assignment(*folders, derived=False)


def _evidence(lesson: Assignment, submission: Submission) -> Evidence:
    """As after a run in which nothing was answered."""
    cells = {e.id: find_cell(submission, e, lesson) for e in lesson.exercises}
    return Evidence(
        submission=submission,
        executed=ExecutedNotebook(status="ok"),
        exercises={id: empty_evidence(cell) for id, cell in cells.items()},
        seed=SEED,
    )


def _text(evidence: Evidence, exercise: str) -> str:
    """All that an attempt says, but for its arrays and what the source itself says."""
    only = replace(evidence, exercises={exercise: evidence.exercises[exercise]})
    table = TypeAdapter(Evidence).dump_python(only, mode="json", context={"arrays": {}})
    return json.dumps(table["exercises"])


@pytest.mark.parametrize(
    "sample",
    [
        "IK-n-cubed",
        pytest.param("IK-n-cubed-in-one-cell-with-HH", marks=pytest.mark.full),
    ],
)
def test_a_model_is_asked_with_the_right_part(
    lesson: Assignment, sample: str, warm: Kernels
) -> None:
    """It follows the reference then, to round-off; every other attempt stays as it was."""
    submission = read_notebook(SAMPLES / f"{sample}.ipynb")
    before = _evidence(lesson, submission)
    after = reprobe_with_solution(warm.job(SAMPLES, lesson), before, {"HH": ("IK",)})
    attempt = after.exercises["HH"]
    assert attempt.judged_with == ("IK",)
    assert attempt.stimuli is not None
    whole = load_model(ROOT / "reference" / "hh-lesson" / "model.py")
    expected = ReferenceModel(exercise_model(whole, "HH"), "cpu").run(attempt.stimuli)
    assert rmse(attempt.answers.traces["V"], expected["V"], attempt.stimuli.time, 20.0) < 1e-6
    own = attempt.probe.channel("IK")
    assert own is not None
    assert (own.type_name, own.from_notebook, own.integrated) == ("IK", True, True)
    assert own.parameters["E"] == -77.0
    others = before.exercises.keys() - {"HH"}
    assert all(after.exercises[id] is before.exercises[id] for id in others)


def test_nothing_of_the_teachers_source_comes_out(lesson: Assignment, warm: Kernels) -> None:
    """A model that calls itself, its parts and its states by that source says no word of it."""
    submission = read_notebook(SAMPLES / "IK-n-cubed.ipynb")
    cells = [replace(c, source=TRAITOR) if c.id == "HH" else c for c in submission.cells]
    before = _evidence(lesson, replace(submission, cells=tuple(cells)))
    after = reprobe_with_solution(warm.job(SAMPLES, lesson), before, {"HH": ("IK",)})
    attempt = after.exercises["HH"]
    assert attempt.judged_with == ("IK",)
    assert np.isfinite(attempt.answers.traces["V"]).all()
    assert "beta_n" not in _text(after, "HH")
    assert "alpha_n" not in _text(after, "HH")


def test_what_fails_with_the_right_part_keeps_what_it_had(
    lesson: Assignment, warm: Kernels
) -> None:
    """And its error, which could quote that part, is not told."""
    submission = read_notebook(SAMPLES / "IK-n-cubed.ipynb")
    failing = TRAITOR.replace("type(self).__name__ =", "raise RuntimeError(told)\n    x =")
    cells = [replace(c, source=failing) if c.id == "HH" else c for c in submission.cells]
    before = _evidence(lesson, replace(submission, cells=tuple(cells)))
    after = reprobe_with_solution(warm.job(SAMPLES, lesson), before, {"HH": ("IK",)})
    assert after.exercises["HH"] == replace(before.exercises["HH"], reprobed_with=("IK",))


@pytest.mark.full
def test_a_run_is_asked_with_the_right_model(lesson: Assignment) -> None:
    """Its cell runs as it is, with the teacher's class in the place of the blank one.

    The kernel is a cold one.
    """
    submission = read_notebook(SAMPLES / "composed-left-blank.ipynb")
    before = _evidence(lesson, submission)
    wrong = {"HH-composed-run": ("HH-composed",)}
    attempt = reprobe_with_solution(COLD.job(SAMPLES, lesson), before, wrong).exercises[
        "HH-composed-run"
    ]
    assert attempt.judged_with == ("HH-composed",)
    records = attempt.answers.records
    assert set(records) == {"na-p", "na-q", "k-p", "v"}
    assert all(record.rows == 1000 and record.finite for record in records.values())
    assert all(np.array_equal(record.last, record.state) for record in records.values())


# ---------------------------------------------------------------------- who is asked again


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
    evidence = _evidence(lesson, read_notebook(SAMPLES / "right-plain.ipynb"))
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
    filled = _evidence(lesson, read_notebook(SAMPLES / "right-plain.ipynb"))
    again = replace(filled.exercises["HH"], reprobed_with=("IK",))
    done = replace(filled, exercises={**filled.exercises, "HH": again})
    assert parts_to_substitute(done, lesson, _results(lesson, *lost)) == replaced


def test_nothing_stands_in_for_a_blank(lesson: Assignment) -> None:
    """What was never filled in is not asked again."""
    blank = _evidence(lesson, read_notebook(SAMPLES / "unfilled.ipynb"))
    results = _results(lesson, "lesson.IK.current", "lesson.HH.V")
    assert parts_to_substitute(blank, lesson, results) == {}


@pytest.mark.full
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
