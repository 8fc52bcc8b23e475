"""Batches from the command line, with real kernels: the same seed, exit status, faults of ours."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.graded_corpus import OPTIONS, Corpus
from tests.support.project import ROOT, results, run_grader

SAMPLES = ROOT / "submissions" / "hh"


@pytest.fixture(scope="module")
def graded_again(
    corpus: Corpus, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any], dict[str, Any]]:
    """A sample of the corpus graded by its recorded seed, where another secret is: both results."""
    name = "g_Na-20-percent-off"
    before = corpus.by_file("hh")[f"{name}.ipynb"]
    folder = tmp_path_factory.mktemp("again")
    done = run_grader(
        *("grade", SAMPLES / f"{name}.ipynb", "-o", folder / "out", "--lang", "en"),
        *("--seed", str(before["provenance"]["seed"]), "--fail-under", str(before["score"] + 1)),
        XDG_STATE_HOME=str(folder / "state"),
    )
    return done, before, results(folder / "out")[name]


def test_the_same_seed_gives_the_same_result(
    graded_again: tuple[object, dict[str, Any], dict[str, Any]],
) -> None:
    """Where a notebook is graded with the seed of an earlier run, every check is as it was.

    Its message, its points and each value that was measured, under hidden stimuli too.
    """
    _, before, after = graded_again
    assert after["provenance"]["seed"] == before["provenance"]["seed"]
    hidden = [check for check in before["checks"] if check["visibility"] == "hidden"]
    assert any(check["measured"] for check in hidden)
    assert after["checks"] == before["checks"]
    assert after["score"] == before["score"]


def test_exit_status_tells_a_low_score(
    graded_again: tuple[subprocess.CompletedProcess[str], dict[str, Any], dict[str, Any]],
) -> None:
    """A score below --fail-under makes the exit status 1."""
    done, _, after = graded_again
    assert after["outcome"] == "graded"
    assert done.returncode == 1, done.stderr


def test_our_own_fault_never_costs_a_student(corpus: Corpus, tmp_path: Path) -> None:
    """With a broken reference there is no score, exit status 3, and the teacher sees why."""
    file = "right-plain.ipynb"
    before = corpus.by_file("hh")[file]
    assert before["score"] == 100
    name, out = before["submission"]["id"], tmp_path / "out"
    shutil.copytree(corpus.graded("hh") / name, out / name)
    for folder in ("assignments", "reference"):
        shutil.copytree(ROOT / folder / "hh", tmp_path / folder / "hh")
    model = tmp_path / "reference" / "hh" / "model.py"
    model.write_text(model.read_text("utf-8") + "\nraise RuntimeError('broken on purpose')\n")
    done = run_grader("grade", SAMPLES / file, "-o", out, "--assignments", tmp_path, *OPTIONS)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    result = results(out)[name]
    assert (result["outcome"], result["score"]) == ("not_graded", None)
    assert {check["status"] for check in result["checks"]} == {"error"}
    assert "broken on purpose" in json.dumps(result)
    page = (out / name / "result.html").read_text("utf-8")
    assert "broken on purpose" not in page
