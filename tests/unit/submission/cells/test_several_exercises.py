"""A notebook of several exercises: each has its own cell, also where names come twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.core.types import GradedCell, Submission
from grader.submission.cells.find_cell import find_cell
from grader.submission.notebook.read import read_notebook
from tests.support.project import ROOT

Find = Callable[[Submission], dict[str, GradedCell]]
TYPES = ("master-IK", "master-ICa", "master-ICaNa")
PARTS = ("HH-composed", "HH-composed-run", "IK", "INa", "IL", "HH")


@pytest.fixture(scope="module")
def lesson() -> Assignment:
    return load_assignment(ROOT / "assignments" / "hh-lesson", derived=False)


@pytest.fixture
def find(lesson: Assignment) -> Find:
    return lambda submission: {
        exercise.id: find_cell(submission, exercise, lesson) for exercise in lesson.exercises
    }


def _sample(name: str) -> Submission:
    return read_notebook(ROOT / "submissions" / "hh-lesson" / f"{name}.ipynb")


def _released(lesson: Assignment) -> Submission:
    return read_notebook(lesson.notebook)


def _without_tags(submission: Submission) -> Submission:
    cells = [replace(c, tags=(), id=f"made-{c.index}") for c in submission.cells]
    return replace(submission, cells=tuple(cells))


def _ids(submission: Submission, found: Mapping[str, GradedCell]) -> dict[str, str | None]:
    return {
        exercise: None if cell.index is None else submission.cells[cell.index].id
        for exercise, cell in found.items()
    }


OWN = {
    "master-IK": "master-type-IK",
    "master-ICa": "master-type-ICa",
    "master-ICaNa": "master-type-ICaNa",
    "HH-composed": "HH-composed",
    "HH-composed-run": "HH-composed-run",
    "IK": "channel-IK",
    "INa": "channel-INa",
    "IL": "channel-IL",
    "HH": "HH",
}


def test_each_exercise_has_its_own_cell(find: Find, lesson: Assignment) -> None:
    """Blank or filled: of two classes of one name each belongs to one exercise."""
    for submission, filled in ((_released(lesson), False), (_sample("right-plain"), True)):
        found = find(submission)
        assert _ids(submission, found) == OWN
        for id, cell in found.items():
            names = [blank.name for blank in cell.blanks]
            assert names == list(lesson.exercise(id).blank_names)
            assert all(blank.filled is filled and blank.line for blank in cell.blanks), id


def test_classes_of_one_name_are_told_apart_without_tags(find: Find) -> None:
    """By where the handout has them, by their base, by what is filled in."""
    submission = _without_tags(_sample("right-plain"))
    numbers = {
        id: int(cell.removeprefix("made-"))
        for id, cell in _ids(submission, find(submission)).items()
        if cell
    }
    order = [c.id for c in _sample("right-plain").cells]
    assert {id: order[number] for id, number in numbers.items()} == OWN


def test_a_filled_part_fills_no_other(find: Find) -> None:
    """A type left blank stays so beside channels that have one, with tags and without."""
    plain, blank = _sample("right-plain"), _sample("nothing-but-the-last-part")
    for type_left_blank in TYPES:
        own = OWN[type_left_blank]
        sources = {cell.id: cell.source for cell in blank.cells}
        cells = [replace(c, source=sources[c.id]) if c.id == own else c for c in plain.cells]
        mixed = replace(plain, cells=tuple(cells))
        for submission in (mixed, _without_tags(mixed)):
            found = find(submission)
            assert found[type_left_blank].filled == 0
            assert all(
                cell.filled == len(cell.blanks)
                for id, cell in found.items()
                if id != type_left_blank
            )


def test_parts_that_were_merged_are_found_by_their_names(find: Find) -> None:
    """The cell keeps the tag of one of them; all of them are in it."""
    found = find(_sample("right-part-3-and-4-in-one-cell"))
    assert {found[id].index for id in ("IK", "INa", "IL", "HH")} == {found["IK"].index}
    assert [found[id].class_name for id in ("IK", "INa", "IL", "HH")] == ["IK", "INa", "IL", "HH"]
    assert all(cell.filled == len(cell.blanks) for cell in found.values())


def test_a_run_is_where_its_records_are_named(find: Find, lesson: Assignment) -> None:
    """Without tags the cell that names them is taken, not another that makes a runner."""
    submission = _without_tags(_sample("right-plain"))
    last = submission.cells[-1]
    changed = replace(last, source=last.source + "\nprint('mine')")
    other = replace(submission, cells=(*submission.cells[:-1], changed))
    assert find(other)["HH-composed-run"].index == 14
    blank = _sample("unfilled")
    assert find(blank)["HH-composed-run"].filled == 0
    broken = replace(blank.cells[14], source="runner = bp.DSRunner(hh, 'na-p' 'na-q' 'k-p' 'v'")
    cells = (*blank.cells[:14], broken, *blank.cells[15:])
    assert find(replace(blank, cells=cells))["HH-composed-run"].filled == 1
