"""Tolerances are derived from what was measured, stored as data, and required."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.assignment.load import AssignmentError, load_assignment
from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.derive import SEEDS, is_derived_from
from grader.authoring.verify.margins import NoMargin, clearances, margins_between, round_number
from grader.authoring.verify.matrix import Matrix, MutantResult
from grader.authoring.verify.tolerances_file import write_tolerances
from grader.core.types import Precision
from tests.support.project import ROOT


def row(
    assignment: Assignment, far: float, *, right: bool, precision: Precision = "float64"
) -> MutantResult:
    """A model that is equally far away in every measure."""
    return MutantResult(
        mutant=Mutant(operator="o", place="p", cells={}, right=right),
        lowest=100.0 if right else 0.0,
        highest=100.0 if right else 0.0,
        lost={},
        full_mark_seeds=(),
        is_equivalent=False,
        errors=(),
        messages=(),
        distances=dict.fromkeys(assignment.measures, (far, far)),
        precision=precision,
    )


def matrix(assignment: Assignment, *rows: MutantResult) -> Matrix:
    """These rows, and a right and a wrong model in single precision."""
    single = [
        row(assignment, 1e-3, right=True, precision="float32"),
        row(assignment, 1e-1, right=False, precision="float32"),
    ]
    return Matrix(assignment=assignment, seeds=(1, 2), results=(*rows, *single))


def test_a_tolerance_lies_between_right_and_wrong(assignment: Assignment) -> None:
    """It is the geometric mean of the worst right and the nearest wrong model, each precision."""
    found = margins_between(
        matrix(
            assignment,
            row(assignment, 1e-8, right=True),
            row(assignment, 1e-6, right=True),
            row(assignment, 1e-2, right=False),
            row(assignment, 1.0, right=False),
        )
    )
    assert {(one.of, one.until) for one in found} == set(assignment.measures)
    for one in found:
        assert (one.float64.right, one.float64.tolerance, one.float64.wrong) == (1e-6, 1e-4, 1e-2)
        assert (one.float32.right, one.float32.tolerance, one.float32.wrong) == (1e-3, 1e-2, 1e-1)


def test_a_wrong_model_that_a_measure_cannot_see_is_left_out(assignment: Assignment) -> None:
    """One as near as the right models moves no tolerance."""
    found = margins_between(
        matrix(
            assignment,
            row(assignment, 1e-6, right=True),
            row(assignment, 2e-6, right=False),
            row(assignment, 1e-2, right=False),
        )
    )
    assert {one.float64.tolerance for one in found} == {1e-4}


def test_without_a_model_in_single_precision_double_decides(assignment: Assignment) -> None:
    """What has no state can't be in single precision: one tolerance does for both."""
    double = [row(assignment, 1e-6, right=True), row(assignment, 1e-2, right=False)]
    found = margins_between(Matrix(assignment=assignment, seeds=(1, 2), results=tuple(double)))
    assert [one.float32 for one in found] == [one.float64 for one in found]
    assert {one.float32.tolerance for one in found} == {1e-4}


def test_nothing_is_derived_where_nothing_is_told(assignment: Assignment) -> None:
    """Wrong models all as near as right ones, or a right one that is NaN: an error, no number."""
    near = matrix(assignment, row(assignment, 1e-6, right=True), row(assignment, 2e-6, right=False))
    with pytest.raises(NoMargin, match="no wrong one 10 times as far"):
        margins_between(near)
    nan = matrix(
        assignment, row(assignment, float("nan"), right=True), row(assignment, 1.0, right=False)
    )
    with pytest.raises(NoMargin):
        margins_between(nan)


@pytest.mark.parametrize(
    ("number", "rounded"),
    [(1.2e-4, 1e-4), (1.5e-4, 2e-4), (3.3e-4, 5e-4), (8e-4, 1e-3), (0.04, 0.05), (7.0, 5.0)],
)
def test_tolerances_are_round(number: float, rounded: float) -> None:
    """1, 2 or 5 times a power of ten, the nearest by ratio."""
    assert round_number(number) == rounded


def test_derived_tolerances_are_read_back(assignment: Assignment, tmp_path: Path) -> None:
    """What is written is what is loaded; students find theirs in their own folder."""
    for name in ("assignments", "reference"):
        shutil.copytree(ROOT / name / "hh", tmp_path / name / "hh")
    folders = tmp_path / "assignments" / "hh", tmp_path / "reference" / "hh"
    bare = load_assignment(*folders, derived=False)
    found = margins_between(
        matrix(bare, row(bare, 1e-6, right=True), row(bare, 1e-2, right=False)),
    )
    write_tolerances(bare, found, SEEDS)
    assert set(load_assignment(*folders).tolerances) == set(found)
    students = load_assignment(folders[0])
    assert {(one.of, one.until) for one in students.tolerances} == set(students.measures)
    assert students.tolerance("HH", None, "float64") == 1e-4


def test_a_missing_tolerance_is_said(tmp_path: Path) -> None:
    """An assignment without one can't be loaded, and the sentence says how to get it."""
    for name in ("assignments", "reference"):
        shutil.copytree(ROOT / name / "hh", tmp_path / name / "hh")
    (tmp_path / "reference" / "hh" / "tolerances.toml").unlink()
    with pytest.raises(AssignmentError) as caught:
        load_assignment(tmp_path / "assignments" / "hh", tmp_path / "reference" / "hh")
    (said,) = str(caught.value).splitlines()
    assert "has no tolerance of hh.simulation.further.spike_times, hh.sim" in said
    assert f"grader verify hh --assignments {tmp_path / 'assignments'} --derive" in said


def test_half_of_the_wrong_models_are_left_to_test_the_tolerances() -> None:
    """Every other wrong model and all right ones derive; seeds of the test are others."""
    right = Mutant(operator="o", place="p", cells={}, right=True)
    wrong = Mutant(operator="o", place="p", cells={})
    assert [is_derived_from(n, wrong) for n in range(4)] == [True, False, True, False]
    assert all(is_derived_from(n, right) for n in range(4))
    assert not set(SEEDS) & set(range(1, 101))


def test_clearances_show_both_sides(assignment: Assignment) -> None:
    """The worst right model and the nearest wrong one above the tolerance, of each precision."""
    found = clearances(
        matrix(assignment, row(assignment, 1e-13, right=True), row(assignment, 9.0, right=False))
    )
    assert len(found) == 2 * len(assignment.measures)
    double = [one for one in found if one.precision == "float64"]
    assert {(one.right, one.wrong) for one in double} == {(1e-13, 9.0)}
