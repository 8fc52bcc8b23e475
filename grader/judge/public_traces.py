"""The accepted models' traces for the public stimuli, stored beside the assignment.

With them a student's model can be checked where the reference isn't at hand. The
file holds ``"<variant>/<state>"`` with ``(T, N)`` arrays for every variant, and the
stimuli that they belong to.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from grader.assignment import Assignment, AssignmentError, Exercise
from grader.judge.reference import DeviceName, ReferenceModel, load_model
from grader.judge.stimuli import draw_panel
from grader.stages import Array, Panel


def write_public_traces(assignment: Assignment, device: DeviceName = "cpu") -> tuple[Path, ...]:
    """Run every variant on the public stimuli and write each exercise's file anew.

    Needs the teachers' part. Raises ``AssignmentError`` without it, and
    ``ReferenceModelError`` when the reference can't be run.
    """
    if assignment.rubric is None:
        raise AssignmentError(f"{assignment.folder}: no reference at hand to make traces with")
    model = ReferenceModel(load_model(assignment.rubric.reference), device)
    panel = draw_panel(assignment, 0, hidden=False)
    arrays = _stimuli(panel)
    for variant in assignment.variants:
        for name, trace in model.run(panel, variant.constants).items():
            arrays[f"{variant.id}/{name}"] = trace
    files = []
    for exercise in assignment.exercises:
        if exercise.public_traces:
            file = assignment.folder / exercise.public_traces
            np.savez_compressed(file, allow_pickle=False, **arrays)
            files.append(file)
    return tuple(files)


def load_public_traces(assignment: Assignment, exercise: Exercise) -> dict[str, dict[str, Array]]:
    """The stored traces: of each variant, in the assignment's order, each state ``(T, N)``.

    Raises ``AssignmentError`` when the file is missing, isn't a plain array file, was
    made for other stimuli, or lacks a variant.
    """
    file = assignment.folder / exercise.public_traces
    panel = draw_panel(assignment, 0, hidden=False)
    arrays = _read(file)
    for name, asked in _stimuli(panel).items():
        stored = arrays.pop(name, None)
        if stored is None or stored.shape != asked.shape or not np.allclose(stored, asked):
            raise AssignmentError(f"{file}: made for other stimuli ({name}); make it anew")
    traces: dict[str, dict[str, Array]] = {variant.id: {} for variant in assignment.variants}
    for name, trace in arrays.items():
        variant_id, _, state = name.partition("/")
        if trace.shape != panel.current.shape or not np.isfinite(trace).all():
            raise AssignmentError(f"{file}: {name}: not a finite trace of {panel.current.shape}")
        if variant_id in traces:
            traces[variant_id][state] = trace
    if bare := [variant_id for variant_id, states in traces.items() if "V" not in states]:
        raise AssignmentError(f"{file}: no trace of V for {', '.join(bare)}; make it anew")
    return traces


def _stimuli(panel: Panel) -> dict[str, Array]:
    return {":current": panel.current, ":V0": panel.V0, ":dt": np.array([panel.dt])}


def _read(file: Path) -> dict[str, Array]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {name: np.asarray(stored[name], dtype=np.float64) for name in stored.files}
    except FileNotFoundError:
        raise AssignmentError(f"{file}: there is no such file") from None
    except (ValueError, OSError, EOFError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise AssignmentError(f"{file}: not readable as an array file: {error}") from None
