"""Every assignment from end to end: its solution, its released notebook, its labelled samples."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from generated_notebooks import changes
from hidden_checks import in_language, reached
from project import ROOT, results, run_grader
from samples import build
from self_checks import begins_elsewhere, given_away, own_evidence

from grader.assignment import Assignment
from grader.load import load_assignment
from grader.report.formats import FORMATS
from grader.verify.labels import disagreements, load_samples
from grader.verify.specimens import specimens
from grader.words import LANGUAGES, catalogue

IDS = sorted(file.parent.name for file in ROOT.glob("assignments/*/assignment.toml"))
OTHERS = [id for id in IDS if id != "hh" and (ROOT / "submissions" / id).is_dir()]


def _loaded(id: str) -> Assignment:
    return load_assignment(ROOT / "assignments" / id, ROOT / "reference" / id)


@pytest.mark.parametrize("id", IDS)
def test_there_are_enough_wrong_models(id: str) -> None:
    """``grader verify`` makes at least 60 wrong models of each solution, and 30 right ones."""
    made = [specimen for _, numbered in specimens(_loaded(id)) for _, specimen in numbered]
    right = [specimen for specimen in made if specimen.right]
    assert len(right) >= 30
    assert len(made) - len(right) >= 60


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("id", IDS)
def test_every_family_has_a_name(id: str, language: str) -> None:
    """No report falls back on the word of the data, in either language."""
    families = {check.family for check in _loaded(id).checks}
    assert all(catalogue(language).has(f"report.family.{family}") for family in families)


@pytest.mark.parametrize("id", OTHERS)
def test_committed_samples_are_what_the_script_builds(id: str) -> None:
    """Nobody edits a sample by hand, and every one has its label."""
    folder = ROOT / "submissions" / id
    assert changes(build.SAMPLES[id](), folder) == []
    assert {sample.file for sample in load_samples(folder)} == set(build.SAMPLES[id]())


@pytest.mark.slow
@pytest.mark.parametrize(("id", "language"), [*((id, "en") for id in IDS), ("hh", "zh")])
def test_the_solution_has_100_and_the_released_notebook_0(
    id: str, language: str, tmp_path: Path
) -> None:
    """Without being told which assignment it is, and whatever the language."""
    loaded = _loaded(id)
    assert loaded.rubric is not None
    (handed_in := tmp_path / "in").mkdir()
    for file, name in ((loaded.rubric.solution, "solution"), (loaded.notebook, "released")):
        shutil.copy(file, handed_in / f"{name}.ipynb")
    done = run_grader("grade", handed_in, "-o", tmp_path / "out", "--lang", language)
    assert done.returncode == 0, done.stdout + done.stderr
    scores = {name: result["score"] for name, result in results(tmp_path / "out").items()}
    assert scores == {"solution": 100, "released": 0}


@pytest.mark.slow
@pytest.mark.parametrize("id", OTHERS)
def test_samples_get_their_verdicts(id: str, tmp_path: Path) -> None:
    """Each gets the outcome, the score and the checks of its label.

    No student's file has anything of a hidden check, in either language.
    A check of the student's own would have told no value that the handout doesn't give, and where
    one line is wrong it would have begun there.
    """
    folder = ROOT / "submissions" / id
    formats = ("--format", ",".join(FORMATS), "--cell-seconds", "15")
    done = run_grader("grade", folder, "-o", out := tmp_path / "out", "--lang", "en", *formats)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {Path(r["submission"]["file"]).name: r for r in results(out).values()}
    wrong = {s.file: disagreements(s, found[s.file]) for s in load_samples(folder)}
    assert {file: ways for file, ways in wrong.items() if ways} == {}
    assert reached(out, id) == {}
    assert reached(in_language("zh", out, folder, tmp_path), id) == {}
    loaded = _loaded(id)
    told = {
        name: given_away(evidence, loaded) + begins_elsewhere(evidence, loaded)
        for name, evidence in own_evidence(out, loaded)
    }
    assert {name: ways for name, ways in told.items() if ways} == {}
