"""What a run recorded, and which owner a class names: both without a model to ask."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment, Check
from grader.core.types import (
    Answers,
    Blank,
    ChannelProbe,
    Evidence,
    ExecutedNotebook,
    ExerciseEvidence,
    Finding,
    GradedCell,
    ModelProbe,
    RecordedState,
    Submission,
)
from grader.judge.checks import CHECKS, CheckContext
from tests.support.project import ROOT

STATES = {"na-p": 0.1, "na-q": 0.4, "k-p": 0.3, "v": -66.0}


@pytest.fixture(scope="module")
def lesson() -> Assignment:
    folders = (ROOT / kind / "hh-lesson" for kind in ("assignments", "reference"))
    return load_assignment(*folders, derived=False)


def _record(last: float, state: float, finite: bool = True) -> RecordedState:
    return RecordedState(rows=1000, finite=finite, last=np.array([last]), state=np.array([state]))


def _judged(lesson: Assignment, check: Check, attempt: ExerciseEvidence) -> Finding:
    evidence = Evidence(
        submission=Submission(file="x", sha256=""),
        executed=ExecutedNotebook(status="ok"),
        exercises={check.exercise: attempt},
    )
    item = CheckContext(check=check, assignment=lesson, all_evidence=evidence, evidence=attempt)
    return CHECKS[check.kind](item)


def _recorded(lesson: Assignment, **records: RecordedState | None) -> Finding:
    """The finding for records that are right but for these, by names with _ for -."""
    own: dict[str, RecordedState | None] = {name: _record(x, x) for name, x in STATES.items()}
    own |= {name.replace("_", "-"): record for name, record in records.items()}
    check = next(c for c in lesson.checks if c.kind == "recorded")
    attempt = ExerciseEvidence(
        cell=GradedCell(exercise=check.exercise, index=14, class_name="runner"),
        probe=ModelProbe(found=True, class_name="DSRunner", population=1),
        answers=Answers(records={n: r for n, r in own.items() if r is not None}),
    )
    return _judged(lesson, check, attempt)


def test_records_of_the_right_states_are_right(lesson: Assignment) -> None:
    """Single precision included, wherever the model went."""
    assert _recorded(lesson).credit == 1.0
    assert _recorded(lesson, v=_record(float(np.float32(-66.1)), -66.1)).credit == 1.0


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (None, "missing"),
        (_record(0.1, 0.4), "wrong"),
        (_record(float("nan"), float("nan"), finite=False), "wrong"),
        (_record(0.4, 0.4, finite=False), "wrong"),
        (
            RecordedState(rows=1, finite=True, last=np.array([0.4, 0.4]), state=np.array([0.4])),
            "wrong",
        ),
        (RecordedState(rows=1, finite=True, last=np.array([]), state=np.array([])), "wrong"),
    ],
)
def test_each_wrong_record_costs_its_share(
    lesson: Assignment, record: RecordedState | None, message: str
) -> None:
    """One that is missing, of another state, no number, of another size, or of no neuron."""
    finding = _recorded(lesson, na_q=record)
    assert finding.credit == pytest.approx(0.75)
    assert finding.message_id == f"checks.recorded.{message}"
    assert finding.values["names"] == "'na-q' (INa.q)"


def test_without_a_runner_there_is_nothing_to_look_at(lesson: Assignment) -> None:
    """No cell, a blank one, and a cell that failed: each has a sentence of its own."""
    check = next(c for c in lesson.checks if c.kind == "recorded")
    nothing = ExerciseEvidence(
        cell=GradedCell(exercise=check.exercise, index=None),
        probe=ModelProbe(found=False),
        answers=Answers(),
    )
    assert _judged(lesson, check, nothing).message_id == "checks.run.not_found"
    blanks = (Blank(name="runner", filled=False, line=4),)
    cell = GradedCell(exercise=check.exercise, index=14, class_name="runner", blanks=blanks)
    assert _judged(lesson, check, replace(nothing, cell=cell)).message_id == "checks.run.unfilled"
    filled = replace(cell, blanks=(replace(blanks[0], filled=True),))
    finding = _judged(lesson, check, replace(nothing, cell=filled))
    assert finding.message_id == "checks.run.skipped.no_class"
    assert finding.credit is None


@pytest.mark.parametrize(
    ("name", "types", "credit", "message"),
    [
        ("IK", ("CondNeuGroup",), 1.0, "ok"),
        ("IK", ("HHTypedNeuron",), 1.0, "ok"),
        ("IK", ("Calcium",), 0.0, "other"),
        ("ICa", ("Calcium",), 1.0, "ok"),
        ("ICa", ("DynamicalSystem",), 0.5, "general"),
        ("ICaNa", ("Calcium", "Sodium"), 1.0, "ok"),
        ("ICaNa", ("Sodium", "Calcium"), 0.5, "order"),
        ("ICaNa", ("Calcium",), 0.0, "other"),
        ("ICaNa", ("Calcium", "Potassium"), 0.0, "other"),
        ("ICaNa", (), 0.0, "other"),
    ],
)
def test_the_owner_that_a_class_names(
    lesson: Assignment, name: str, types: tuple[str, ...], credit: float, message: str
) -> None:
    """A joint one counts as it is asked for; in another order it earns a part.

    A student's own check doesn't say which one, where the handout has no such name.
    """
    check = next(c for c in lesson.checks if c.exercise == f"master-{name}")
    attempt = ExerciseEvidence(
        cell=GradedCell(exercise=check.exercise, index=6, class_name=name),
        probe=ModelProbe(
            found=True,
            population=1,
            channels=(ChannelProbe(name=name, kind="channel", master_types=types),),
        ),
        answers=Answers(),
    )
    finding = _judged(lesson, check, attempt)
    assert (finding.credit, finding.message_id) == (credit, f"checks.master_type.{message}")
    own = _judged(lesson.model_copy(update={"rubric": None}), check, attempt)
    shown = message if name == "IK" or credit == 1.0 else "not_given"
    earned = credit if shown == message else 0.0  # a part of it would tell that it is close
    assert (own.credit, own.message_id) == (earned, f"checks.master_type.{shown}")
    assert name == "IK" or own.expected is None
