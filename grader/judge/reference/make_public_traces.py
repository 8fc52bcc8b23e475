"""Make the stored traces anew; see ``grader.judge.reference.public_traces``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grader.assignment.load import AssignmentError
from grader.assignment.schema import Assignment
from grader.assignment.stimuli import draw_states, draw_stimuli, finer_steps
from grader.core.types import Array
from grader.judge.reference.load_model import exercise_model, load_model
from grader.judge.reference.model import ReferenceModel
from grader.judge.reference.public_traces import PUBLIC_SEED, stimulus_arrays


def write_public_traces(assignment: Assignment, device: str = "cpu") -> tuple[Path, ...]:
    """Run every variant on the public stimuli and write each exercise's file anew.

    Needs the teachers' part. Raises ``AssignmentError`` without it, and
    ``ReferenceModelError`` when the reference can't be run.
    """
    if assignment.rubric is None:
        raise AssignmentError(f"{assignment.folder}: no reference at hand to make traces with")
    whole = load_model(assignment.rubric.reference)
    files = []
    for exercise in assignment.exercises:
        if exercise.public_traces:
            model = ReferenceModel(exercise_model(whole, exercise.id), device)
            arrays = _public_arrays(assignment.for_exercise(exercise), model)
            file = assignment.folder / exercise.public_traces
            np.savez_compressed(file, allow_pickle=False, **arrays)
            files.append(file)
    return tuple(files)


def _public_arrays(assignment: Assignment, model: ReferenceModel) -> dict[str, Array]:
    """Collect an exercise's stimuli and every variant's answers to them, by stored name."""
    stimuli = draw_stimuli(assignment, 0, hidden=False)
    arrays = stimulus_arrays(stimuli)
    student = assignment.model_copy(update={"rubric": None})
    names = [name for name in (*model.model.STATES, *model.further_inputs) if name != "V"]
    at = draw_states(student, names, PUBLIC_SEED)
    arrays |= {f":at/{name}": values for name, values in at.items()}
    first = slice(0, finer_steps(assignment))
    for variant in assignment.variants:
        for name, trace in model.run(stimuli, variant.constants).items():
            arrays[f"{variant.id}/{name}"] = trace
        for name, fine in model.run_finer(stimuli, first, variant.constants).items():
            arrays[f":finer/{variant.id}/{name}"] = fine
        field = model.field(at, variant.constants)
        arrays |= {f":field/{variant.id}/{name}": rate for name, rate in field.items()}
        for mistake, mistaken in model.mistaken_fields(at, variant.constants).items():
            for name, rate in mistaken.items():
                if not np.array_equal(rate, field[name], equal_nan=True):
                    arrays[f":mistake/{variant.id}/{mistake}/{name}"] = rate
    return arrays
