"""The marks of a solution, and what a student's notebook is made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.schema import Assignment
from grader.authoring.release.author_error import AuthorError
from grader.authoring.release.solution_marks import read_marks
from grader.authoring.release.student_notebook import (
    as_text,
    compare_notebook,
    make_student_notebook,
    read_document,
    require_blanks,
    source_of,
)
from grader.submission.notebook.ast_digest import parse
from tests.support.project import ROOT

NOTEBOOKS = sorted(ROOT.glob("reference/*/*-solution.ipynb"))
GRADED = 25  # the cell of the exercise, from 0
Edit = Callable[[list[dict[str, Any]]], object]

CELL = """def f(x):
    # TODO
    ### BEGIN SOLUTION
    #: y = ...  # a number
    #: return ...
    y = x + 1
    return y
    ### END SOLUTION"""


def test_a_solution_gives_way_to_its_stubs() -> None:
    """Lines behind ``#: `` stay at their own indent, the others between the marks go."""
    marked = read_marks(CELL, 1)
    assert marked.released == "def f(x):\n    # TODO\n    y = ...  # a number\n    return ..."
    assert marked.solutions == (("    y = x + 1", "    return y"),)
    assert marked.faults == ()


def test_a_cell_without_marks_stays_as_it_is() -> None:
    """Comments, blank lines and a last line's end are the author's."""
    source = "# ### a heading\n\nx = 1  #: no stub\n"
    assert read_marks(source, 1).released == source


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (CELL.replace("### BEGIN SOLUTION", "pass"), "line 8: ### END SOLUTION"),
        (CELL.replace("### END SOLUTION", "pass"), "line 3: ### BEGIN SOLUTION"),
        (CELL.replace("# TODO", "### BEGIN SOLUTION"), "line 3: ### BEGIN SOLUTION within"),
        (CELL.replace("#: ", "# "), "line 3: this solution leaves the student no blank"),
        ("### BEGIN SOLUTION\n#: x = ...\n### END SOLUTION", "line 1: nothing stands between"),
        ("#: x = ...", "line 1: a line that begins with"),
        ("### Begin solution\nx = 1", "line 1: this looks like a mark"),
        ("#### END SOLUTION", "line 1: this looks like a mark"),
        ("### BEGIN HIDDEN TESTS", "line 1: this looks like a mark"),
        ("### BEGIN SOLUTION # mine", "line 1: this looks like a mark"),
    ],
)
def test_a_fault_of_the_marks_is_named_with_cell_and_line(source: str, said: str) -> None:
    """Marks that are not paired, unknown or without a blank are no marks, in both languages."""
    faults = read_marks(source, 7).faults
    assert f"Cell 7, {said}" in str(AuthorError(faults))
    assert "第 7 个单元格" in AuthorError(faults).in_language("zh")


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda f: f.parent.name)
def test_every_teachers_notebook_can_be_released(file: Path, assignment: Assignment) -> None:
    """What the student sees of it can be parsed, and a second release changes nothing."""
    made = make_student_notebook(
        read_document(file), assignment.model_copy(update={"exercises": ()})
    )
    for cell in made["cells"]:
        assert cell["cell_type"] != "code" or parse(source_of(cell)) is not None
        assert "SOLUTION" not in source_of(cell)
    again = make_student_notebook(made, assignment.model_copy(update={"exercises": ()}))
    assert as_text(again) == as_text(made)


def test_outputs_go_and_tags_stay(assignment: Assignment) -> None:
    """Nothing tells of the teacher's run; ids, tags and the assignment's name are there."""
    document = teachers(assignment)
    cell = document["cells"][GRADED]
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "the answer"}]
    cell["execution_count"] = 3
    cell["metadata"]["execution"] = {"iopub.execute_input": "2026-01-01"}
    cell["source"] = cell["source"].splitlines(keepends=True)
    document["metadata"] = {"widgets": {"the": "answer"}}
    made = make_student_notebook(document, assignment)
    own = made["cells"][GRADED]
    assert (own["outputs"], own["execution_count"]) == ([], None)
    assert own["metadata"] == {"tags": ["grader:HH"]}
    assert own["id"] == "HH"
    assert isinstance(own["source"], list)
    assert made["metadata"] == {"grader": {"assignment": "hh"}}


def _untag(cells: list[dict[str, Any]]) -> None:
    cells[GRADED]["metadata"] = {}


