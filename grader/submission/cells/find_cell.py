"""Find the cell of a submission that is graded for an exercise.

Students rename, copy, merge and reorder cells, hand in everything in one cell and
lose tags on the way, and the handout's own answer may have been left in. So a cell
is looked for by its tag or id, then as the unfilled template, then by its class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from grader.assignment.schema import Assignment, Exercise
from grader.core.types import Blank, GradedCell, Submission
from grader.submission.cells.anchors import anchors_of, definition_of
from grader.submission.cells.candidates import Candidate, ClassFinder, CodeCell, parse_code_cell
from grader.submission.cells.handout import ReleasedNotebook, read_released
from grader.submission.cells.run_cells import RunFinder
from grader.submission.notebook.ast_digest import source_digest
from grader.submission.notebook.headings import headings, same_heading

_FoundBy = Literal["tag", "source", "class", "elsewhere", "none"]


def find_cell(submission: Submission, exercise: Exercise, assignment: Assignment) -> GradedCell:
    """Return the cell that counts for an exercise, and how it was found.

    A cell with the exercise's tag (or the id of its cell) counts once a blank is
    filled. While it isn't, the last other filled cell with the class on the base
    asked for counts. Without such a cell, the best and last definition of the class
    does. Cells of the released notebook and the handout's own answer never count, and what
    is another exercise's own counts for that alone.

    Raises ``AssignmentError`` when the released notebook can't be read.
    """
    codes = [parse_code_cell(cell) for cell in submission.cells if cell.kind == "code"]
    start = read_released(assignment)
    anchors, anchored_by = anchors_of(codes, exercise, start)
    anchor_indices = {code.cell.index for code in anchors}
    never = answer_cells(submission, assignment)
    given = {cell.digest for cell in start.other_cells(exercise.tag)}
    aside: list[CodeCell] = []
    students: list[CodeCell] = []
    for code in codes:
        index = code.cell.index
        counts = index in anchor_indices or not (index in never or code.digest in given)
        (students if counts else aside).append(code)
    run = exercise.kind == "run"
    finder = RunFinder(exercise) if run else ClassFinder(exercise, codes, students, start)
    is_anothers = _of_others(codes, exercise, assignment, start)
    found_by: _FoundBy
    chosen, found_by = _anchored(finder, anchors), anchored_by
    if chosen is None or not chosen.filled:
        others = [
            candidate
            for code in students
            if code.cell.index not in anchor_indices
            for candidate in finder.candidates(code)
            if (chosen is None or (candidate.base_matches and candidate.filled))
            and not is_anothers(candidate)
        ]
        # max takes the first of equals; reversed, that is the last in the notebook
        other = max(reversed(others), key=lambda candidate: candidate.rank, default=None)
        if other is not None:
            chosen, found_by = other, "class" if other.name_matches else "elsewhere"
    set_aside = tuple(code.cell.index for code in aside if finder.defines(code))
    ignored = tuple(index for index in set_aside if index in never)
    if chosen is None:
        empty = tuple(Blank(name=name, filled=False) for name in exercise.blank_names)
        return GradedCell(
            exercise=exercise.id, index=None, blanks=empty, set_aside=set_aside, ignored=ignored
        )
    return GradedCell(
        exercise=exercise.id,
        index=chosen.index,
        class_name=chosen.class_name,
        found_by=found_by,
        blanks=chosen.blanks,
        set_aside=set_aside,
        ignored=ignored,
    )


def answer_cells(submission: Submission, assignment: Assignment) -> frozenset[int]:
    """Return the code cells that are the handout's own answer, or stand under its heading.

    The handout's answer follows the exercise. So a heading above every cell of the
    exercise is the student's own, and a cell with an exercise's tag ends a section.

    Raises ``AssignmentError`` when the released notebook can't be read.
    """
    tags = {exercise.tag for exercise in assignment.exercises}
    given = {c.digest for c in read_released(assignment).cells if tags.isdisjoint(c.tags)}
    defines = definition_of(assignment.exercises)
    found: set[int] = set()
    level: int | None = None
    after_exercise = False
    for cell in submission.cells:
        if cell.kind == "markdown":
            for heading in headings(cell.source) if after_exercise else ():
                if any(same_heading(heading.text, own) for own in assignment.answer.headings):
                    level = heading.level if level is None else min(level, heading.level)
                elif level is not None and heading.level <= level:
                    level = None
        elif cell.kind == "code":
            if not tags.isdisjoint(cell.tags):
                after_exercise, level = True, None
                continue
            digest = source_digest(cell.source)
            if level is not None or digest in assignment.answer.sources:
                found.add(cell.index)
            elif defines.search(cell.source) and digest not in given:
                after_exercise = True
    return frozenset(found)


def _of_others(
    codes: Sequence[CodeCell], exercise: Exercise, assignment: Assignment, start: ReleasedNotebook
) -> Callable[[Candidate], bool]:
    """Return a test for candidates: another exercise's own, by its cell or its name.

    Where cells were merged, a class under this exercise's own name counts for it in the cell
    of one that asks for another name.
    """
    others = [other for other in assignment.exercises if other.id != exercise.id]
    names = {other.class_name for other in others} - {exercise.class_name}
    owners: dict[int, set[str]] = {}
    for other in others:
        for code in anchors_of(codes, other, start)[0]:
            owners.setdefault(code.cell.index, set()).add(other.class_name)

    def is_anothers(candidate: Candidate) -> bool:
        own = owners.get(candidate.index, set())
        if candidate.name_matches:
            return exercise.class_name in own
        return bool(own) or candidate.class_name in names

    return is_anothers


def _anchored(finder: ClassFinder | RunFinder, anchors: Sequence[CodeCell]) -> Candidate | None:
    """Return the last filled one of the exercise's own cells, else the last that fits at all."""
    found = [finder.best(code) for code in anchors]
    # max takes the first of equals; reversed, that is the last in the notebook
    return max(reversed(found), key=lambda best: (best.filled, best.rank > 0), default=None)
