"""Which assignment a notebook looks like that names none."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.assignment.find import list_assignments
from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.core.types import Cell, Submission
from grader.submission.cells.identify import match_assignments
from grader.submission.intake.likely_assignment import vote_on_assignment
from grader.submission.notebook.read import read_notebook
from tests.support.project import ROOT

FILES = sorted(ROOT.glob("assignments/*/assignment.toml"))


@pytest.fixture(scope="module")
def known() -> list[Assignment]:
    return [load_assignment(file.parent, derived=False) for file in FILES]


def _of(*sources: str, tags: tuple[str, ...] = ()) -> Submission:
    cells = [
        Cell(index=i, kind="code", source=source, id=f"c{i}", tags=tags)
        for i, source in enumerate(sources)
    ]
    return Submission(file="n.ipynb", sha256="", cells=tuple(cells))


def test_a_released_notebook_looks_like_its_own_assignment(known: list[Assignment]) -> None:
    """Each of them, and the teacher's solution too."""
    assert len(known) >= 4
    for one in known:
        assert match_assignments(read_notebook(one.notebook), known) == [one.id]
        solution = ROOT / "reference" / one.id / f"{one.id}-solution.ipynb"
        assert match_assignments(read_notebook(solution), known) == [one.id]


def test_a_class_of_the_name_on_the_base_is_enough(known: list[Assignment]) -> None:
    """All in one cell, without tags: the base tells homeworks of one class name apart."""
    for base, id in (("NeuDyn", "hh-from-scratch"), ("CondNeuGroup", "hh")):
        whole = _of(f"import brainpy as bp\nclass HH(bp.dyn.{base}):\n  pass")
        assert match_assignments(whole, known) == [id]


def test_a_tag_that_several_use_leaves_several(known: list[Assignment]) -> None:
    """Where nothing else tells, all that fit are named."""
    assert {"hh", "hh-from-scratch"} <= set(
        match_assignments(_of("x = 1", tags=("grader:HH",)), known)
    )


def test_another_notebook_looks_like_none(known: list[Assignment]) -> None:
    """Nor does one that only imports what all import."""
    assert match_assignments(_of("import brainpy as bp", "print(1)"), known) == []


def test_of_a_class_the_homework_of_most_counts(tmp_path: Path) -> None:
    """One student's other homework, or a file that is no notebook, decides nothing."""
    page = tmp_path / "page.ipynb"
    page.write_text("<!doctype html>", "utf-8")
    others = sorted((ROOT / "submissions" / "hh-from-scratch").glob("right-*.ipynb"))[:2]
    one = ROOT / "submissions" / "hh" / "right-plain.ipynb"
    likely = vote_on_assignment([page, one, *others])
    assert likely(tuple(list_assignments().values())) == ["hh-from-scratch"]
