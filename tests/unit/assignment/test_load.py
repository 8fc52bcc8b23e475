"""Assignments as data: every fault of a file is named, with its path, at once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.assignment.find import AssignmentNotFound, find_assignment, list_assignments
from grader.assignment.load import AssignmentError, load_assignment
from tests.support.project import ROOT


@pytest.fixture
def copy(tmp_path: Path) -> Callable[..., str]:
    """Load a copy of the assignment with texts replaced; gives the error's message."""

    def load(**replaced: tuple[str, str]) -> str:
        for name in ("assignments", "reference"):
            shutil.copytree(ROOT / name, tmp_path / name, dirs_exist_ok=True)
        files = {
            "public": tmp_path / "assignments" / "hh" / "assignment.toml",
            "rubric": tmp_path / "reference" / "hh" / "rubric.toml",
        }
        for which, (old, new) in replaced.items():
            text = files[which].read_text("utf-8")
            assert old in text
            files[which].write_text(text.replace(old, new), "utf-8")
        with pytest.raises(AssignmentError) as caught:
            load_assignment(tmp_path / "assignments" / "hh", tmp_path / "reference" / "hh")
        return str(caught.value).replace(str(tmp_path) + "/", "")

    return load


def test_an_unknown_key_is_named_with_the_nearest(copy: Callable[..., str]) -> None:
    """A misspelt key is an error that says where it stands and what was probably meant."""
    message = copy(public=("cell_seconds = 60", "cell_second = 60"))
    assert message == (
        "assignments/hh/assignment.toml: limits.cell_second: there is no such key; "
        "did you mean 'cell_seconds'?"
    )


def test_all_faults_of_a_file_come_at_once(copy: Callable[..., str]) -> None:
    """Two faults in one file are two lines."""
    message = copy(public=("dt = 0.1 ", 'dt = "0,1"\nduratoin = 3 '))
    lines = message.splitlines()
    assert len(lines) == 2
    assert "simulation.dt: input should be a valid number" in lines[0]
    assert "got '0,1'" in lines[0]
    assert "simulation.duratoin" in lines[1]
    assert "did you mean 'duration'?" in lines[1]


def test_points_must_add_up(copy: Callable[..., str]) -> None:
    """A family whose checks don't have its points is an error, with both sums."""
    message = copy(rubric=('"hh.channels.IK" = 5', '"hh.channels.IK" = 6'))
    assert "family channels: its checks have 21 points, 20 were asked for" in message


def test_points_of_no_check_are_an_error(copy: Callable[..., str]) -> None:
    """Points for a check that isn't there, and a check without points, are both named."""
    message = copy(rubric=('"hh.channels.IK" = 5', '"hh.channels.IKK" = 5'))
    assert "points: none for check 'hh.channels.IK'" in message
    assert "points: no check 'hh.channels.IKK'; did you mean 'hh.channels.IK'?" in message


def test_a_check_of_an_unknown_channel_is_an_error(copy: Callable[..., str]) -> None:
    """A check can't be about a channel that the exercise hasn't."""
    message = copy(rubric=('variable = "V"\nuntil', 'channel = "ICa"\nvariable = "V"\nuntil'))
    assert "check hh.simulation.further.V: there is no channel 'ICa'" in message


def test_stimuli_have_names_of_their_own(copy: Callable[..., str]) -> None:
    """Two stimuli of one name would get the same draw: an error."""
    message = copy(rubric=('name = "fast"', 'name = "tonic"'))
    assert "two stimuli are called 'tonic'" in message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('host = "CondNeuGroup"\n', "", "exercise IK: host: is missing for a 'channel'"),
        ('variable = "runner"\n', "", "exercise HH-composed-run: variable: is missing"),
        ('class_name = "ICa"\n', "", "exercise master-ICa: class_name: is missing for a 'type'"),
        (
            'master_types = ["Calcium"]',
            "master_types = []",
            "ICa has no master_types that are right",
        ),
        ('needs = ["HH-composed"]', 'needs = ["HH"]', "needs: there is no exercise 'HH' before it"),
        (
            'exercises = ["HH-composed"]\nkind',
            'exercises = ["HH-compose"]\nkind',
            "stimulus \"the lesson's first run\": there is no exercise 'HH-compose'",
        ),
    ],
)
def test_an_exercise_has_what_its_kind_needs(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """What is missing, and what speaks of an exercise that isn't there, is named."""
    shutil.copytree(ROOT / "assignments" / "hh-lesson", tmp_path / "hh-lesson")
    file = tmp_path / "hh-lesson" / "assignment.toml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(AssignmentError, match=re.escape(message)):
        load_assignment(tmp_path / "hh-lesson", derived=False)


def test_every_kind_of_check_exists() -> None:
    """No check of an assignment names a kind that the harness hasn't."""
    from grader.judge.checks import CHECKS

    kinds = set()
    for folder in sorted((ROOT / "reference").glob("*/")):
        loaded = load_assignment(ROOT / "assignments" / folder.name, folder)
        kinds |= {check.kind for check in loaded.checks}
    assert kinds == set(CHECKS)


def test_assignments_are_found_beside_the_program() -> None:
    """In a clone the assignments are found without being told where."""
    assert {"hh", "hh-from-scratch"} <= set(list_assignments())
    assert find_assignment("hh").teachers is not None


def test_of_several_assignments_one_must_fit() -> None:
    """A name decides, then what the notebook looks like; else a sentence asks for -a."""
    assert find_assignment(None, vote=lambda candidates: ["hh"]).id == "hh"
    assert find_assignment(None, named="hh", vote=lambda candidates: []).id == "hh"
    with pytest.raises(
        AssignmentNotFound, match="looks like several assignments: hh, hh-from-scratch"
    ):
        find_assignment(None, vote=lambda candidates: ["hh", "hh-from-scratch"])
    with pytest.raises(AssignmentNotFound, match="names none of them and looks like none"):
        find_assignment(None)


def test_a_student_needs_no_reference(tmp_path: Path) -> None:
    """With the students' part alone a teacher is told what is missing, a student goes on."""
    shutil.copytree(ROOT / "assignments", tmp_path / "assignments")
    place = list_assignments(tmp_path)["hh"]
    assert place.load(as_teacher=False).rubric is None
    with pytest.raises(AssignmentNotFound, match="has no reference/hh here"):
        place.load(as_teacher=True)
