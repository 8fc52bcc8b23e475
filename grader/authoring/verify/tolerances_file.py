"""Writing derived tolerances where they are read: public ones beside the assignment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from grader.assignment.load import TOLERANCES
from grader.assignment.schema import Assignment, Margin, Tolerance

_HEAD = """\
# Made by `grader verify {id} --derive` with seeds {first} to {last}: not to be edited by hand.
# Each tolerance lies between the worst of right models and the nearest of wrong ones, which
# stand beside it; V in mV, times in ms, gates as fractions, a field relative to its size.
schema_version = 1
"""


def write_tolerances(
    assignment: Assignment, tolerances: Sequence[Tolerance], seeds: Sequence[int]
) -> list[Path]:
    """Write students' own beside assignment.toml, all others beside rubric.toml."""
    assert assignment.rubric is not None
    students = assignment.model_copy(update={"rubric": None})
    public = {of for of, _ in students.measures}
    head = _HEAD.format(id=assignment.id, first=seeds[0], last=seeds[-1])
    files = []
    for folder, is_public in ((assignment.folder, True), (assignment.rubric.folder, False)):
        own = [one for one in tolerances if (one.of in public) is is_public]
        (file := folder / TOLERANCES).write_text(head + "".join(_lines(own)), "utf-8")
        files.append(file)
    return files


def _lines(tolerances: Iterable[Tolerance]) -> Iterable[str]:
    for one in tolerances:
        yield f"\n[[tolerances]]\nof = {json.dumps(one.of)}\n"
        if one.until is not None:
            yield f"until = {one.until}\n"
        yield f"float64 = {_table(one.float64)}\nfloat32 = {_table(one.float32)}\n"


def _table(margin: Margin) -> str:
    return f"{{ tolerance = {margin.tolerance}, right = {margin.right}, wrong = {margin.wrong} }}"
