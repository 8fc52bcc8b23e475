"""The accepted models' traces for the public stimuli, stored beside the assignment.

With them a student's model can be checked where the reference isn't at hand. The
file holds ``"<variant>/<state>"`` with ``(T, N)`` arrays for every variant, and the
stimuli that they belong to; under other names the derivatives at stored states, ``(K,)``, of
every variant and of each likely mistake in it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from grader.assignment.load import AssignmentError
from grader.assignment.schema import Assignment, Exercise
from grader.assignment.stimuli import draw_stimuli
from grader.core.types import (
    Array,
    Evidence,
    ExerciseEvidence,
    NamedMistake,
    ReferenceAnswers,
    StimulusSet,
)
from grader.judge.reference.match_states import choose_traces, match_gates
from grader.judge.reference.mistakes import (
    AcceptedFields,
    explanations,
    own_parameters,
    student_field,
    unique_mistakes,
    wrong_states,
)

PUBLIC_SEED = 0  # of the states at which a student's own check asks for the field


def add_public_reference(evidence: Evidence, assignment: Assignment) -> Evidence:
    """Add the stored traces beside the model's own, for a student's check.

    The variant is the one whose trace of V is nearest. The field is compared at stored
    states, where the model was asked about the same ones.
    Raises ``AssignmentError`` as `load_public_traces` does.
    """
    attempts = {
        id: _compared(exercise_evidence, assignment, assignment.exercise(id))
        for id, exercise_evidence in evidence.exercises.items()
    }
    return replace(evidence, exercises=attempts)


def _compared(
    evidence: ExerciseEvidence, assignment: Assignment, exercise: Exercise
) -> ExerciseEvidence:
    answers, stimuli = evidence.answers, evidence.stimuli
    if stimuli is None or not exercise.public_traces:
        return evidence
    arrays = _read(assignment.folder / exercise.public_traces)
    variants = _traces(assignment, exercise, arrays)
    V = answers.traces.get("V")
    variant = next(iter(variants)) if V is None else choose_traces(variants, V, stimuli.time)
    gates = match_gates(exercise, list(answers.traces))
    field = _load_field(arrays, variant, answers.field_states)
    reference = ReferenceAnswers(
        variant=variant,
        traces=variants[variant],
        gates=gates,
        fitted={},
        field=field,
        finer_traces=_load(arrays, f":finer/{variant}/"),
    )
    if field:
        mistakes = _mistakes(assignment, exercise, evidence, reference, arrays)
        reference = replace(reference, mistakes=mistakes)
    return replace(evidence, reference=reference)


def _mistakes(
    assignment: Assignment,
    exercise: Exercise,
    evidence: ExerciseEvidence,
    reference: ReferenceAnswers,
    arrays: Mapping[str, Array],
) -> tuple[NamedMistake, ...]:
    """Name likely mistakes in the equations; in V's only where its parameters are right.

    What other parameters would give is not stored.
    """
    answers = evidence.answers
    tolerance = assignment.tolerance(exercise.id, None, answers.precision)
    rates = student_field(answers, reference.gates)
    if own_parameters(exercise, evidence.probe):
        rates.pop("V", None)
    wrong = wrong_states(rates, reference.field, tolerance, exercise.scale)
    accepted = (_accepted_fields(arrays, variant.id) for variant in assignment.variants)
    if not wrong:
        return ()
    return unique_mistakes(*explanations(rates, wrong, accepted, tolerance, exercise.scale))


def _accepted_fields(arrays: Mapping[str, Array], variant: str) -> AcceptedFields:
    field = _load(arrays, f":field/{variant}/")
    mistaken: dict[str, dict[str, Array]] = {}
    for path, rate in _load(arrays, f":mistake/{variant}/").items():
        mistake, _, state = path.rpartition("/")
        mistaken.setdefault(mistake, dict(field))[state] = rate
    return AcceptedFields(expected=field, own=field, mistaken=mistaken)


def _load_field(
    arrays: Mapping[str, Array], variant: str, states: Mapping[str, Array]
) -> dict[str, Array]:
    """Return the stored field of a variant; none when other states were asked."""
    at = _load(arrays, ":at/")
    same = all(name in states and np.array_equal(states[name], at[name]) for name in at)
    return _load(arrays, f":field/{variant}/") if same and at else {}


def _load(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """Return the stored arrays whose names begin so, under the rest of their names."""
    return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}


def load_public_traces(assignment: Assignment, exercise: Exercise) -> dict[str, dict[str, Array]]:
    """Load the stored traces: of each variant, in the assignment's order, each ``(T, N)``.

    Raises ``AssignmentError`` when the file is missing, isn't a plain array file, was
    made for other stimuli, or lacks a variant.
    """
    return _traces(assignment, exercise, _read(assignment.folder / exercise.public_traces))


def _traces(
    assignment: Assignment, exercise: Exercise, arrays: Mapping[str, Array]
) -> dict[str, dict[str, Array]]:
    file = assignment.folder / exercise.public_traces
    panel = draw_stimuli(assignment.for_exercise(exercise), 0, hidden=False)
    stimuli = stimulus_arrays(panel)
    for name, asked in stimuli.items():
        stored = arrays.get(name)
        if stored is None or stored.shape != asked.shape or not np.allclose(stored, asked):
            raise AssignmentError(f"{file}: made for other stimuli ({name}); make it anew")
    traces: dict[str, dict[str, Array]] = {variant.id: {} for variant in assignment.variants}
    for name, trace in arrays.items():
        if name in stimuli or name.startswith((":at/", ":field/", ":finer/", ":mistake/")):
            continue
        variant_id, _, state = name.partition("/")
        if trace.shape != panel.current.shape or not np.isfinite(trace).all():
            raise AssignmentError(f"{file}: {name}: not a finite trace of {panel.current.shape}")
        if variant_id in traces:
            traces[variant_id][state] = trace
    if bare := [variant_id for variant_id, states in traces.items() if "V" not in states]:
        raise AssignmentError(f"{file}: no trace of V for {', '.join(bare)}; make it anew")
    return traces


def stimulus_arrays(stimuli: StimulusSet) -> dict[str, Array]:
    """Return the stimuli as they are stored beside the traces."""
    return {":current": stimuli.current, ":V0": stimuli.V0, ":dt": np.array([stimuli.dt])}


def _read(file: Path) -> dict[str, Array]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {name: np.asarray(stored[name], dtype=np.float64) for name in stored.files}
    except FileNotFoundError:
        raise AssignmentError(f"{file}: there is no such file") from None
    except (ValueError, OSError, EOFError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise AssignmentError(f"{file}: not readable as an array file: {error}") from None
