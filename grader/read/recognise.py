"""Which assignments a notebook looks like, where it names none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from grader.assignment import Assignment, Exercise
from grader.read.candidates import Code, code_of
from grader.read.classes import Scope, classes, last_name
from grader.read.released import released
from grader.stages import Submission


def looks_like(submission: Submission, assignments: Sequence[Assignment]) -> list[str]:
    """The assignments that fit a notebook best; several where it can't be told, or none.

    What counts first are code cells that one assignment alone released, then the tags of the
    exercises' cells, then classes of an exercise's name on the base that it asks for.

    Raises ``AssignmentError`` when a released notebook can't be read.
    """
    codes = [code_of(cell) for cell in submission.cells if cell.kind == "code"]
    cells = {a.id: {cell.digest for cell in released(a).cells} for a in assignments}
    everywhere = Counter(digest for digests in cells.values() for digest in digests)
    digests = {code.digest for code in codes}
    tags = {tag for code in codes for tag in code.cell.tags}
    scores = {
        a.id: (
            sum(everywhere[digest] == 1 for digest in cells[a.id] & digests),
            sum(exercise.tag in tags for exercise in a.exercises),
            sum(_defines(codes, exercise) for exercise in a.exercises if exercise.class_name),
        )
        for a in assignments
    }
    best = max(scores.values(), default=(0, 0, 0))
    return [id for id, score in scores.items() if score == best and any(score)]


def _defines(codes: Sequence[Code], exercise: Exercise) -> bool:
    """Whether the exercise's class stands in a cell, on its base or one that is built on it."""
    trees = [code.tree for code in codes if code.tree is not None]
    bases = Scope(trees).names_for(exercise.base)
    return any(
        node.name == exercise.class_name and any(last_name(base) in bases for base in node.bases)
        for tree in trees
        for node in classes(tree)
    )
