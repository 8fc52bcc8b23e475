"""The handout's answer never counts as work, wherever a student leaves it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.schema import Assignment
from grader.core.types import Blank, Cell, GradedCell, Submission
from grader.submission.cells.find_cell import answer_cells
from grader.submission.notebook.read import read_notebook
from tests.support.edited_cells import (
    ANSWER,
    FILLED,
    Find,
    added,
    brief,
    changed,
    fill,
    of,
    stripped,
    with_cells,
)


def test_answer_left_in_never_counts(find: Find, released: Submission) -> None:
    """The handout's answer doesn't fill the template, by its source or by its heading."""
    for submission in (
        added(released, ANSWER),
        added(released, ANSWER.replace("\n\n", "\n# mine\n")),
        added(released, "# Answer", FILLED),
        added(released, "# 参考答案", "x = 1", FILLED),
        added(released, "# **answer:**", FILLED),
        added(released, "# Answer\n## Code", FILLED),
    ):
        last = submission.cells[-1].index
        assert brief(find(submission)) == (25, "HH", "tag", 0)
        assert find(submission).set_aside == (14, last)
        assert brief(find(stripped(submission))) == (25, "HH", "source", 0)


def test_answer_instead_of_the_exercise(find: Find, released: Submission) -> None:
    """Where the exercise's cell was deleted, the handout's answer doesn't stand in for it."""
    cells = [cell for cell in released.cells if cell.index != 25]
    for sources in ([ANSWER], ["# Answer", ANSWER]):
        submission = added(stripped(with_cells(released, cells)), *sources)
        assert find(submission) == GradedCell(
            exercise="HH",
            index=None,
            blanks=tuple(Blank(name=name, filled=False) for name in ("IK", "INa", "IL")),
            set_aside=(14, submission.cells[-1].index),
            ignored=(submission.cells[-1].index,),
        )


def test_answer_section_ends(find: Find, released: Submission) -> None:
    """What stands under the next heading is the student's again."""
    submission = added(released, "# Answer", ANSWER, "# My own try", FILLED)
    assert brief(find(submission)) == (30, "HH", "class", 3)


@pytest.mark.parametrize("prepare", [lambda s: s, stripped], ids=["tagged", "stripped"])
def test_students_own_answer_heading(
    find: Find,
    released: Submission,
    assignment: Assignment,
    prepare: Callable[[Submission], Submission],
) -> None:
    """A heading above the exercise is the student's own: cell and figures below it count."""
    submission = changed(released, 25, fill(released.cells[25].source))
    heading = Cell(index=0, kind="markdown", source="## Answer", id="own")
    submission = with_cells(submission, [*submission.cells[:25], heading, *submission.cells[25:]])
    submission = prepare(submission)
    assert find(submission).index == 26
    assert find(submission).filled == 3
    assert answer_cells(submission, assignment) == frozenset()
    left_in = added(submission, "# Answer", ANSWER, "plt.plot(1)")
    assert find(left_in).index == 26
    assert answer_cells(left_in, assignment) == {29, 30}


def test_tagged_cell_below_the_answer(
    find: Find, released: Submission, assignment: Assignment
) -> None:
    """A tagged cell counts under the handout's heading too, and ends its section."""
    template = released.cells[25]
    mine = replace(template, source=fill(template.source))
    run = replace(released.cells[26], source="plt.plot(2)", tags=())
    left_in = added(released, "# Answer", ANSWER).cells
    submission = with_cells(released, [*left_in, mine, run])
    assert brief(find(submission)) == (29, "HH", "tag", 3)
    assert answer_cells(submission, assignment) == {28}


def test_answer_cells(assignment: Assignment, released: Submission) -> None:
    """The answer is told by its source anywhere, and by its heading whatever it is."""
    assert answer_cells(released, assignment) == frozenset()
    submission = added(released, ANSWER, "# Answer", "x = 1", "# Else", "y = 2")
    assert answer_cells(submission, assignment) == {27, 29}


def test_given_class_never_counts(find: Find, released: Submission) -> None:
    """The class composed in the handout is nobody's answer, merged with others or not."""
    without = [cell for cell in released.cells if cell.index != 25]
    assert find(stripped(with_cells(released, without))).index is None
    merged = "import numpy as np\n\n" + released.cells[14].source
    assert find(of(merged)) == GradedCell(
        exercise="HH",
        index=None,
        blanks=tuple(Blank(name=name, filled=False) for name in ("IK", "INa", "IL")),
    )


def test_composed_class_that_was_changed(find: Find, released: Submission) -> None:
    """A changed class on another base counts only where nothing on the asked base is."""
    composed = released.cells[14].source.replace("-54.387", "-54.39")
    assert brief(find(of(composed))) == (0, "HH", "class", 3)
    assert brief(find(of(composed, FILLED, composed))) == (1, "HH", "class", 3)
    unfilled = FILLED.replace("IK(size)", "...").replace("INa(size)", "...")
    unfilled = unfilled.replace("IL(size)", "...")
    assert brief(find(of(composed, unfilled))) == (1, "HH", "class", 0)


def test_handout_with_its_answer(tmp_path: Path, find: Find, released: Submission) -> None:
    """The handout of nbformat 4.2, without tags or ids and with its answer left in."""
    cells: list[dict[str, Any]] = [
        {"cell_type": cell.kind, "metadata": {}, "source": cell.source} for cell in released.cells
    ]
    cells.append({"cell_type": "markdown", "metadata": {}, "source": "## Answer"})
    cells.append({"cell_type": "code", "metadata": {}, "source": FILLED})
    for cell in cells:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    file = tmp_path / "handout.ipynb"
    file.write_text(
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 2})
    )
    submission = read_notebook(file)
    found = find(submission)
    assert (brief(found), found.set_aside) == ((25, "HH", "source", 0), (14, 28))
