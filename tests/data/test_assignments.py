"""The data of every assignment: enough wrong models, names for its families, samples as built."""

from __future__ import annotations

import pytest

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.authoring.verify.all_mutants import all_mutants
from grader.authoring.verify.sample_labels import load_samples
from grader.core.messages import LANGUAGES, catalogue
from tests.data.samples import build
from tests.support.generated_notebooks import changes
from tests.support.project import ROOT

IDS = sorted(file.parent.name for file in ROOT.glob("assignments/*/assignment.toml"))
OTHERS = [id for id in IDS if id != "hh" and (ROOT / "submissions" / id).is_dir()]


def _loaded(id: str) -> Assignment:
    return load_assignment(ROOT / "assignments" / id, ROOT / "reference" / id)


@pytest.mark.parametrize("id", IDS)
def test_there_are_enough_wrong_models(id: str) -> None:
    """``grader verify`` makes at least 60 wrong models of each solution, and 30 right ones."""
    made = [mutant for _, numbered in all_mutants(_loaded(id)) for _, mutant in numbered]
    right = [mutant for mutant in made if mutant.right]
    assert len(right) >= 30
    assert len(made) - len(right) >= 60


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("id", IDS)
def test_every_family_has_a_name(id: str, language: str) -> None:
    """No report falls back on the word of the data, in either language."""
    families = {check.family for check in _loaded(id).checks}
    assert families
    words = catalogue(language)
    assert {family for family in families if not words.has(f"report.family.{family}")} == set()


@pytest.mark.parametrize("id", OTHERS)
def test_committed_samples_are_what_the_script_builds(id: str) -> None:
    """Nobody edits a sample by hand, and every one has its label."""
    folder = ROOT / "submissions" / id
    assert changes(build.SAMPLES[id](), folder) == []
    assert {sample.file for sample in load_samples(folder)} == set(build.SAMPLES[id]())
