"""Mistakes in the labelled samples: the results name each, and nothing that is not there."""

from __future__ import annotations

from typing import Any

import pytest

from grader.assignment.schema import Assignment
from grader.authoring.verify.sample_labels import load_samples
from tests.support.graded_corpus import Corpus, is_small
from tests.support.named_mistakes import OF_SAMPLES_ALONE, mistakes_named, says_of_one_wrong
from tests.support.project import ROOT

# The samples with one wrong parameter, which is this one.
SAMPLES_OF_ONE = {
    "E_K-sign": "IK.E",
    "g_Na-20-percent-off": "INa.g_max",
    "E_L-of-the-lesson": "IL.E",
    "g_L-of-the-textbook": "IL.g_max",
    "g_L-under-1-percent-off": "IL.g_max",
}
# Of each sample of the assignment's all mistakes that are named; of the others none is.
NAMED_IN: dict[str, set[str]] = {
    "right-printed-formula": {"assignment.variant.formula"},
    "two-of-three": {"assignment.mistake.leak_missing:V"},
    "leak-line-deleted": {"assignment.mistake.leak_missing:V"},
    "E_L-of-the-lesson": {"assignment.mistake.earlier_leak:V"},
    "g_L-of-the-textbook": {"checks.parameter.power_of_ten"},
    "E_K-sign": {"checks.parameter.sign"},
    "E-swapped": {"checks.parameter.of_another"},
    "IK-and-INa-swapped": {"checks.channel.gates", "checks.parameter.of_another"},
    "channels-of-the-library": {"assignment.variant.formula", "checks.channel.library"},
    "IL-of-the-library": {"checks.channel.library"},
    "extra-leak": {"checks.extra.doubled"},
    "IK-doubled": {"checks.extra.doubled"},
    "n-cubed": {"assignment.mistake.n_cubed:V"},
    "signs-of-the-currents": {"assignment.mistake.all_reversed:V"},
    "gates-start-at-one": {"checks.start.state"},
    "rk4-and-gates-start-at-one": {"checks.start.state"},
}


def _samples() -> list[Any]:
    """Each sample's name, as a parameter of a test with its tier."""
    names = [sample.file for sample in load_samples(ROOT / "submissions" / "hh")]
    return [_sample(name.removesuffix(".ipynb")) for name in names]


def _sample(name: str, *further: Any) -> Any:
    marks = () if is_small("hh", f"{name}.ipynb") else pytest.mark.full
    return pytest.param(name, *further, id=name, marks=marks)


@pytest.mark.parametrize("name", _samples())
def test_in_a_sample_its_own_mistakes_are_named(
    corpus: Corpus, assignment: Assignment, name: str
) -> None:
    """In the results of ``grader grade``, and in a right sample none."""
    result = corpus.by_file("hh")[f"{name}.ipynb"]
    ids, notes = (c["message_id"] for c in result["checks"]), result["submission"]["notes"]
    assert mistakes_named(ids, notes, assignment) == NAMED_IN.get(name, set())


def test_every_sample_that_is_named_here_is_there() -> None:
    """And so is every text of a mistake that the samples alone hold."""
    there = {sample.file for sample in load_samples(ROOT / "submissions" / "hh")}
    assert {f"{name}.ipynb" for name in (*NAMED_IN, *SAMPLES_OF_ONE)} <= there
    assert set().union(*NAMED_IN.values()) >= OF_SAMPLES_ALONE


@pytest.mark.parametrize(("name", "which"), [_sample(*one) for one in SAMPLES_OF_ONE.items()])
def test_a_sample_with_a_wrong_parameter_loses_points_twice(
    corpus: Corpus, name: str, which: str
) -> None:
    """The same of what was handed in as a file."""
    message = says_of_one_wrong(which, corpus.by_file("hh")[f"{name}.ipynb"]["checks"])
    assert "sign" not in name or "sign" in message
