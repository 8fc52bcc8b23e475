"""Who is who: by number first, then by name, and never by a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.gradebook.export.match_people import Person, match_people
from grader.gradebook.export.results import GradedSubmission
from grader.submission.intake.roster import Origin

PEOPLE = (
    Person(line=1, number="12", name="Lee, Ann", logins=("2021012345", "alee")),
    Person(line=2, number="13", name="李雷", logins=("2021012346", "lilei@uni.edu", "lilei")),
    Person(line=3, number="14", name="Müller, Zoë", logins=("2021012347",)),
    Person(line=4, number="15", name="Kim, Jo", logins=()),
    Person(line=5, number="16", name="Kim, Jo", logins=()),
)


def one(id: str, **origin: object) -> GradedSubmission:
    return GradedSubmission(id=id, folder=Path(id), origin=Origin(**origin))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("graded", "line"),
    [
        (one("a", layout="canvas", name="someone", lms_id="12"), 1),
        (one("a", layout="canvas", name="leeann", lms_id="999"), 1),
        (one("a", layout="canvas", name="müllerzoë", lms_id="999"), 3),
        (one("a", layout="moodle", name="Ann Lee", lms_id="13"), 1),
        (one("a", layout="moodle", name="李 雷", lms_id="4"), 2),
        (one("alee", layout="nbgrader", name="alee", lms_id="alee"), 1),
        (one("LILEI", layout="nbgrader", name="LILEI", lms_id="LILEI"), 2),
        (one("Ann Lee"), 1),
        (one("Zoë Müller"), 3),
        (one("HH_李四_2021012346"), 2),
        (one("hh-李雷 (final)"), 2),
    ],
)
def test_everyone_is_found(graded: GradedSubmission, line: int) -> None:
    """By the platform's number, by a login, by a number in the file's name, by the name."""
    assert match_people([graded], PEOPLE, "canvas").submissions == {line: graded}


@pytest.mark.parametrize(
    "graded",
    [
        one("a", layout="canvas", name="", lms_id="x7", anonymous=True),
        one("a", layout="canvas", name="nobody", lms_id="77"),
        one("hh"),
        one("a", layout="moodle", name="", lms_id="12", anonymous=True),
    ],
)
def test_strangers_are_named(graded: GradedSubmission) -> None:
    """Whoever is not in the file is listed; another platform's number is nobody's here."""
    result = match_people([graded], PEOPLE, "canvas")
    assert (result.submissions, result.unmatched) == ({}, [graded.id])


def test_two_of_one_name_are_nobody() -> None:
    """A name that two people have fills in nothing."""
    result = match_people([one("Jo Kim")], PEOPLE, "canvas")
    assert (result.submissions, result.doubtful) == ({}, ["Jo Kim"])


def test_two_submissions_of_one_person_fill_in_nothing() -> None:
    """Which of two counts is the teacher's to say; a number goes before a name."""
    two = [one("Ann Lee"), one("Lee Ann")]
    result = match_people(two, PEOPLE, "canvas")
    assert (result.submissions, result.doubtful) == ({}, ["Ann Lee", "Lee Ann"])
    by_number = one("x", layout="canvas", name="leeann", lms_id="12")
    result = match_people([*two, by_number], PEOPLE, "canvas")
    assert (result.submissions, result.doubtful) == ({1: by_number}, ["Ann Lee", "Lee Ann"])


def test_who_was_told_by_name_is_said() -> None:
    """A name is a weaker sign than a number, so the teacher reads which were taken by it."""
    result = match_people([one("Ann Lee"), one("2021012347")], PEOPLE, "canvas")
    assert result.by_name == ["Ann Lee"]
