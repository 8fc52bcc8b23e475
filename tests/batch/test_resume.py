"""Going on where results are: what stands is kept, only what must be is judged or run."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.courses import (
    Course,
)
from tests.support.graded_corpus import OPTIONS, Corpus
from tests.support.project import ROOT, results, run_grader


def test_a_second_run_keeps_what_did_not_change(corpus: Corpus, tmp_path: Path) -> None:
    """A changed notebook alone is run, and gets what its content got elsewhere; its new mark is
    on record, and every other result stays byte for byte."""
    names = ("right-plain", "E_K-sign", "login-page")
    (tmp_path / "in").mkdir()
    for name in names:
        shutil.copytree(corpus.graded("hh") / name, tmp_path / "out" / name)
        shutil.copy(ROOT / "submissions" / "hh" / f"{name}.ipynb", tmp_path / "in")
    changed, by_file = "right-plain", corpus.by_file("hh")
    other = by_file["n-cubed.ipynb"]
    shutil.copy(ROOT / "submissions" / "hh" / "n-cubed.ipynb", tmp_path / "in" / f"{changed}.ipynb")
    before = Course(tmp_path).files()
    done = run_grader(
        *("grade", tmp_path / "in", "-o", tmp_path / "out", "-a", "hh", "--lang", "en", *OPTIONS)
    )
    assert done.returncode == 0, done.stderr
    assert "3 submissions: 2 kept as they are, 0 judged again, 1 to run." in done.stdout
    assert "another notebook was handed in" in done.stdout
    after, result = Course(tmp_path).files(), results(tmp_path / "out")[changed]
    for name, content in before.items():
        if not name.startswith(changed):
            assert after[name] == content, name
    assert result["submission"]["sha256"] == other["submission"]["sha256"]
    assert result["checks"] == other["checks"]
    [change] = result["changes"]
    assert (change["old"], change["new"]) == (100, other["score"])
    assert other["score"] < 100


def test_what_failed_and_has_no_result_is_run_again(corpus: Corpus, tmp_path: Path) -> None:
    """A grader that was killed may not have known yet whether it failed for the machine's sake."""
    names = ("NameError-in-init", "E_K-sign")
    (tmp_path / "in").mkdir()
    for name in names:
        shutil.copytree(corpus.graded("hh") / name, tmp_path / "out" / name)
        (tmp_path / "out" / name / "result.json").unlink()
        shutil.copy(ROOT / "submissions" / "hh" / f"{name}.ipynb", tmp_path / "in")
    arguments = ("grade", tmp_path / "in", "-o", tmp_path / "out", "-a", "hh", "--dry-run")
    done = run_grader(*arguments, "--lang", "en", *OPTIONS)
    assert "0 kept as they are, 1 judged again, 1 to run." in done.stdout, done.stdout
