"""A model that could not be asked before the run ended is asked from the definitions alone."""

from __future__ import annotations

from pathlib import Path

from grader.assignment.schema import Assignment
from grader.core.types import Evidence
from grader.judge.verdict import verdict
from tests.support.ended_runs import DIES, WRITTEN, evidence_below
from tests.support.warm_kernels import Kernels


def _said(evidence: Evidence, assignment: Assignment, language: str = "en") -> str:
    return "\n".join(verdict(evidence, assignment, "n", language).notes)


def test_a_model_below_a_dead_kernel_is_asked(
    tmp_path: Path, assignment: Assignment, warm: Kernels
) -> None:
    """Where the kernel dies above the class, the class as written is asked; the report says so."""
    evidence = evidence_below(warm, assignment, tmp_path, DIES)
    attempt = evidence.exercises["HH"]
    assert (evidence.executed.status, attempt.reprobed_from_source) == ("kernel_died", "ended")
    assert attempt.answers.traces
    assert "before these classes were tested: HH. They were tested as they are written" in _said(
        evidence, assignment
    )
    assert "按所写的代码检验这些类" in _said(evidence, assignment, "zh")


def test_a_wrong_class_gains_nothing_by_a_dead_kernel(
    tmp_path: Path, assignment: Assignment, warm: Kernels
) -> None:
    """What is asked is the class as it is written, with its own wrong values."""
    wrong = WRITTEN.replace("E=-77.", "E=77.")
    assert wrong != WRITTEN
    evidence = evidence_below(warm, assignment, tmp_path, DIES, wrong)
    channel = evidence.exercises["HH"].probe.channel("IK")
    assert channel is not None
    assert channel.parameters["E"] == 77.0
