"""Channels under names of the student's own stand for the blanks, where they can be no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.assignment.schema import Assignment
from grader.core.types import ChannelProbe, Evidence, ExerciseEvidence
from grader.run.probe.rename_channels import rename_channels

OWN = {"IK": "potassium", "INa": "sodium", "IL": "leak"}


def hanging(
    attempt: ExerciseEvidence, names: dict[str, str], **changed: object
) -> ExerciseEvidence:
    """The attempt with its channels at other names, each of them ``changed``."""

    def state(name: str) -> str:
        owner, dot, gate = name.rpartition(".")
        return f"{names.get(owner, owner)}{dot}{gate}"

    channels = [
        replace(c, name=names.get(c.name, c.name), **changed) for c in attempt.probe.channels
    ]
    blank = [ChannelProbe(name=name, kind="blank") for name in names]
    answers = {
        part: {state(name): value for name, value in getattr(attempt.answers, part).items()}
        for part in (
            "traces",
            "start",
            "map_states",
            "maps",
            "finer_traces",
            "field_states",
            "field",
        )
    }
    return replace(
        attempt,
        probe=replace(attempt.probe, channels=(*blank, *channels)),
        answers=replace(attempt.answers, **answers),
    )


def test_they_go_by_the_names_asked_for(solution: Evidence, assignment: Assignment) -> None:
    """Structure and answers are as under the blanks' names, and where they hung is kept."""
    exercise, right = assignment.exercise("HH"), solution.exercises["HH"]
    found = rename_channels(exercise, hanging(right, OWN))
    assert found.renamed_from == OWN
    assert {c.name: c for c in found.probe.channels} == {c.name: c for c in right.probe.channels}
    assert found.answers.traces.keys() == right.answers.traces.keys()
    assert found.answers.start == right.answers.start
    assert found.answers.field.keys() == right.answers.field.keys()


def test_a_class_of_another_name_is_told_by_its_gates(
    solution: Evidence, assignment: Assignment
) -> None:
    """A channel without gates may be any, and is not taken for a leak."""
    exercise, right = assignment.exercise("HH"), solution.exercises["HH"]
    other = hanging(right, OWN, type_name="Mine", lineage=("IonChannel",))
    assert rename_channels(exercise, other).renamed_from == {"IK": "potassium", "INa": "sodium"}


def test_what_is_at_its_name_stays(solution: Evidence, assignment: Assignment) -> None:
    """A second channel of a class is no blank's where the first hangs at the blank."""
    exercise, right = assignment.exercise("HH"), solution.exercises["HH"]
    assert rename_channels(exercise, right) is right
    (one,) = (c for c in right.probe.channels if c.name == "IK")
    probe = replace(right.probe, channels=(*right.probe.channels, replace(one, name="another")))
    assert rename_channels(exercise, replace(right, probe=probe)).renamed_from == {}


@pytest.mark.parametrize("names", [("one", "two"), ("one", "two", "three")])
def test_of_several_none_is_taken(
    names: tuple[str, ...], solution: Evidence, assignment: Assignment
) -> None:
    """Where a blank is left and two channels might be meant, nobody guesses."""
    exercise, right = assignment.exercise("HH"), solution.exercises["HH"]
    (one,) = (c for c in right.probe.channels if c.name == "IK")
    others = [c for c in right.probe.channels if c.name != "IK"]
    channels = (*others, *(replace(one, name=name) for name in names))
    attempt = replace(right, probe=replace(right.probe, channels=channels))
    assert rename_channels(exercise, attempt).renamed_from == {}
