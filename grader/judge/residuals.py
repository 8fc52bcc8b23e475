"""What the report draws of a wrong derivative: the difference, and what the mistake explains."""

from __future__ import annotations

import numpy as np

from grader.assignment import Assignment, Exercise
from grader.measures import relative_error
from grader.stages import Array, Attempt, Diagnosis, Evidence, NamedMistake, Note, Residual, Value
from grader.words import Catalogue


def residuals(evidence: Evidence, assignment: Assignment, words: Catalogue) -> tuple[Residual, ...]:
    """Of every state whose derivative is wrong at the drawn states, in the reference's order."""
    return tuple(
        residual
        for id, attempt in evidence.attempts.items()
        for residual in _of_attempt(assignment, assignment.exercise(id), attempt, words)
    )


def mistake_notes(attempt: Attempt) -> list[Note]:
    """A note for each mistake that was named."""
    mistakes = () if attempt.reference is None else attempt.reference.mistakes
    return [_note(mistake) for mistake in mistakes]


def _note(mistake: NamedMistake) -> Note:
    if mistake.input is not None:
        message = "input" if mistake.input else "no_input"
        values: dict[str, Value] = {"times": mistake.input}
        return Note(message_id=f"checks.simulation.{message}", values=values)
    return Note(
        message_id=f"assignment.mistake.{mistake.message}",
        values={"state": mistake.state.split(".")[-1]},
    )


def diagnoses(evidence: Evidence, words: Catalogue) -> tuple[Diagnosis, ...]:
    """The mistakes that were named, each with the sentence of its note."""
    return tuple(
        Diagnosis(
            message_id=note.message_id,
            state=str(note.values.get("state", "")),
            message=words.say(note.message_id, **note.values),
        )
        for attempt in evidence.attempts.values()
        for note in mistake_notes(attempt)
    )


def _of_attempt(
    assignment: Assignment, exercise: Exercise, attempt: Attempt, words: Catalogue
) -> list[Residual]:
    reference, answers = attempt.reference, attempt.answers
    if reference is None:
        return []
    said = {
        mistake.state: (mistake, words.say(note.message_id, **note.values))
        for mistake, note in zip(reference.mistakes, mistake_notes(attempt), strict=True)
    }
    tolerance = assignment.tolerance(exercise.id, None, answers.precision)
    drawn, part = [], exercise.title and exercise.title.in_language(words.language)
    for state in reference.field:
        found = answers.field.get("V" if state == "V" else reference.gates.get(state, ""))
        mistake, sentence = said.get(state, (None, ""))
        asked = reference.field[state] if mistake is None else mistake.asked
        if found is None or fits(found, asked, tolerance, exercise.scale(state)):
            continue
        V = answers.field_states["V"]
        if not V.shape == found.shape == asked.shape:
            continue
        known = np.isfinite(found) & np.isfinite(asked)
        if known.any():
            drawn.append(
                Residual(
                    state=exercise.short(state),
                    unit="mV/ms" if state == "V" else "1/ms",
                    V=V[known],
                    found=(found - asked)[known],
                    explained=None if mistake is None else (mistake.given - asked)[known],
                    mistake=sentence,
                    part=part or "",
                    cell=attempt.cell.index,
                )
            )
    return drawn


def fits(found: Array, expected: Array, tolerance: float, unit: float = 1.0) -> bool:
    """Whether a derivative, ``(K,)``, is the expected one; never where either isn't finite."""
    if found.shape != expected.shape:
        return False
    return relative_error(found / unit, expected / unit) <= tolerance
