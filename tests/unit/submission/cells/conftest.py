"""The released notebook of hh, and a function that finds the graded cell."""

from __future__ import annotations

import pytest

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.core.types import Submission
from grader.submission.cells.find_cell import find_cell
from grader.submission.notebook.ast_digest import source_digest
from grader.submission.notebook.read import read_notebook
from tests.support.edited_cells import ANSWER, Find
from tests.support.project import ROOT


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    """The real assignment, with the digest of ``ANSWER`` as the handout's answer."""
    loaded = load_assignment(ROOT / "assignments" / "hh")
    answer = loaded.answer.model_copy(update={"sources": (source_digest(ANSWER),)})
    return loaded.model_copy(update={"answer": answer})


@pytest.fixture
def find(assignment: Assignment) -> Find:
    return lambda submission: find_cell(submission, assignment.exercises[0], assignment)


@pytest.fixture(scope="module")
def released() -> Submission:
    return read_notebook(ROOT / "assignments" / "hh" / "hh.ipynb")
