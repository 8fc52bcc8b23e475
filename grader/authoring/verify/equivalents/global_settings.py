"""Settings that the notebook leaves behind, before the graded class or after it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.equivalents.class_edits import module_names
from grader.authoring.verify.equivalents.integrators import METHODS, channels_by
from grader.authoring.verify.parsed_solution import ParsedSolution

OTHER_DT = (0.05, 0.01)  # ms


def global_settings(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Each setting in one of the places in turn; then another dt and another integrator.

    None where no model is asked, and for a channel alone, which is asked as its neuron is.
    """
    if solution.exercise.kind != "neuron":
        return
    for number, setting in enumerate(_settings(module_names(solution))):
        places = list(_places(solution, setting).items())
        where, cells = places[number % len(places)]
        yield Mutant(operator="setting left behind", place=f"{setting}, {where}", cells=cells)
    math = module_names(solution).get("brainpy.math")
    for number, method in enumerate(METHODS if math is not None else ()):
        if other := channels_by(solution, method):
            setting = f"{math}.set_dt({OTHER_DT[number % len(OTHER_DT)]})"
            above = _places(solution.with_cells(other), setting)["above the graded class"]
            yield Mutant(
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


def _places(solution: ParsedSolution, setting: str) -> dict[str, dict[int, str]]:
    """Map each place that the setting can stand in to the cell with it."""
    first, graded = min(solution.trees), solution.graded_index
    source = {index: ast.unparse(solution.trees[index]) for index in (first, graded)}
    found = {
        "above the graded class": {graded: f"{setting}\n{source[graded]}"},
        "below the graded class": {graded: f"{source[graded]}\n{setting}"},
    }
    if first != graded:
        found["above the channels' classes"] = {first: f"{setting}\n{source[first]}"}
    return found
