"""A new assignment from ``grader new`` to a graded class, and notebooks that are not released."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.assignment.load import load_assignment
from grader.authoring.release.new_assignment import create_assignment
from tests.support.edit import edit
from tests.support.project import results, run_grader
from tests.support.some_models import some_models


@pytest.fixture
def laid_out(tmp_path: Path) -> Path:
    """A folder with a new assignment in it."""
    create_assignment("week-3", tmp_path)
    return tmp_path


def test_a_teachers_notebook_that_loses_points_is_not_released(laid_out: Path) -> None:
    """Checks that it fails are named, before tolerances are there too; nothing is written.

    One by a parameter of its own, one by an equation that is not the reference's.
    """
    folder = laid_out / "reference/week-3"
    edit(folder / "week-3-solution.ipynb", "E=-90., g_max=1.)", "E=-91.)")
    edit(folder / "model.py", '"tau": 20.0', '"tau": 25.0')
    done = run_grader("release", "week-3", "--assignments", laid_out)
    assert done.returncode == 1, done.stderr
    assert "The teacher's notebook gets" in done.stderr
    assert "week-3.parameters.IM.E" in done.stderr
    assert "week-3.simulation.field.p" in done.stderr
    assert not list(laid_out.glob("assignments/**/*.ipynb"))


LABELS = """\
[[samples]]
file = "idle.ipynb"
about = "Did nothing."
outcome = "graded"
run = "cell_error"
score = [0, 0]

[[samples]]
file = "right.ipynb"
about = "The solution."
outcome = "graded"
run = "ok"
score = [100, 100]
"""


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(some_models("::5"), id="every-fifth-model"),
        pytest.param(("-m", "grader"), id="all-models", marks=pytest.mark.exhaustive),
    ],
)
def test_a_new_assignment_is_released_verified_and_grades_a_class(
    program: tuple[str, str], tmp_path: Path
) -> None:
    """new, release, verify --derive with samples, release again and grade, without a fault."""
    where = ("--assignments", tmp_path)
    page, handed_in = tmp_path / "verify.html", tmp_path / "submissions" / "week-3"
    assert run_grader("new", "week-3", "--dir", tmp_path).returncode == 0
    _is_fine(run_grader("release", "week-3", *where))
    handed_in.mkdir(parents=True)
    shutil.copy(tmp_path / "assignments/week-3/week-3.ipynb", handed_in / "idle.ipynb")
    shutil.copy(tmp_path / "reference/week-3/week-3-solution.ipynb", handed_in / "right.ipynb")
    (handed_in / "expected.toml").write_text(LABELS, "utf-8")
    command = [sys.executable, *program, "verify", "week-3", "--seeds", "2", "--derive"]
    done = subprocess.run(
        [*command, "-o", page, *where], capture_output=True, text=True, timeout=1200
    )
    _is_fine(done)
    assert "none with full marks" in page.read_text("utf-8")
    assert "2 labelled samples" in done.stdout
    _is_fine(run_grader("release", "week-3", *where))
    _is_fine(run_grader("release", "week-3", "--check", *where))
    load_assignment(tmp_path / "assignments/week-3", tmp_path / "reference/week-3")
    _is_fine(run_grader("grade", handed_in, "-o", tmp_path / "feedback", *where))
    scores = {name: result["score"] for name, result in results(tmp_path / "feedback").items()}
    assert scores == {"idle": 0, "right": 100}


def _is_fine(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr
