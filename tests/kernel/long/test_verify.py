"""``grader verify`` as an author starts it: what is not as it should be is named."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import ROOT
from tests.support.some_models import some_models

LABELS = """\
[[samples]]
file = "right.ipynb"
about = "Nothing that can be read, but labelled as a right one."
outcome = "graded"
run = "ok"
score = [100, 100]

[[samples]]
file = "empty.ipynb"
about = "Nothing that can be read."
outcome = "graded"
run = "unreadable"
score = [0, 0]
"""


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A course of one assignment, which the tests may change."""
    for folder in ("assignments", "reference"):
        shutil.copytree(ROOT / folder / "hh-from-scratch", tmp_path / folder / "hh-from-scratch")
    return tmp_path


def _verified(course: Path) -> tuple[int, list[str]]:
    """The status of ``grader verify`` with one model, its page and what is on the screen."""
    command = [sys.executable, *some_models(":1"), "verify", "hh-from-scratch", "--seeds", "1"]
    where = ["-o", str(course / "page.html"), "--assignments", str(course)]
    done = subprocess.run([*command, *where], capture_output=True, text=True, timeout=600)
    assert done.returncode in (0, 1), done.stderr
    page = html.unescape((course / "page.html").read_text("utf-8"))
    return done.returncode, [page, " ".join(done.stdout.split())]


def test_a_model_that_does_not_get_what_it_deserves_is_named(scratch: Path) -> None:
    """``grader verify`` ends with status 1, and says on the screen and in the page which it is."""
    file = scratch / "reference" / "hh-from-scratch" / "model.py"
    text = file.read_text("utf-8")
    assert '"gNa": 120.0' in text
    file.write_text(text.replace('"gNa": 120.0', '"gNa": 121.0'), "utf-8")
    status, said = _verified(scratch)
    assert status == 1
    for text in said:
        assert "1 models got what they do not deserve" in text
        assert re.search(r"as it is: the solution.{1,50}right, but [\d.]+ points", text, re.DOTALL)


def test_a_sample_that_is_not_graded_as_its_label_says_is_named(scratch: Path) -> None:
    """The same of a labelled sample; nothing is said of one that is graded as labelled."""
    (samples := scratch / "submissions" / "hh-from-scratch").mkdir(parents=True)
    (samples / "expected.toml").write_text(LABELS, "utf-8")
    for name in ("right", "empty"):
        (samples / f"{name}.ipynb").write_bytes(b"")
    status, said = _verified(scratch)
    assert status == 1
    for text in said:
        assert "1 of 2 labelled samples are not graded as their labels say" in text
        assert "right.ipynb" in text
        assert "score: expected 100, got 0" in text
        assert "empty.ipynb" not in text