def _tag_twice(cells: list[dict[str, Any]]) -> None:
    cells[1]["metadata"]["tags"] = ["grader:HH"]


def _unmark(cells: list[dict[str, Any]]) -> None:
    lines = cells[GRADED]["source"].split("\n")
    cells[GRADED]["source"] = "\n".join(n for n in lines if "###" not in n and "#: " not in n)


def _mark_text(cells: list[dict[str, Any]]) -> None:
    cells[0]["source"] += "\n### BEGIN SOLUTION"


def _leave_answer(cells: list[dict[str, Any]]) -> None:
    answer = read_marks(cells[GRADED]["source"], 1).solutions[0]
    cells[0]["source"] += "\n```\n" + "\n".join(line.strip() for line in answer) + "\n```"


def _break(cells: list[dict[str, Any]]) -> None:
    cells[GRADED]["source"] = cells[GRADED]["source"].replace("#: self.IK = ...", "#: self.IK =")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (_untag, "no cell of the teacher's notebook has the tag grader:HH"),
        (_untag, "Cell 26 has a solution but no tag"),
        (_tag_twice, "cells 2, 26 of the teacher's notebook have the tag grader:HH"),
        (_unmark, "cell 26 has the tag grader:HH, but no solution is marked"),
        (_mark_text, "Cell 1 is not a code cell"),
        (_leave_answer, "The solution of cell 26 stands in cell 1"),
        (_break, "Cell 26 is no longer Python"),
    ],
)
def test_what_keeps_a_notebook_from_being_released_is_said(
    assignment: Assignment, edit: Edit, said: str
) -> None:
    """Each fault of tags and of what would be left has a sentence with its cell."""
    document = teachers(assignment)
    edit(document["cells"])
    with pytest.raises(AuthorError) as refused:
        make_student_notebook(document, assignment)
    assert said in str(refused.value)
    assert refused.value.in_language("zh")


@pytest.mark.parametrize(
    ("new", "said"),
    [("#: self.IK = IK(size)", "the blank IK is filled"), ("#: ...", "has no blank IK")],
)
def test_a_blank_that_is_filled_or_missing_is_named(
    assignment: Assignment, tmp_path: Path, new: str, said: str
) -> None:
    """Every channel asked for is a blank in the released cell, and blank."""
    document = teachers(assignment)
    cell = document["cells"][GRADED]
    cell["source"] = cell["source"].replace("#: self.IK = ...", new)
    file = tmp_path / "made.ipynb"
    file.write_text(as_text(make_student_notebook(document, assignment)), "utf-8")
    with pytest.raises(AuthorError, match=said):
        require_blanks(file, assignment)


@pytest.mark.parametrize("text", ["no notebook", '{"nbformat": 3, "worksheets": []}', "[1]", "{}"])
def test_a_file_that_is_no_notebook_is_named(tmp_path: Path, text: str) -> None:
    """Other formats and other files are refused with the file's name."""
    (tmp_path / "old.ipynb").write_text(text, "utf-8")
    with pytest.raises(AuthorError, match=r"old\.ipynb: not readable as a notebook"):
        read_document(tmp_path / "old.ipynb")
    with pytest.raises(AuthorError, match=r"none\.ipynb: not readable as a notebook"):
        read_document(tmp_path / "none.ipynb")


def test_a_released_notebook_that_differs_is_named_with_its_cells(
    assignment: Assignment, tmp_path: Path
) -> None:
    """An edited cell, other metadata, a torn file and a missing one are told apart."""
    made, file = make_student_notebook(teachers(assignment), assignment), tmp_path / "hh.ipynb"

    def said(text: str) -> str:
        file.write_text(text, "utf-8")
        return str(AuthorError(compare_notebook(made, file)))

    assert "is missing" in str(AuthorError(compare_notebook(made, file)))
    assert said(as_text(made)) == ""
    assert "cells 3 differ" in said(as_text(_edited(made, 2)))
    assert "its cells are the same" in said(as_text({**made, "metadata": {}}))
    assert "not readable" in said("{")


def _edited(document: dict[str, Any], index: int) -> dict[str, Any]:
    twin: dict[str, Any] = json.loads(json.dumps(document))
    twin["cells"][index]["source"] += " "
    return twin


def teachers(assignment: Assignment) -> dict[str, Any]:
    assert assignment.rubric is not None
    return read_document(assignment.rubric.solution)
