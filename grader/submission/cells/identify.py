"""Identify the assignment of a notebook that names none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from grader.assignment.schema import Assignment, Exercise
from grader.core.types import Submission
from grader.submission.cells.candidates import CodeCell, parse_code_cell
from grader.submission.cells.handout import ReleasedNotebook, read_released
from grader.submission.cells.scope import Scope, classes, last_name
from grader.submission.notebook.ast_digest import text_digest


def match_assignments(submission: Submission, assignments: Sequence[Assignment]) -> list[str]:
    """Return the assignments that fit a notebook best; several where it can't be told, or none.

    What counts first are cells that one assignment alone released, then which share of the
    exercises has its tag on a cell, then for which there is a class of its name on its base.

    Raises ``AssignmentError`` when a released notebook can't be read.
    """
    codes = [parse_code_cell(cell) for cell in submission.cells if cell.kind == "code"]
    cells = {a.id: _digests(read_released(a)) for a in assignments}
    everywhere = Counter(digest for digests in cells.values() for digest in digests)
    texts = [cell.source for cell in submission.cells if cell.kind == "markdown"]
    digests = {code.digest for code in codes} | set(map(text_digest, texts))
    tags = {tag for code in codes for tag in code.cell.tags}
    scores = {
        a.id: (
            sum(everywhere[digest] == 1 for digest in cells[a.id] & digests),
            sum(e.tag in tags for e in a.exercises) / len(a.exercises),
            sum(_defines(codes, e) for e in a.exercises) / len(a.exercises),
        )
        for a in assignments
    }
    best = max(scores.values(), default=(0, 0.0, 0.0))
    return [id for id, score in scores.items() if score == best and any(score)]


def _digests(start: ReleasedNotebook) -> frozenset[str]:
    return start.texts.union(cell.digest for cell in start.cells)


def _defines(codes: Sequence[CodeCell], exercise: Exercise) -> bool:
    """Return True if the exercise's class stands in a cell, on its base or one close to it."""
    trees = [code.tree for code in codes if code.tree is not None]
    known = Scope(trees)
    bases = set[str]().union(*map(known.names_for, (exercise.base, *exercise.related_bases)))
    return any(
        node.name == exercise.class_name and any(last_name(base) in bases for base in node.bases)
        for tree in trees
        for node in classes(tree)
    )
