"""A model that steps its own states: its blanks, its stimuli, its records of spikes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment, Check
from grader.assignment.stimuli import draw_stimuli
from grader.core.types import (
    Answers,
    Blank,
    Evidence,
    ExecutedNotebook,
    ExerciseEvidence,
    Finding,
    GradedCell,
    ModelProbe,
    ReferenceAnswers,
    StimulusSet,
    Submission,
)
from grader.judge.checks import CHECKS, CheckContext
from grader.submission.cells.find_cell import find_cell
from grader.submission.notebook.read import read_notebook
from tests.support.project import ROOT

ID = "hh-from-scratch"


@pytest.fixture(scope="module")
def scratch() -> Assignment:
    return load_assignment(ROOT / "assignments" / ID, ROOT / "reference" / ID)


def _filled(file: Path, assignment: Assignment) -> dict[str, bool]:
    cell = find_cell(read_notebook(file), assignment.exercises[0], assignment)
    return {blank.name: blank.filled for blank in cell.blanks}


def test_blanks_are_states_and_methods(scratch: Assignment) -> None:
    """All eight are empty as released, lines given around a stub or not, and none when solved."""
    blanks = scratch.exercises[0].blanks
    assert scratch.rubric is not None
    assert _filled(scratch.notebook, scratch) == dict.fromkeys(blanks, False)
    assert _filled(scratch.rubric.solution, scratch) == dict.fromkeys(blanks, True)


def test_a_pulse_flows_between_its_start_and_its_stop(scratch: Assignment) -> None:
    """As in the notebook: 10 ms of nothing, 2 ms of current, 25 ms of nothing."""
    current = draw_stimuli(scratch, 0, hidden=False).current
    expected = np.zeros((370, 6))
    expected[100:120] = [1.0, 2.0, 4.0, 8.0, 10.0, 15.0]
    np.testing.assert_array_equal(current, expected)


V = np.array([-70.0, 10.0, 30.0, 40.0, 0.0, 25.0])
FLAG = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 1.0])
LAST = np.array([-1e7, -1e7, 0.2, 0.2, 0.2, 0.5])


def _judged(scratch: Assignment, kind: str, **traces: Any) -> Finding:
    """What a check of a record makes of traces of one stimulus, in steps of 0.1 ms."""
    return _of_answers(scratch, kind, "own", traces)


def _of_answers(
    scratch: Assignment,
    kind: str,
    variable: str,
    traces: Mapping[str, Any],
    start: Mapping[str, tuple[float, float]] = MappingProxyType({}),
) -> Finding:
    panel = StimulusSet(
        names=("a",), dt=0.1, current=np.zeros((6, 1)), V0=np.array([-70.68]), public=1
    )
    columns = {name: np.asarray(trace, float)[:, None] for name, trace in traces.items()}
    attempt = ExerciseEvidence(
        cell=GradedCell(
            exercise="HH", index=0, class_name="HH", blanks=(Blank(name="V", filled=True),)
        ),
        probe=ModelProbe(found=True, population=1),
        answers=Answers(traces=columns, start=start),
        stimuli=panel,
        reference=ReferenceAnswers(variant="", traces=columns, field={}, gates={}, fitted={}),
    )
    evidence = Evidence(
        submission=Submission(file="n.ipynb", sha256=""),
        executed=ExecutedNotebook(status="ok"),
        exercises={"HH": attempt},
    )
    check = Check(id="x", kind=kind, family="f", exercise="HH", variable=variable)
    return CHECKS[kind](
        CheckContext(check=check, assignment=scratch, all_evidence=evidence, evidence=attempt)
    )


def test_a_record_is_held_against_the_models_own_V(scratch: Assignment) -> None:
    """A flag in the steps that cross the threshold, a time at either end of the last of them."""
    assert _judged(scratch, "spike_flag", V=V, own=FLAG).credit == 1.0
    assert _judged(scratch, "last_spike", V=V, own=LAST).credit == 1.0
    assert _judged(scratch, "last_spike", V=V, own=LAST + 0.1 * (LAST > 0)).credit == 1.0
    assert _judged(scratch, "spike_flag", V=V, own=V >= 20.0).credit == 0.0
    assert _judged(scratch, "last_spike", V=V, own=np.full(6, -1e7)).credit == 0.0
    assert _judged(scratch, "last_spike", V=V, own=LAST + 0.2).credit == 0.0


def test_a_record_of_nothing_is_not_judged(scratch: Assignment) -> None:
    """No spike earns nothing and fails nothing, no state fails, and NaN is no flag's fault."""
    assert _judged(scratch, "spike_flag", V=V - 100.0, own=FLAG * 0).credit is None
    assert _judged(scratch, "spike_flag", V=V).message_id == "checks.record.missing"
    lost = np.where(np.arange(6) < 4, V, np.nan)
    assert _judged(scratch, "spike_flag", V=lost, own=FLAG).credit == 1.0


def test_where_a_record_starts_is_judged_beside_a_right_V(scratch: Assignment) -> None:
    """Neither state is a gate that V could tell of."""
    start = {"spike": (0.0, 0.0), "t_last_spike": (-1e7, -1e7)}
    for name in start:
        wrong = {**start, name: (1.0, 1.0)}
        assert _of_answers(scratch, "start", name, {"V": V}, start).credit == 1.0
        assert _of_answers(scratch, "start", name, {"V": V}, wrong).credit == 0.0


def test_a_stimulus_that_stops_before_it_starts_is_an_error(scratch: Assignment) -> None:
    """Times of a stimulus run forward."""
    from grader.assignment.load import AssignmentError, _verify

    wrong = scratch.stimuli[0].model_copy(update={"stop": 5.0})
    with pytest.raises(AssignmentError, match="'pulse of 1' stops before it starts"):
        _verify(scratch.model_copy(update={"stimuli": (wrong, *scratch.stimuli[1:])}), True)


@pytest.mark.parametrize(
    ("value", "message"), [(1e-3, "wrong_text"), (2.9e-3, "power_of_ten"), (2.9e-4, "ok")]
)
def test_a_parameter_of_the_neuron_itself_is_told(value: float, message: str) -> None:
    """One that no channel has: wrong, off by a power of ten, or right."""
    cell = load_assignment(ROOT / "assignments" / "thalamic", derived=False)
    attempt = ExerciseEvidence(
        cell=GradedCell(
            exercise="TC", index=0, class_name="TC", blanks=(Blank(name="IL", filled=True),)
        ),
        probe=ModelProbe(found=True, population=1, class_name="TC", parameters={"A": value}),
        answers=Answers(),
    )
    evidence = Evidence(
        submission=Submission(file="n.ipynb", sha256=""),
        executed=ExecutedNotebook(status="ok"),
        exercises={"TC": attempt},
    )
    check = Check(id="x", kind="parameter", family="f", exercise="TC", parameter="A")
    found = CHECKS["parameter"](
        CheckContext(check=check, assignment=cell, all_evidence=evidence, evidence=attempt)
    )
    assert found.message_id == f"checks.parameter.{message}"
