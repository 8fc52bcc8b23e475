"""What is said of a matrix: who is equal, which mistakes are named, and the page to cite."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.assignment.schema import Assignment, Measure
from grader.authoring.verify.judge_mutants import (
    has_same_field,
    named_mistakes,
    traces_are_within_tolerance,
)
from grader.authoring.verify.margins import clearances
from grader.authoring.verify.matrix import Matrix, MutantResult
from grader.authoring.verify.report_html import margin_table, operator_table, verify_html
from grader.authoring.verify.samples import SampleAgreement
from grader.core.types import (
    Answers,
    ExerciseEvidence,
    GradedCell,
    ModelProbe,
    Note,
    ReferenceAnswers,
)
from tests.support.sample_matrices import SIGN, TENFOLD, row


def attempt(off: float) -> ExerciseEvidence:
    """One whose dV/dt is ``off`` at one of 256 states."""
    field = np.zeros(256)
    field[7] = off
    return ExerciseEvidence(
        cell=GradedCell(exercise="HH", index=0),
        probe=ModelProbe(found=True),
        answers=Answers(field={"V": field}),
        reference=ReferenceAnswers(
            variant="code", traces={}, field={"V": np.zeros(256)}, gates={}, fitted={}
        ),
    )


def test_equal_is_equal_at_every_state(assignment: Assignment) -> None:
    """One state of 256 that is off makes it another model, and so does NaN."""
    (exercise,) = assignment.exercises
    assert has_same_field(attempt(0.0), exercise)
    assert not has_same_field(attempt(1e-3), exercise)
    assert not has_same_field(attempt(float("nan")), exercise)


def test_equal_is_equal_on_traces_of_V_too(assignment: Assignment) -> None:
    """Every first window within its tolerance; what was not measured is not equal."""
    first: dict[Measure, float] = {
        ("hh.simulation.V", 20.0): 1e-9,
        ("hh.simulation.further.V", 20.0): 1e-9,
    }
    assert traces_are_within_tolerance(attempt(0.0), first, assignment)
    assert not traces_are_within_tolerance(
        attempt(0.0), {**first, ("hh.simulation.V", 20.0): 1.0}, assignment
    )
    assert not traces_are_within_tolerance(attempt(0.0), {}, assignment)


def test_a_mistake_that_is_named_in_a_right_model_is_a_fault(assignment: Assignment) -> None:
    """A false alarm, whatever the marks are, with a sentence of its own."""
    alarm, fine = row(SIGN, right=True), row(right=True)
    matrix = Matrix(assignment=assignment, seeds=(1,), results=(alarm, fine, row(SIGN, equal=True)))
    assert [fault.diagnoses for fault in matrix.faults()] == [(SIGN,), (SIGN,)]
    page = verify_html(matrix, SampleAgreement(number=0, disagreements={}), "HH", 1.0, "en")
    assert f"right, but a mistake is named: {SIGN}" in page


def test_named_and_wrongly_named_are_counted(assignment: Assignment) -> None:
    """Wrongly named is what has only other causes named; silence is not wrong."""
    rows = (
        row(SIGN, cause=SIGN),
        row(SIGN, TENFOLD, cause=SIGN),
        row(TENFOLD, cause=SIGN),
        row(cause=SIGN),
    )
    matrix = Matrix(assignment=assignment, seeds=(1,), results=rows)
    tally = matrix.operators()["o"]
    assert (tally.number, tally.named, tally.wrongly_named, tally.missed) == (4, 3, 1, 0)
    assert matrix.faults() == [rows[2]]
    page = verify_html(matrix, SampleAgreement(number=0, disagreements={}), "HH", 1.0, "en")
    assert f"another mistake is named: {TENFOLD}" in page
    table = operator_table(matrix, "en")
    assert dict(zip(table.head, table.rows[0], strict=True))["wrongly named"] == "1"


def test_nothing_is_wrongly_named_where_no_cause_is_known(assignment: Assignment) -> None:
    """The table leaves that cell empty, and counts full marks beside it."""
    matrix = Matrix(assignment=assignment, seeds=(1,), results=(row(SIGN), row(full=True)))
    tally = matrix.operators()["o"]
    assert (tally.named, tally.wrongly_named, tally.missed) == (1, None, 1)
    assert operator_table(matrix, "en").rows[0][-3:] == ("1", "", "1")


def test_diagnoses_are_sentences_that_name_a_mistake(assignment: Assignment) -> None:
    """Those of checks, of the assignment's data and of equations; no other sentence is one."""
    said = (SIGN, "checks.parameter.wrong", "assignment.mistake.earlier_leak", "checks.map.wrong")
    found = named_mistakes(said, [Note(message_id="assignment.mistake.minus")], assignment)
    assert found == ("assignment.mistake.earlier_leak", "assignment.mistake.minus", SIGN)


def test_wrong_models_within_a_tolerance_are_counted(assignment: Assignment) -> None:
    """Of three wrong models one is not told by any measure; one is told under each seed."""

    def far(least: float, greatest: float) -> MutantResult:
        return replace(row(), distances=dict.fromkeys(assignment.measures, (least, greatest)))

    rows = (far(1e-15, 1e-15), far(1e-15, 9.0), far(9.0, 9.0))
    matrix = Matrix(assignment=assignment, seeds=(1, 2), results=rows)
    assert {(one.undetected, one.wrong_number) for one in clearances(matrix)} == {(2, 3)}
    assert {one[-1] for one in margin_table(matrix, "en").rows} == {"2 / 3"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_says_how_to_cite_and_repeat_it(assignment: Assignment, language: str) -> None:
    """Date, command, versions and the assignment's digest; tables scroll in their own box."""
    matrix = Matrix(assignment=assignment, seeds=(1, 2), results=(row(right=True), row()))
    page = verify_html(matrix, SampleAgreement(number=0, disagreements={}), "HH", 1.0, language)
    assert "grader verify hh --seeds 2" in page
    assert assignment.digest in page
    assert "BrainPy " in page
    assert page.count('class="scroll"') == page.count("<table>") == 3
    assert "grader grade FILE --seed N" in page
