"""``grader check`` as a student starts it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import ROOT, SOLUTION, run_grader, short_solution


def test_check_tells_a_student_what_fails(tmp_path: Path) -> None:
    """The self-check exits with 1, names cell, line and parameter, and writes the page."""
    file = short_solution(tmp_path / "mine.ipynb")
    right = file.read_text("utf-8")
    assert "g_max=0.03)" in right
    file.write_text(right.replace("g_max=0.03)", "g_max=0.3)"), "utf-8")
    done = run_grader("check", file, "-o", tmp_path / "page.html")
    assert done.returncode == 1, done.stderr
    assert "g_max of IL is 0.3" in done.stdout
    assert "line 11" in done.stdout
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "g_max of IL is 0.3" in page
    assert "Further checks" not in page


@pytest.mark.full
def test_check_needs_nothing_of_the_teachers(tmp_path: Path) -> None:
    """With the teachers' folder out of reach a right notebook passes, with 0, without JAX."""
    shutil.copytree(ROOT / "assignments", tmp_path / "assignments")
    code = (
        "import sys\nfrom grader.cli import main\n"
        "try:\n    main()\nfinally:\n    print('jax' in sys.modules)"
    )
    arguments = ["check", str(SOLUTION), "--assignments", str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All public checks pass" in done.stdout
    assert done.stdout.splitlines()[-1] == "False"
