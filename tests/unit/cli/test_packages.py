"""Packages that cannot be used are named before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.project import ROOT, SOLUTION, run_grader


@pytest.fixture
def old_numpy(tmp_path: Path) -> str:
    """A place before all others on Python's path, where NumPy 1 seems to be installed."""
    about = tmp_path / "site" / "numpy-1.26.4.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 1.26.4\n")
    return f"{about.parent}:{ROOT}"


@pytest.mark.parametrize("command", ["grade", "check"])
def test_packages_that_cannot_be_used_are_refused(
    command: str, old_numpy: str, tmp_path: Path
) -> None:
    """With NumPy 1 nothing is run: a sentence says what is there and what is needed, status 2."""
    own = ("-o", tmp_path / "out") if command == "grade" else ()
    done = run_grader(command, SOLUTION, *own, "--lang", "en", PYTHONPATH=old_numpy)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "numpy 1.26.4" in done.stderr
    assert 'pip install "numpy>=2"' in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.full
def test_doctor_names_packages_that_cannot_be_used(old_numpy: str) -> None:
    """It says what is there and what is needed, and its exit status says that all is not well."""
    done = run_grader("doctor", "--lang", "en", PYTHONPATH=old_numpy)
    assert done.returncode == 1
    assert "numpy 1.26.4 can't be used" in done.stdout
