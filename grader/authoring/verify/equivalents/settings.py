"""Settings that the notebook leaves behind, before the graded class or after it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Specimen
from grader.authoring.verify.equivalents.classes import modules
from grader.authoring.verify.equivalents.integrators import METHODS, channels_by
from grader.authoring.verify.solution import Teacher

OTHER_DT = (0.05, 0.01)  # ms


def left_settings(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """Each setting in one of the places in turn; then another dt and another integrator.

    None where no model is asked, and for a channel alone, which is asked as its neuron is.
    """
    if teacher.exercise.kind != "neuron":
        return
    for number, setting in enumerate(_settings(modules(teacher))):
        places = list(_places(teacher, setting).items())
        where, cells = places[number % len(places)]
        yield Specimen(operator="setting left behind", place=f"{setting}, {where}", cells=cells)
    math = modules(teacher).get("brainpy.math")
    for number, method in enumerate(METHODS if math is not None else ()):
        if other := channels_by(teacher, method):
            setting = f"{math}.set_dt({OTHER_DT[number % len(OTHER_DT)]})"
            above = _places(teacher.changed(other), setting)["above the graded class"]
            yield Specimen(
                operator="another integrator and dt",
                place=f"{method}, {setting}",
                cells={**other, **above},
                other_scheme=True,
            )


def _settings(known: dict[str, str]) -> list[str]:
    """Statements that set something, as far as the notebook has names for what they need."""
    found = []
    if (math := known.get("brainpy.math")) is not None:
        found += [f"{math}.set_dt({dt})" for dt in OTHER_DT]
        found += [
            f"{math}.enable_x64()",
            f"{math}.disable_x64()",
            f"{math}.set_float({math}.float32)",
            f"{math}.set_float({math}.float64)",
            f"{math}.set_mode({math}.BatchingMode(1))",
            f"{math}.set_mode({math}.training_mode)",
            f"{math}.set_environment(dt=0.05, mode={math}.BatchingMode(4))",
        ]
    if (brainpy := known.get("brainpy")) is not None:
        found += [
            f"{brainpy}.share.save(dt=0.05)",
            f"{brainpy}.share.save(i=7, t=0.7, dt=0.05)",
        ]
    return found


def _places(teacher: Teacher, setting: str) -> dict[str, dict[int, str]]:
    """Where the setting stands, to the cell with it."""
    first, graded = min(teacher.trees), teacher.graded
    source = {index: ast.unparse(teacher.trees[index]) for index in (first, graded)}
    found = {
        "above the graded class": {graded: f"{setting}\n{source[graded]}"},
        "below the graded class": {graded: f"{source[graded]}\n{setting}"},
    }
    if first != graded:
        found["above the channels' classes"] = {first: f"{setting}\n{source[first]}"}
    return found
