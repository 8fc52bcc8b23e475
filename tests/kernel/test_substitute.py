"""The teacher's part in the place of a wrong one: in a kernel of its own, and only numbers out."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from pydantic import TypeAdapter

from grader.assignment.schema import Assignment
from grader.core.types import Evidence
from grader.judge.metrics import rmse
from grader.judge.reference.load_model import exercise_model, load_model
from grader.judge.reference.model import ReferenceModel
from grader.run.substitute_parts import reprobe_with_solution
from grader.submission.notebook.read import read_notebook
from tests.support.lesson import SAMPLES, unanswered_evidence
from tests.support.project import ROOT
from tests.support.warm_kernels import Kernels

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
    before = unanswered_evidence(lesson, submission)
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
    before = unanswered_evidence(lesson, replace(submission, cells=tuple(cells)))
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
    before = unanswered_evidence(lesson, replace(submission, cells=tuple(cells)))
    after = reprobe_with_solution(warm.job(SAMPLES, lesson), before, {"HH": ("IK",)})
    assert after.exercises["HH"] == replace(before.exercises["HH"], reprobed_with=("IK",))
