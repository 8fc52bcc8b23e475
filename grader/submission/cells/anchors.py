"""The cells that a submission's notebook itself marks as an exercise's own."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Literal

from grader.assignment.schema import Exercise
from grader.submission.cells.candidates import CodeCell
from grader.submission.cells.handout import ReleasedNotebook


def definition_of(exercises: Sequence[Exercise]) -> re.Pattern[str]:
    """Return a pattern of the definition of an exercise's class: by its name or its base."""
    named = [exercise for exercise in exercises if exercise.class_name]
    names = "|".join(re.escape(exercise.class_name) for exercise in named)
    bases = "|".join(re.escape(exercise.base) for exercise in named)
    return re.compile(rf"\bclass[ \t]+(?:(?:{names})\b|\w+[ \t]*\([^)\n]*\b(?:{bases})\b)")


def anchors_of(
    codes: Sequence[CodeCell], exercise: Exercise, start: ReleasedNotebook
) -> tuple[list[CodeCell], Literal["tag", "source"]]:
    """Return the exercise's own cells, as the released notebook marks or words them."""
    if tagged := [code for code in codes if exercise.tag in code.cell.tags]:
        return tagged, "tag"
    own = start.exercise_cells(exercise.tag)
    ids = {cell.id for cell in own if cell.id}
    if same_id := [code for code in codes if code.cell.id in ids]:
        return same_id, "tag"
    digests = {cell.digest for cell in own}
    if unchanged := [code for code in codes if code.digest in digests]:
        return unchanged, "source"
    return _between_neighbours(codes, exercise, start), "source"


def _between_neighbours(
    codes: Sequence[CodeCell], exercise: Exercise, start: ReleasedNotebook
) -> list[CodeCell]:
    """Cells that define the class right below the cell that the handout has above it.

    A filled cell has another source than the handout's, but it still stands where the
    handout put it: a notebook without tags says so by the unchanged cell above.
    """
    if not exercise.class_name:
        return []
    above = {
        before.digest
        for before, cell in itertools.pairwise(start.cells)
        if exercise.tag in cell.tags
    }
    defines = definition_of([exercise])
    return [
        code
        for before, code in itertools.pairwise(codes)
        if before.digest in above and defines.search(code.cell.source)
    ]
