"""Models made of a solution of several exercises: each population is that exercise's own."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.authoring.verify.all_mutants import all_mutants
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.parsed_solution import ParsedSolution
from grader.authoring.verify.type_mutants import type_name
from tests.support.project import ROOT

Made = dict[str, tuple[ParsedSolution, list[Mutant]]]


@pytest.fixture(scope="module")
def lesson() -> Assignment:
    folders = ROOT / "assignments" / "hh-lesson", ROOT / "reference" / "hh-lesson"
    return load_assignment(*folders, derived=False)


@pytest.fixture(scope="module")
def made(lesson: Assignment) -> Made:
    return {
        teacher.exercise.id: (teacher, [mutant for _, mutant in numbered])
        for teacher, numbered in all_mutants(lesson)
    }


def test_every_exercise_has_right_and_wrong_models(made: Made, lesson: Assignment) -> None:
    """Each is Python, and no two have one name."""
    assert list(made) == [exercise.id for exercise in lesson.exercises]
    for _, models in made.values():
        assert {model.right for model in models} == {True, False}
        assert all(ast.parse(source) for model in models for source in model.cells.values())
    names = Counter(m.name for _, models in made.values() for m in models if not m.right)
    assert [name for name, count in names.items() if count > 1] == []


def test_a_wrong_model_is_wrong_in_its_own_exercise(made: Made) -> None:
    """No cell of another exercise is changed to make it, but to make it in single precision."""
    for id, (teacher, models) in made.items():
        for model in models:
            beside = model.operator.endswith(("single precision", "another integrator"))
            if not model.right and not beside:
                assert teacher.shared_cells.isdisjoint(model.cells), (id, model.name)


def test_what_stands_on_other_exercises_is_rewritten_there_as_a_whole(made: Made) -> None:
    """Of right models that change other exercises' cells alone there is one of each kind."""
    teacher, models = made["HH"]
    assert len(teacher.shared_cells) == 3
    of_others = [m for m in models if m.cells and m.cells.keys() <= teacher.shared_cells]
    assert of_others
    assert max(Counter(m.operator for m in of_others).values()) == 1


def test_wrong_types_are_none_that_is_accepted(made: Made) -> None:
    """The parts of a joint type alone, and turned, are among them."""
    for name in ("IK", "ICa", "ICaNa"):
        teacher, models = made[f"master-{name}"]
        accepted = teacher.exercise.channel(name).master_types
        found = set()
        for model in models:
            if model.operator == "master_type":
                (source,) = model.cells.values()
                own = ast.parse(source).body[-1]
                assert isinstance(own, ast.ClassDef)
                given = next(n for n in own.body if isinstance(n, ast.Assign))
                found.add(type_name(given.value))
        assert found
        assert found.isdisjoint(accepted)
        assert name != "ICaNa" or {"Sodium + Calcium", "Calcium", "Sodium"} <= found


def test_wrong_runs_record_something_else(made: Made) -> None:
    """Another state under a name, another name, none, or nothing at all for want of a run."""
    _, models = made["HH-composed-run"]
    found = Counter(model.operator for model in models if not model.right)
    assert found == {
        "records exchanged": 6,
        "record of another": 12,
        "record left out": 4,
        "record under another name": 4,
        "never run": 1,
    }
