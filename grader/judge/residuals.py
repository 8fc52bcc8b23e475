"""Residuals for the report's plots: how far a derivative is off, and what a mistake explains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.assignment.schema import Assignment, Exercise
from grader.core.messages import Catalogue
from grader.core.types import (
    Array,
    CheckResult,
    Diagnosis,
    Evidence,
    ExerciseEvidence,
    NamedMistake,
    Note,
    Residual,
    Value,
)
from grader.judge.causes import explained_by
from grader.judge.checks.channels import SPEED_TOLERANCE, speed_factor
from grader.judge.metrics import relative_error


def residuals(
    evidence: Evidence,
    assignment: Assignment,
    messages: Catalogue,
    results: Sequence[CheckResult] = (),
) -> tuple[Residual, ...]:
    """Collect the residual of every state with a wrong derivative, in the reference's order.

    ``results`` are those of the checks, some of which name a cause.
    """
    return tuple(
        residual
        for id, attempt in evidence.exercises.items()
        for residual in _of_attempt(assignment, assignment.exercise(id), attempt, messages, results)
    )


def mistake_notes(attempt: ExerciseEvidence) -> list[Note]:
    """Make a note for each mistake that was named."""
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


def diagnoses(evidence: Evidence, messages: Catalogue) -> tuple[Diagnosis, ...]:
    """Collect the mistakes that were named, each with the sentence of its note."""
    return tuple(
        Diagnosis(
            message_id=note.message_id,
            state=str(note.values.get("state", "")),
            message=messages.render(note.message_id, **note.values),
        )
        for attempt in evidence.exercises.values()
        for note in mistake_notes(attempt)
    )


def _of_attempt(
    assignment: Assignment,
    exercise: Exercise,
    attempt: ExerciseEvidence,
    messages: Catalogue,
    results: Sequence[CheckResult],
) -> list[Residual]:
    reference, answers = attempt.reference, attempt.answers
    if reference is None:
        return []
    said = {
        mistake.state: (
            mistake.right,
            mistake.mistaken,
            messages.render(note.message_id, **note.values),
        )
        for mistake, note in zip(reference.mistakes, mistake_notes(attempt), strict=True)
    }
    tolerance = assignment.tolerance(exercise.id, None, answers.precision)
    drawn, part = [], exercise.title and exercise.title.in_language(messages.language)
    for state in reference.field:
        found = answers.field.get("V" if state == "V" else reference.gates.get(state, ""))
        asked, given, sentence = said.get(state) or _by_speed(state, attempt, exercise, messages)
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
                    difference=(found - asked)[known],
                    explained=None if given is None else (given - asked)[known],
                    mistake=sentence,
                    explained_by=explained_by(state, exercise.id, attempt, assignment, results),
                    part=part or "",
                    cell=attempt.cell.index,
                )
            )
    return drawn


def _by_speed(
    state: str, attempt: ExerciseEvidence, exercise: Exercise, messages: Catalogue
) -> tuple[Array, Array | None, str]:
    """Return a state's expected rate; of a gate k times as fast also its own, and a sentence."""
    assert attempt.reference is not None
    asked, own = attempt.reference.field[state], attempt.reference.gates.get(state)
    times = None if own is None else speed_factor(attempt, state, own)
    if times is None or times < -SPEED_TOLERANCE:
        return asked, None, ""
    still = times <= SPEED_TOLERANCE
    kind = "still" if still else "times" if times > 1.0 else "slower"
    values: dict[str, Value] = {"state": exercise.short(state), "times": float(f"{times:.4g}")}
    sentence = messages.render(f"checks.simulation.gate_{kind}", **values)
    return asked, asked * (0.0 if still else times), sentence


def fits(actual: Array, expected: Array, tolerance: float, unit: float = 1.0) -> bool:
    """Return True if a derivative, ``(K,)``, is the expected one; False where one isn't finite."""
    if actual.shape != expected.shape:
        return False
    return relative_error(actual / unit, expected / unit) <= tolerance
