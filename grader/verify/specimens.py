"""All specimens of an assignment, in an order that every process agrees on."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from grader.assignment import Assignment
from grader.verify.edits import Specimen
from grader.verify.equivalents import equivalents
from grader.verify.equivalents.integrators import BY_RK4
from grader.verify.equivalents.numbers import IN_FLOAT32
from grader.verify.hidden import hidden
from grader.verify.operators import mutants
from grader.verify.parameters import SLIGHT
from grader.verify.teacher import Teacher, take_apart
from grader.verify.updates import LATE_ONES, updates

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
            *_in_single_precision(teacher, assignment, right, wrong),
            *_by_another_integrator(teacher, assignment, right),
        ]
        found.append((teacher, [(next(counter), specimen) for specimen in made]))
    return found


def _in_single_precision(
    teacher: Teacher,
    assignment: Assignment,
    right: Sequence[Specimen],
    wrong: Sequence[Specimen],
) -> Iterator[Specimen]:
    """Slightly wrong parameters, and every third hidden fault, with all states in float32."""
    for cells in [one.cells for one in right if (one.operator, one.place) == IN_FLOAT32]:
        slight = [one for one in wrong if one.operator in SLIGHT]
        further = hidden(_with(teacher, cells), assignment)[::THIRD]
        for one in (*slight, *further):
            yield _beside(cells, one, "single precision")


def _by_another_integrator(
    teacher: Teacher, assignment: Assignment, right: Sequence[Specimen]
) -> Iterator[Specimen]:
    """What begins late, in models whose traces may differ, since their scheme does."""
    for cells in [one.cells for one in right if (one.operator, one.place) == BY_RK4]:
        for one in updates(_with(teacher, cells), assignment):
            if one.operator in LATE_ONES:
                yield _beside(cells, one, "another integrator")


def _with(teacher: Teacher, cells: Mapping[int, str]) -> Teacher:
    """The same with a specimen's ``cells`` in place of its own."""
    changed = {index: ast.parse(source) for index, source in cells.items()}
    return replace(teacher, trees={**teacher.trees, **changed})


def _beside(cells: Mapping[int, str], further: Specimen, how: str) -> Specimen:
    """A specimen with another's ``cells`` where it has none."""
    operator, whole = f"{further.operator}, {how}", {**cells, **further.cells}
    return replace(further, operator=operator, cells=whole)
