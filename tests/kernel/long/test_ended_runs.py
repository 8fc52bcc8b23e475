"""Models that could not be asked before the run ended, by each way to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.assignment.schema import Assignment, Limits
from grader.core.types import CUT_OFF
from tests.support.ended_runs import DIES, NOBODY, WRITTEN, evidence_below
from tests.support.warm_kernels import Kernels

GROWS = (
    "import time\nimport numpy\nkept = []\nfor _ in range(40):\n"
    "    kept.append(numpy.ones(5_000_000))\n    time.sleep(0.1)"
)


@pytest.mark.parametrize(
    ("before", "behind", "limits"),
    [
        ("1", f"\n{DIES}", NOBODY),
        ("1", "\nquit()", NOBODY),
        ("import time\ntime.sleep(30)", "", NOBODY.with_changes(notebook_seconds=3)),
        (GROWS, "", NOBODY.with_changes(memory_mb=500)),
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
    evidence = evidence_below(warm, assignment, tmp_path, before, WRITTEN + behind, limits)
    attempt = evidence.exercises["HH"]
    assert evidence.executed.status in CUT_OFF
    assert (attempt.reprobed_from_source, bool(attempt.answers.traces)) == ("ended", True)


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
    evidence = evidence_below(warm, assignment, tmp_path, corrects + DIES, wrong)
    attempt = evidence.exercises["HH"]
    assert (attempt.reprobed_from_source, attempt.probe.population) == ("", 0)


def test_a_model_whose_question_ends_the_run_is_not_asked_again(
    tmp_path: Path, assignment: Assignment, warm: Kernels
) -> None:
    """Where the model itself ends the kernel, it had its question."""
    head, colon, body = WRITTEN.partition("super().__init__(")
    dies = f"{head}import os; os._exit(1)\n    {colon}{body}"
    evidence = evidence_below(warm, assignment, tmp_path, "1", dies)
    attempt = evidence.exercises["HH"]
    assert (evidence.executed.status, attempt.reprobed_from_source) == ("kernel_died", "")
    assert not attempt.probe.population
