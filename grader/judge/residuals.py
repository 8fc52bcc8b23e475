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
        for id, exercise_evidence in evidence.exercises.items()
        for residual in _residuals(
            assignment, assignment.exercise(id), exercise_evidence, messages, results
        )
    )


def mistake_notes(evidence: ExerciseEvidence) -> list[Note]:
    """Make a note for each mistake that was named."""
    mistakes = () if evidence.reference is None else evidence.reference.mistakes
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
            message=messages.render_note(note),
        )
        for exercise_evidence in evidence.exercises.values()
        for note in mistake_notes(exercise_evidence)
    )


def _residuals(
    assignment: Assignment,
    exercise: Exercise,
    evidence: ExerciseEvidence,
    messages: Catalogue,
    results: Sequence[CheckResult],
) -> list[Residual]:
    reference, answers = evidence.reference, evidence.answers
    if reference is None:
        return []
    named = {
        mistake.state: (
            mistake.right,
            mistake.mistaken,
            messages.render_note(note),
        )
        for mistake, note in zip(reference.mistakes, mistake_notes(evidence), strict=True)
    }
    tolerance = assignment.tolerance(exercise.id, None, answers.precision)
    plotted, part = [], exercise.title and exercise.title.in_language(messages.language)
    for state in reference.field:
        rates = answers.field.get("V" if state == "V" else reference.gates.get(state, ""))
        expected, mistaken, sentence = named.get(state) or _by_speed(
            state, evidence, exercise, messages
        )
        if rates is None or fits(rates, expected, tolerance, exercise.scale(state)):
            continue
        V = answers.field_states["V"]
        if not V.shape == rates.shape == expected.shape:
            continue
        finite = np.isfinite(rates) & np.isfinite(expected)
        if finite.any():
            plotted.append(
                Residual(
                    state=exercise.short_name(state),
                    unit="mV/ms" if state == "V" else "1/ms",
                    V=V[finite],
                    difference=(rates - expected)[finite],
                    explained=None if mistaken is None else (mistaken - expected)[finite],
                    mistake=sentence,
                    explained_by=explained_by(state, exercise.id, evidence, assignment, results),
                    part=part or "",
                    cell=evidence.cell.index,
                )
            )
    return plotted


def _by_speed(
    state: str, evidence: ExerciseEvidence, exercise: Exercise, messages: Catalogue
) -> tuple[Array, Array | None, str]:
    """Return a state's expected rate; of a gate k times as fast also its own, and a sentence."""
    assert evidence.reference is not None
    expected, own = evidence.reference.field[state], evidence.reference.gates.get(state)
    times = None if own is None else speed_factor(evidence, state, own)
    if times is None or times < -SPEED_TOLERANCE:
        return expected, None, ""
    still = times <= SPEED_TOLERANCE
    kind = "still" if still else "times" if times > 1.0 else "slower"
    values: dict[str, Value] = {"state": exercise.short_name(state), "times": float(f"{times:.4g}")}
    sentence = messages.render(f"checks.simulation.gate_{kind}", **values)
    return expected, expected * (0.0 if still else times), sentence


def fits(actual: Array, expected: Array, tolerance: float, unit: float = 1.0) -> bool:
    """Return True if a derivative, ``(K,)``, is the expected one; False where one isn't finite."""
    if actual.shape != expected.shape:
        return False
    return relative_error(actual / unit, expected / unit) <= tolerance
