"""A model that could not be asked before the run ended is asked from the definitions alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.assignment.schema import Assignment, Limits
from grader.core.types import CUT_OFF, Evidence
from grader.judge.verdict import verdict
from grader.run.collect_evidence import collect_evidence
from grader.submission.notebook.read import read_notebook
from tests.support.project import SOLUTION, short_solution
from tests.support.warm_kernels import Kernels

DIES = "import os\nos._exit(1)"
GROWS = (
    "import time\nimport numpy\nkept = []\nfor _ in range(40):\n"
    "    kept.append(numpy.ones(5_000_000))\n    time.sleep(0.1)"
)
WRITTEN = next(c.source for c in read_notebook(SOLUTION).cells if "grader:HH" in c.tags)
NOBODY = Limits(cell_seconds=20, notebook_seconds=40, probe_seconds=20)


def _evidence(
    kernels: Kernels,
    assignment: Assignment,
    folder: Path,
    before: str,
    graded: str = WRITTEN,
    limits: Limits = NOBODY,
) -> Evidence:
    """Evidence of the short solution with a cell before the graded one, and with that one."""
    file = short_solution(folder / "n.ipynb", before)
    notebook = json.loads(file.read_text("utf-8"))
    (cell,) = (c for c in notebook["cells"] if c["id"] == "HH")
    cell["source"] = graded
    file.write_text(json.dumps(notebook), "utf-8")
    return collect_evidence(kernels.job(file, assignment, limits))


def _said(evidence: Evidence, assignment: Assignment, language: str = "en") -> str:
    return "\n".join(verdict(evidence, assignment, "n", language).notes)


def test_a_model_below_a_dead_kernel_is_asked(
    tmp_path: Path, assignment: Assignment, warm: Kernels
) -> None:
    """Where the kernel dies above the class, the class as written is asked; the report says so."""
    evidence = _evidence(warm, assignment, tmp_path, DIES)
    attempt = evidence.exercises["HH"]
    assert (evidence.executed.status, attempt.reprobed_from_source) == ("kernel_died", "ended")
    assert attempt.answers.traces
    assert "before these classes were tested: HH. They were tested as they are written" in _said(
        evidence, assignment
    )
    assert "按所写的代码检验这些类" in _said(evidence, assignment, "zh")


@pytest.mark.full
@pytest.mark.parametrize(
    ("before", "behind", "limits"),
    [
        ("1", f"\n{DIES}", NOBODY),
        ("1", "\nquit()", NOBODY),
        ("import time\ntime.sleep(30)", "", NOBODY.changed(notebook_seconds=3)),
        (GROWS, "", NOBODY.changed(memory_mb=500)),
    ],
    ids=["exit-in-its-cell", "quit-in-its-cell", "notebook-seconds", "memory"],
)
def test_a_model_that_the_run_did_not_reach_is_asked(
    before: str,
    behind: str,
    limits: Limits,
    tmp_path: Path,
    assignment: Assignment,
    warm: Kernels,
) -> None:
    """However the run ended before the model could be asked, it is asked."""
    evidence = _evidence(warm, assignment, tmp_path, before, WRITTEN + behind, limits)
    attempt = evidence.exercises["HH"]
    assert evidence.executed.status in CUT_OFF
    assert (attempt.reprobed_from_source, bool(attempt.answers.traces)) == ("ended", True)


def test_a_wrong_class_gains_nothing_by_a_dead_kernel(
    tmp_path: Path, assignment: Assignment, warm: Kernels
) -> None:
    """What is asked is the class as it is written, with its own wrong values."""
    wrong = WRITTEN.replace("E=-77.", "E=77.")
    assert wrong != WRITTEN
    evidence = _evidence(warm, assignment, tmp_path, DIES, wrong)
    channel = evidence.exercises["HH"].probe.channel("IK")
    assert channel is not None
    assert channel.parameters["E"] == 77.0


@pytest.mark.full
def test_a_class_that_is_not_what_its_cell_writes_is_no_answer(
    tmp_path: Path, assignment: Assignment, warm: Kernels
) -> None:
    """A decorator that makes a wrong class right is found out where only definitions run, too."""
    corrects = (
        "def corrected(cls):\n    old = cls.__init__\n"
        "    def __init__(self, size):\n        old(self, size)\n"
        "        self.IK = IK(size, E=-77., g_max=36.)\n"
        "    cls.__init__ = __init__\n    return cls\n"
    )
    wrong = "@corrected\n" + WRITTEN.replace("E=-77.", "E=77.")
    evidence = _evidence(warm, assignment, tmp_path, corrects + DIES, wrong)
    attempt = evidence.exercises["HH"]
    assert (attempt.reprobed_from_source, attempt.probe.population) == ("", 0)


@pytest.mark.full
def test_a_model_whose_question_ends_the_run_is_not_asked_again(
    tmp_path: Path, assignment: Assignment, warm: Kernels
) -> None:
    """Where the model itself ends the kernel, it had its question."""
    head, colon, body = WRITTEN.partition("super().__init__(")
    dies = f"{head}import os; os._exit(1)\n    {colon}{body}"
    evidence = _evidence(warm, assignment, tmp_path, "1", dies)
    attempt = evidence.exercises["HH"]
    assert (evidence.executed.status, attempt.reprobed_from_source) == ("kernel_died", "")
    assert not attempt.probe.population
