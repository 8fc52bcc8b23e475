"""Single mistakes of students: the report names each, and nothing that is not there.

What a student writes is run as a model of the solution and judged; the labelled samples went
through the whole of ``grader grade``. That each mistake of the reference is named where a
model's derivatives are its own stands in ``test_mistakes.py``, that no right model has
one named in ``test_verify.py``: here is that the reference's mistakes are those of the texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import pytest

from grader.assignment.schema import Assignment
from grader.authoring.verify.sample_labels import load_samples
from grader.core.messages import catalogue
from grader.core.types import GradeReport
from tests.support.asked_models import reports_of
from tests.support.graded_corpus import Corpus, is_small
from tests.support.project import ROOT

LEAK = "IL(size, E=-54.39, g_max=0.03)"
# What stands in the solution, what a student writes, and the message that must name it.
MISTAKES: dict[str, tuple[dict[str, str], str]] = {
    "n-cubed": ({"self.n ** 4": "self.n ** 3"}, "assignment.mistake.n_cubed"),
    "m-squared": ({"self.m ** 3": "self.m ** 2"}, "assignment.mistake.m_squared"),
    "h-missing": ({"self.m ** 3 * self.h": "self.m ** 3"}, "assignment.mistake.h_missing"),
    "potassium-reversed": (
        {"self.n ** 4 * (self.E - V)": "self.n ** 4 * (V - self.E)"},
        "assignment.mistake.potassium_reversed",
    ),
    "all-reversed": ({"(self.E - V)": "(V - self.E)"}, "assignment.mistake.all_reversed"),
    "leak-twice": ({LEAK: f"{LEAK}; self.IL2 = {LEAK}"}, "assignment.mistake.leak_twice"),
    "E_L-of-the-lesson": ({"E=-54.39, g": "E=-54.387, g"}, "assignment.mistake.earlier_leak"),
    "E_K-sign": ({"IK(size, E=-77.": "IK(size, E=77."}, "checks.parameter.sign"),
    "g_Na-tenfold": ({"g_max=120.)": "g_max=1200.)"}, "checks.parameter.power_of_ten"),
    "E_Na-of-K": ({"INa(size, E=50.": "INa(size, E=-77."}, "checks.parameter.of_another"),
    "gates-start-at-one": ({"variable_(bm.zeros": "variable_(bm.ones"}, "checks.start.state"),
    "channels-exchanged": (
        {"self.IK = IK(size, E=-77., g_max=36.)": "self.IK = INa(size, E=-77., g_max=36.)"},
        "checks.channel.gates",
    ),
    "in-a-list": ({"self.IL = IL(": "self.own = [0]; self.own[0] = IL("}, "checks.channel.loose"),
    "library": ({"self.IL = IL(": "self.IL = bp.dyn.IL("}, "checks.channel.library"),
    "E_L-of-the-lesson-positive": (
        {"E=-54.39, g": "E=54.387, g"},
        "assignment.mistake.earlier_leak_sign",
    ),
    "input-tenth": (
        {"size, V_initializer": "size, A=1e-2, V_initializer"},
        "checks.simulation.input",
    ),
    "input-ignored": (
        {LEAK: f"{LEAK}\n\n  def update(self, x=None):\n    return super().update(0.0)"},
        "checks.simulation.no_input",
    ),
    "n-never-stored": ({"self.n.value = self": "n = self"}, "checks.channel.still"),
    "n-twice": (
        {"self.n.value = self": "for _ in range(2): self.n.value = self"},
        "checks.channel.times",
    ),
    "formula": ({"0.11 * (V + 40)": "0.1 * (V + 40)"}, "assignment.variant.formula"),
}
# The same of one equation: what is changed there, the message, and the state that it is said of.
EQUATIONS: dict[str, tuple[dict[str, str], str, str]] = {
    "m-fourth": ({"self.m ** 3": "self.m ** 4"}, "m_fourth", "V"),
    "m-and-h": ({"self.m ** 3 * self.h": "self.m * self.h ** 3"}, "m_and_h_exchanged", "V"),
    "IL-returns-none": (
        {"return self.g_max * (self.E - V)": "return 0. * V"},
        "leak_missing",
        "V",
    ),
    "IK-returns-none": ({"self.n ** 4 * (self.E - V)": "0. * V"}, "potassium_missing", "V"),
    "INa-returns-none": (
        {"self.m ** 3 * self.h * (self.E - V)": "0. * V"},
        "sodium_missing",
        "V",
    ),
    "sodium-reversed": (
        {"self.h * (self.E - V)": "self.h * (V - self.E)"},
        "sodium_reversed",
        "V",
    ),
    "leak-reversed": (
        {"return self.g_max * (self.E - V)": "return self.g_max * (V - self.E)"},
        "leak_reversed",
        "V",
    ),
    "IK-as-printed": ({"self.n ** 4 * (self.E - V)": "self.n ** 4"}, "potassium_undriven", "V"),
    "INa-as-printed": ({"self.h * (self.E - V)": "self.h"}, "sodium_undriven", "V"),
    "n-exchanged": (
        {"alpha_n * (1. - n) - beta_n * n": "beta_n * (1. - n) - alpha_n * n"},
        "exchanged",
        "n",
    ),
    "h-exchanged": (
        {"alpha_h = 0.07": "beta_h = 0.07", "beta_h = 1.": "alpha_h = 1."},
        "exchanged",
        "h",
    ),
    "h-parts-exchanged": (
        {"alpha_h * (1. - h) - beta_h * h": "alpha_h * h - beta_h * (1. - h)"},
        "parts_exchanged",
        "h",
    ),
    "n-alpha-alone": ({"alpha_n * (1. - n)": "alpha_n"}, "alpha_alone", "n"),
    "h-alpha-alone": ({"alpha_h * (1. - h)": "alpha_h"}, "alpha_alone", "h"),
    "m-as-printed": ({"beta_m * m)": "beta_m)"}, "beta_alone", "m"),
    "h-as-printed": ({"beta_h * h)": "beta_h)"}, "beta_alone", "h"),
    "m-plus": ({"- beta_m * m": "+ beta_m * m"}, "plus", "m"),
    "n-reversed": (
        {"alpha_n * (1. - n) - beta_n * n": "beta_n * n - alpha_n * (1. - n)"},
        "reversed",
        "n",
    ),
    "m-denominator": (
        {"(1 - bm.exp (-(V + 40) / 10))": "(bm.exp (-(V + 40) / 10) - 1)"},
        "alpha_negative",
        "m",
    ),
    "alpha_n-tenfold": ({"0.01 * (V + 55)": "0.1 * (V + 55)"}, "alpha_tenfold", "n"),
    "alpha_h-tenth": ({"0.07 * bm": "0.007 * bm"}, "alpha_tenth", "h"),
    "beta_m-tenfold": ({"4* bm": "40* bm"}, "beta_tenfold", "m"),
    "beta_n-tenth": ({"0.125 * bm": "0.0125 * bm"}, "beta_tenth", "n"),
    "alpha_n-exponent": ({"exp(-(V + 55)": "exp((V + 55)"}, "alpha_exponent", "n"),
    "alpha_h-exponent": ({"exp(-(V + 65) / 20)": "exp((V + 65) / 20)"}, "alpha_exponent", "h"),
    "beta_m-exponent": ({"exp(-(V + 65) /18)": "exp((V + 65) /18)"}, "beta_exponent", "m"),
    "beta_h-exponent": ({"exp(-(V + 35)": "exp((V + 35)"}, "beta_exponent", "h"),
    "alpha_m-unshifted": ({"(V + 40)": "V"}, "alpha_unshifted", "m"),
    "beta_n-unshifted": ({"(V + 65) / 80": "V / 80"}, "beta_unshifted", "n"),
    "n-unshifted": ({"(V + 55)": "V", "(V + 65) / 80": "V / 80"}, "both_unshifted", "n"),
    "alpha_n-shift": ({"V + 55": "V - 55"}, "alpha_shift_sign", "n"),
    "beta_h-shift": ({"V + 35": "V - 35"}, "beta_shift_sign", "h"),
    "n-shift": ({"V + 55": "V - 55", "(V + 65) / 80": "(V - 65) / 80"}, "both_shift_sign", "n"),
    "n-V_sh-zero": ({"V + 55": "V + 10", "(V + 65) / 80": "(V + 20) / 80"}, "V_sh_zero", "n"),
    "h-of-m": (
        {
            "0.07 * bm.exp(-(V + 65) / 20)": "0.11 * (V + 40) / (1 - bm.exp(-(V + 40) / 10))",
            "1. / (1 + bm.exp(-(V + 35) / 10))": "4 * bm.exp(-(V + 65) / 18)",
        },
        "of_m",
        "h",
    ),
    "m-of-n": (
        {
            "0.11 * (V + 40) / (1 - bm.exp (-(V + 40) / 10))": (
                "0.01 * (V + 55) / (1 - bm.exp(-(V + 55) / 10))"
            ),
            "4* bm.exp(-(V + 65) /18)": "0.125 * bm.exp(-(V + 65) / 80)",
        },
        "of_n",
        "m",
    ),
}
MISTAKES |= {
    name: (changes, f"assignment.mistake.{message}:{state}")
    for name, (changes, message, state) in EQUATIONS.items()
}
MISTAKES = {  # a sentence that names its state stands in MISTAKES with it
    name: (changes, id if ":" in id or not id.startswith("assignment.mistake") else f"{id}:V")
    for name, (changes, id) in MISTAKES.items()
}
# Wrong, but by none of the likely mistakes, or by two in one equation: nothing is said of them.
SILENT: dict[str, dict[str, str]] = {
    "n-to-the-2.5": {"self.n ** 4": "self.n ** 2.5"},
    "n-cubed-and-no-leak": {
        "self.n ** 4": "self.n ** 3",
        "return self.g_max * (self.E - V)": "return 0. * V",
    },
    "beta_n-of-0.13": {"0.125 * bm": "0.13 * bm"},
    "m-plus-and-tenfold": {"- beta_m * m": "+ beta_m * m", "4* bm": "40* bm"},
    "leak-of-0.06": {"g_max=0.03)": "g_max=0.06)"},
    "no-leak-asked": {"g_max=0.03)": "g_max=0.)"},
    "g_K-negative": {"g_max=36.)": "g_max=-36.)"},
}
# Two independent mistakes, the second in another equation, or in a parameter.
BOTH: dict[str, tuple[dict[str, str], set[str]]] = {
    "n-cubed-and-h-as-printed": (
        {"self.n ** 4": "self.n ** 3", "beta_h * h)": "beta_h)"},
        {"assignment.mistake.n_cubed:V", "assignment.mistake.beta_alone:h"},
    ),
    "both-of-sodium-as-printed": (
        {"beta_m * m)": "beta_m)", "beta_h * h)": "beta_h)"},
        {"assignment.mistake.beta_alone:m", "assignment.mistake.beta_alone:h"},
    ),
    "n-cubed-and-E_K-sign": (
        {"self.n ** 4": "self.n ** 3", "IK(size, E=-77.": "IK(size, E=77."},
        {"assignment.mistake.n_cubed:V", "checks.parameter.sign"},
    ),
    "m-plus-in-the-formula": (
        {"- beta_m * m": "+ beta_m * m", "0.11 * (V + 40)": "0.1 * (V + 40)"},
        {"assignment.mistake.plus:m"},
    ),
}
# Each of these names a cause; where it stands, the cause must be there.
OF_SAMPLES_ALONE = {"checks.extra.doubled"}
NAMED = (
    {message for _, message in MISTAKES.values()}
    | OF_SAMPLES_ALONE
    | {
        f"assignment.mistake.{message}:{state}"
        for message, states in {
            **{m: "V" for _, m, state in EQUATIONS.values() if state == "V"},
            **{m: "nmh" for _, m, state in EQUATIONS.values() if state != "V"},
            "of_h": "nmh",
        }.items()
        for state in states
    }
)


# One wrong parameter and nothing else: what stands in the solution, and what is written there.
PARAMETERS: dict[str, tuple[str, str]] = {
    "IK.E 1 percent": ("IK(size, E=-77.", "IK(size, E=-77.77"),
    "IK.g_max 20 percent": ("g_max=36.)", "g_max=43.2)"),
    "INa.E sign": ("INa(size, E=50.", "INa(size, E=-50."),
    "INa.g_max 1 percent": ("g_max=120.)", "g_max=121.2)"),
    "IL.E 20 percent": ("E=-54.39, g_max=0.03)", "E=-65.268, g_max=0.03)"),
    "IL.g_max sign": ("g_max=0.03)", "g_max=-0.03)"),
}
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


@pytest.fixture(scope="module")
def reports(assignment: Assignment) -> dict[str, GradeReport]:
    """The solution itself, and all that is made of it here, judged."""
    changes = {name: changed for name, (changed, _) in (MISTAKES | BOTH).items()}
    of_parameters = {name: {old: new} for name, (old, new) in PARAMETERS.items()}
    return reports_of({"solution": {}, **changes, **SILENT, **of_parameters}, assignment)


def _said(message_ids: Iterable[str], notes: Iterable[str], assignment: Assignment) -> set[str]:
    """The mistakes that checks and notes name."""
    ids, sentences = set(message_ids), list(notes)
    return {message for message in NAMED if _is_said(message, ids, sentences, assignment)}


def _is_said(message: str, ids: set[str], notes: list[str], assignment: Assignment) -> bool:
    """Whether checks or notes hold a message, of the state after its colon."""
    message_id, _, state = message.partition(":")
    if message_id in ids:
        return True
    words = catalogue("en", assignment.folder)
    if state and "{state}" in words.sentences[message_id]:
        return words.render(message_id, state=state) in notes
    parts = re.split(r"{\w+}", words.sentences[message_id])
    sentence = re.compile(".*".join(map(re.escape, parts)))
    return any(sentence.fullmatch(note) for note in notes)


def _said_in(report: GradeReport, assignment: Assignment) -> set[str]:
    return _said((check.message_id for check in report.checks), report.notes, assignment)


@pytest.mark.full
@pytest.mark.parametrize("name", MISTAKES)
def test_a_single_mistake_is_named_and_no_other(
    reports: dict[str, GradeReport], assignment: Assignment, name: str
) -> None:
    """The report names the mistake that was made, and none that was not."""
    follows = {  # in a list a channel has no current
        "in-a-list": {"assignment.mistake.leak_missing:V"},
        "leak-twice": {"checks.extra.doubled"},
    }
    assert _said_in(reports[name], assignment) == {MISTAKES[name][1]} | follows.get(name, set())


@pytest.mark.full
def test_nothing_is_named_in_the_solution(
    reports: dict[str, GradeReport], assignment: Assignment
) -> None:
    """It has full marks for its model, and none of the mistakes."""
    lost = [c.id for c in reports["solution"].checks if c.status != "pass"]
    assert lost == []
    assert _said_in(reports["solution"], assignment) == set()


@pytest.mark.full
@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_said_of_what_no_single_mistake_explains(
    reports: dict[str, GradeReport], assignment: Assignment, name: str
) -> None:
    """Silent rather than wrong: it loses points, and no mistake of an equation is named."""
    said = _said_in(reports[name], assignment)
    assert {message for message in said if message.startswith("assignment.")} == set()
    assert reports[name].score is not None
    assert reports[name].score < 100


@pytest.mark.full
@pytest.mark.parametrize("name", BOTH)
def test_two_independent_mistakes_are_both_named(
    reports: dict[str, GradeReport], assignment: Assignment, name: str
) -> None:
    """One in each of two equations, or one beside a wrong parameter: both, and nothing else."""
    assert _said_in(reports[name], assignment) == BOTH[name][1]


@pytest.mark.parametrize("name", _samples())
def test_in_a_sample_its_own_mistakes_are_named(
    corpus: Corpus, assignment: Assignment, name: str
) -> None:
    """In the results of ``grader grade``, and in a right sample none."""
    result = corpus.by_file("hh")[f"{name}.ipynb"]
    ids, notes = (c["message_id"] for c in result["checks"]), result["submission"]["notes"]
    assert _said(ids, notes, assignment) == NAMED_IN.get(name, set())


def test_every_sample_that_is_named_here_is_there() -> None:
    """And so is every text of a mistake that the samples alone hold."""
    there = {sample.file for sample in load_samples(ROOT / "submissions" / "hh")}
    assert {f"{name}.ipynb" for name in (*NAMED_IN, *SAMPLES_OF_ONE)} <= there
    assert set().union(*NAMED_IN.values()) >= OF_SAMPLES_ALONE


@pytest.mark.full
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_wrong_parameter_costs_points_twice_and_is_named(
    reports: dict[str, GradeReport], name: str
) -> None:
    """Under parameters and under simulation, and nowhere else; its sign by that name."""
    which, _, change = name.partition(" ")
    message = _of_one_wrong(which, [asdict(check) for check in reports[name].checks])
    assert change != "sign" or "sign" in message


@pytest.mark.parametrize(("name", "which"), [_sample(*one) for one in SAMPLES_OF_ONE.items()])
def test_a_sample_with_a_wrong_parameter_loses_points_twice(
    corpus: Corpus, name: str, which: str
) -> None:
    """The same of what was handed in as a file."""
    message = _of_one_wrong(which, corpus.by_file("hh")[f"{name}.ipynb"]["checks"])
    assert "sign" not in name or "sign" in message


def _of_one_wrong(which: str, found: list[dict[str, Any]]) -> str:
    """What the check of the only wrong parameter says, once it is seen to be the only one."""
    families = ("execution", "channels", "parameters", "master_type", "simulation")
    assert {check["family"] for check in found} == set(families)
    lost = {
        family: sum(c["max_points"] - c["points"] for c in found if c["family"] == family)
        for family in families
    }
    assert lost["parameters"] > 0
    assert lost["simulation"] > 0
    assert (lost["execution"], lost["channels"], lost["master_type"]) == (0, 0, 0)
    wrong = [c for c in found if c["family"] == "parameters" and c["status"] != "pass"]
    assert [check["id"] for check in wrong] == [f"hh.parameters.{which}"]
    message = str(wrong[0]["message"])
    by_cause = wrong[0]["message_id"].startswith("assignment.mistake.")  # it says whose value it is
    assert by_cause or all(name in message for name in which.split("."))
    return message
