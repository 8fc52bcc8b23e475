"""All specimens of an assignment, in an order that is always the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Specimen
from grader.authoring.verify.equation_mutants import CONSTANT, mutants
from grader.authoring.verify.equivalents import equivalents
from grader.authoring.verify.equivalents.integrators import BY_RK4
from grader.authoring.verify.equivalents.numbers import IN_FLOAT32
from grader.authoring.verify.parameter_mutants import SLIGHT
from grader.authoring.verify.solution import Teacher, take_apart
from grader.authoring.verify.step_mutants import hidden
from grader.authoring.verify.update_mutants import LATE_ONES, updates

THIRD = 3  # every so many of them, to keep time in bounds

Numbered = list[tuple[int, Specimen]]


def specimens(assignment: Assignment) -> list[tuple[Teacher, Numbered]]:
    """Right and wrong models of each exercise, numbered through. Raises ``NoSolution``."""
    counter = itertools.count()
    found = []
    for exercise in assignment.exercises:
        teacher = take_apart(assignment, exercise)
        right, wrong = equivalents(teacher, assignment), mutants(teacher, assignment)
        made = [
            *right,
            *wrong,
            *_in_single_precision(teacher, assignment, right),
            *_by_another_integrator(teacher, assignment, right),
        ]
        if len(assignment.exercises) > 1:
            made = [replace(one, place=f"{one.place}, of {exercise.id}") for one in made]
        found.append((teacher, [(next(counter), specimen) for specimen in made]))
    return found


def _in_single_precision(
    teacher: Teacher, assignment: Assignment, right: Sequence[Specimen]
) -> Iterator[Specimen]:
    """Slightly wrong models, and every third hidden fault, with all states in float32."""
    for cells in [one.cells for one in right if (one.operator, one.place) == IN_FLOAT32]:
        single = teacher.changed(cells)
        slight = [one for one in mutants(single, assignment) if one.operator in _slight(teacher)]
        further = hidden(single, assignment)[::THIRD]
        for one in (*slight, *further):
            yield _beside(cells, one, "single precision")


def _slight(teacher: Teacher) -> tuple[str, ...]:
    """Operators of slight changes: of parameters; of numbers, where nothing else says those."""
    return SLIGHT if teacher.made else (CONSTANT,)


def _by_another_integrator(
    teacher: Teacher, assignment: Assignment, right: Sequence[Specimen]
) -> Iterator[Specimen]:
    """What begins late, in models whose traces may differ, since their scheme does."""
    for cells in [one.cells for one in right if (one.operator, one.place) == BY_RK4]:
        for one in updates(teacher.changed(cells), assignment):
            if one.operator in LATE_ONES:
                yield _beside(cells, one, "another integrator")


def _beside(cells: Mapping[int, str], further: Specimen, how: str) -> Specimen:
    """A specimen with another's ``cells`` where it has none."""
    operator, whole = f"{further.operator}, {how}", {**cells, **further.cells}
    return replace(further, operator=operator, cells=whole)
