"""Exercises made of others: the wrong parts to substitute, and the notes on that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.assignment.schema import Assignment, Exercise
from grader.core.messages import Catalogue
from grader.core.types import CheckResult, Evidence, Note

NOTEBOOK_CHECKS = ("runs", "figures")
"""Kinds of checks whose points are no part's, but the whole notebook's."""


def parts_to_substitute(
    evidence: Evidence, assignment: Assignment, results: Sequence[CheckResult]
) -> dict[str, tuple[str, ...]]:
    """Return for each exercise that lost points those it needs that lost points themselves.

    None where nothing was filled in, and for one that was asked with just these already. One that
    was asked with others comes with those that are wrong now, be there none.
    """
    status = {result.id: result.status for result in results}
    if "error" in status.values():
        return {}
    lost = {
        check.exercise
        for check in assignment.checks
        if check.kind not in NOTEBOOK_CHECKS and status[check.id] != "pass"
    }
    substituted = {
        id: exercise_evidence.reprobed_with for id, exercise_evidence in evidence.exercises.items()
    }
    lost |= {id for id, parts in substituted.items() if parts}  # they had lost points
    wrong = {
        exercise.id: tuple(part for part in exercise.needs if part in lost)
        for exercise in assignment.exercises
        if exercise.id in lost
    }
    filled = {id: own for id, own in evidence.exercises.items() if own.cell.filled}
    return {
        id: parts
        for id, parts in wrong.items()
        if id in filled and parts != filled[id].reprobed_with
    }


def substitution_notes(
    evidence: Evidence,
    assignment: Assignment,
    substitutes: Mapping[str, Sequence[str]],
    messages: Catalogue,
) -> list[Note]:
    """Note where the teacher's parts stood in; for a student who checks alone, where they will."""
    notes = []
    parts_of = {
        id: ("stood_in", a.judged_with) for id, a in evidence.exercises.items() if a.judged_with
    }
    if assignment.rubric is None:
        parts_of |= {id: ("will_stand_in", tuple(parts)) for id, parts in substitutes.items()}
    for id, (message, parts) in parts_of.items():
        titles = [exercise_title(assignment.exercise(part), messages) for part in parts]
        values = {
            "exercise": exercise_title(assignment.exercise(id), messages),
            "parts": messages.render("report.joined").join(titles),
        }
        notes.append(Note(message_id=f"verdict.{message}", values=values))
    return notes


def exercise_title(exercise: Exercise, messages: Catalogue) -> str:
    """Return what people call an exercise: its title, else its id."""
    return exercise.title.in_language(messages.language) if exercise.title else exercise.id


def with_exercise_title(exercise: Exercise, title: str, messages: Catalogue) -> str:
    """Put the exercise's own title before ``title``, where it has one."""
    if exercise.title is None:
        return title
    part = exercise_title(exercise, messages)
    return messages.render("checks.title.of_part", part=part, title=title)
