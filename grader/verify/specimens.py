"""All specimens of an assignment, in an order that every process agrees on."""

from __future__ import annotations

import itertools

from grader.assignment import Assignment
from grader.verify.edits import Specimen
from grader.verify.equivalents import equivalents
from grader.verify.operators import mutants
from grader.verify.teacher import Teacher, take_apart

Numbered = list[tuple[int, Specimen]]


def specimens(assignment: Assignment) -> list[tuple[Teacher, Numbered]]:
    """Right and wrong models of each exercise, numbered through. Raises ``NoSolution``."""
    counter = itertools.count()
    found = []
    for exercise in assignment.exercises:
        teacher = take_apart(assignment, exercise)
        made = [*equivalents(teacher, assignment), *mutants(teacher, assignment)]
        found.append((teacher, [(next(counter), specimen) for specimen in made]))
    return found
