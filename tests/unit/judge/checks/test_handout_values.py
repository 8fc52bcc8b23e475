"""What the released notebook gives away by itself, by exercise and by the thing it is said of."""

from __future__ import annotations

import fnmatch
import json
from dataclasses import replace
from pathlib import Path

import pytest

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment, Check
from grader.judge.checks.handout_values import Handout, handout_of
from tests.support.handout_values import COMMENTS, GIVEN_VALUES
from tests.support.project import ROOT

IDS = sorted(file.parent.name for file in ROOT.glob("assignments/*/assignment.toml"))


def _own(id: str) -> Assignment:
    return load_assignment(ROOT / "assignments" / id)


def _value_of(check: Check, assignment: Assignment) -> tuple[float, ...] | str | None:
    """The value that a check asks for; None where it asks for none."""
    exercise = assignment.exercise(check.exercise)
    match check.kind:
        case "parameter":
            return (exercise.parameters_of(check.channel)[check.parameter].value,)
        case "start":
            return exercise.start[check.variable or _first_gate(assignment, check)]
        case "master_type":
            return exercise.channel(check.channel).master_types[0]
        case "channel":
            return exercise.channel(check.channel).type or None
        case "base_class":
            return exercise.base
    return None


def _first_gate(assignment: Assignment, check: Check) -> str:
    return next(n for n in assignment.exercise(check.exercise).start if n != "V")


def _is_given(check: Check, assignment: Assignment) -> bool:
    exercise = assignment.exercise(check.exercise)
    handout = handout_of(assignment, exercise)
    match check.kind:
        case "parameter":
            asked = exercise.parameters_of(check.channel)[check.parameter].value
            return handout.find_value(check.channel, check.parameter, asked) is not None
        case "start":
            names = [check.variable] if check.variable else [n for n in exercise.start if n != "V"]
            return all(handout.gives_start(name, exercise.start[name]) for name in names)
        case "master_type":
            return handout.gives_master_type(check.channel, str(_value_of(check, assignment)))
    return handout.gives_names(str(_value_of(check, assignment)))


@pytest.mark.parametrize("id", IDS)
def test_given_is_what_a_reader_finds(id: str) -> None:
    """Of every value asked for it is known whether the handout gives it, and none is mistaken."""
    assignment = _own(id)
    checks = assignment.checks
    values = {c.id: value for c in checks if (value := _value_of(c, assignment)) is not None}
    assert GIVEN_VALUES[id].items() <= values.items()
    found = {c.id for c in checks if c.id in values and _is_given(c, assignment)}
    assert found == set(GIVEN_VALUES[id])


@pytest.mark.parametrize("id", IDS)
def test_the_comment_of_the_blank_is_named_where_it_has_the_value(id: str) -> None:
    """And nowhere else: it says so to a student who then looks there."""
    assignment = _own(id)
    found = set()
    for check in (c for c in assignment.checks if c.kind == "parameter"):
        exercise = assignment.exercise(check.exercise)
        asked = exercise.parameters_of(check.channel)[check.parameter].value
        handout = handout_of(assignment, exercise)
        found |= (
            {check.id}
            if handout.find_value(check.channel, check.parameter, asked) == "comment"
            else set()
        )
    parameters = [c.id for c in assignment.checks if c.kind == "parameter"]
    listed = {pattern: fnmatch.filter(parameters, pattern) for pattern in COMMENTS[id]}
    assert all(listed.values()), listed
    assert found == {id for ids in listed.values() for id in ids}


def _handout(assignment: Assignment, cell: str, *texts: str) -> Handout:
    return Handout(assignment.exercise("HH"), cell, texts)


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("self.IK = ...  # E=-77., g_max=36.", True),
        ("self.IK = ...  # E = \N{MINUS SIGN}77 mV", True),
        ("the potassium channel ``IK``: E \N{MINUS SIGN}77", True),
        ("IK with E: -77.", True),
        ("self.IK = ...  # E as below, g_max=-77", False),
        ("self.INa = ...  # E=-77.", False),
        ("IK and INa, the latter with E=-77.", False),
        ("E=-77. of IK", False),
        ("IK, E_K=-77.", False),
        ("IK, E=-77.5", False),
        ("bp.dyn.IK, E=-77.", False),
        ("at -77 mV the IK channel is shut", False),
    ],
)
def test_a_number_belongs_to_its_name(line: str, given: bool, assignment: Assignment) -> None:
    """It counts behind the parameter's name, behind the channel's, and for no other."""
    for handout in (_handout(assignment, line), _handout(assignment, "", line)):
        assert (handout.find_value("IK", "E", -77.0) is not None) == given


def test_what_belongs_to_another_exercise_is_not_given(tmp_path: Path) -> None:
    """The last part's values are none of the part's before, nor those of text above that."""
    lesson = _own("hh-lesson")
    notebook = json.loads(lesson.notebook.read_text("utf-8"))
    for cell in notebook["cells"]:
        if "grader:master-IK" in cell["metadata"].get("tags", ()):
            cell["source"] = "".join(cell["source"]) + "\n# IK: g_max=10."
    (moved := tmp_path / "lesson.ipynb").write_text(json.dumps(notebook), "utf-8")
    lesson = lesson.model_copy(update={"notebook": moved, "digest": "another"})
    composed = handout_of(lesson, lesson.exercise("HH-composed"))
    assert composed.find_value("IK", "g_max", 10.0) is None
    assert replace(composed, texts=("IK: g_max=10.",)).find_value("IK", "g_max", 10.0) == "text"


def test_a_handout_out_of_reach_gives_nothing(tmp_path: Path) -> None:
    """Then it gives no value, rather than all of them."""
    gone = _own("hh").model_copy(update={"notebook": tmp_path / "gone.ipynb"})
    handout = handout_of(gone, gone.exercise("HH"))
    assert handout.find_value("IK", "E", -77.0) is None
    assert not handout.gives_start("V", (-80.0, -60.0))
    assert not handout.gives_names("CondNeuGroup")
