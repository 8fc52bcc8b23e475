"""All mutants of an assignment, in an order that is always the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.equation_mutants import CONSTANT, wrong_mutants
from grader.authoring.verify.equivalents import equivalent_mutants
from grader.authoring.verify.equivalents.integrators import BY_RK4
from grader.authoring.verify.equivalents.precision import IN_FLOAT32
from grader.authoring.verify.parameter_mutants import SLIGHT
from grader.authoring.verify.parsed_solution import ParsedSolution, parse_solution
from grader.authoring.verify.step_mutants import step_and_update_mutants
from grader.authoring.verify.update_mutants import LATE_OPERATORS, update_mutants

SAMPLING_STEP = 3  # every so many of them, to keep time in bounds

NumberedMutants = list[tuple[int, Mutant]]


def all_mutants(assignment: Assignment) -> list[tuple[ParsedSolution, NumberedMutants]]:
    """Right and wrong models of each exercise, numbered through. Raises ``NoSolution``."""
    counter = itertools.count()
    found = []
    for exercise in assignment.exercises:
        solution = parse_solution(assignment, exercise)
        right, wrong = equivalent_mutants(solution, assignment), wrong_mutants(solution, assignment)
        made = [
            *right,
            *wrong,
            *_in_single_precision(solution, assignment, right),
            *_by_another_integrator(solution, assignment, right),
        ]
        if len(assignment.exercises) > 1:
            made = [replace(one, place=f"{one.place}, of {exercise.id}") for one in made]
        found.append((solution, [(next(counter), mutant) for mutant in made]))
    return found


def _in_single_precision(
    solution: ParsedSolution, assignment: Assignment, right: Sequence[Mutant]
) -> Iterator[Mutant]:
    """Slightly wrong models, and every third hidden fault, with all states in float32."""
    of_numbers = SLIGHT if solution.channel_calls else (CONSTANT,)  # where nothing else says them
    for cells in [one.cells for one in right if (one.operator, one.place) == IN_FLOAT32]:
        single = solution.with_cells(cells)
        slight = [one for one in wrong_mutants(single, assignment) if one.operator in of_numbers]
        further = step_and_update_mutants(single, assignment)[::SAMPLING_STEP]
        for one in (*slight, *further):
            yield _beside(cells, one, "single precision")


def _by_another_integrator(
    solution: ParsedSolution, assignment: Assignment, right: Sequence[Mutant]
) -> Iterator[Mutant]:
    """Yield what begins late, in models whose traces may differ, since their scheme does."""
    for cells in [one.cells for one in right if (one.operator, one.place) == BY_RK4]:
        for one in update_mutants(solution.with_cells(cells), assignment):
            if one.operator in LATE_OPERATORS:
                yield _beside(cells, one, "another integrator")


def _beside(cells: Mapping[int, str], further: Mutant, how: str) -> Mutant:
    """Return a mutant with another's ``cells`` where it has none."""
    operator, whole = f"{further.operator}, {how}", {**cells, **further.cells}
    return replace(further, operator=operator, cells=whole)
