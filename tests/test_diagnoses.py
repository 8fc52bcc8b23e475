"""Single mistakes of students: the report names each, and nothing that is not there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from project import results, run_grader

from grader.words import catalogue

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
NAMED = {message for _, message in MISTAKES.values()} | {
    f"assignment.mistake.{message}:{state}"
    for message, states in {
        **{m: "V" for _, m, state in EQUATIONS.values() if state == "V"},
        **{m: "nmh" for _, m, state in EQUATIONS.values() if state != "V"},
        "of_h": "nmh",
    }.items()
    for state in states
}


@pytest.fixture(scope="module")
def graded(
    tmp_path_factory: pytest.TempPathFactory,
    solution_with: Callable[[Mapping[str, str]], str],
) -> dict[str, dict[str, Any]]:
    """All of them, and the solution itself, graded in one batch."""
    folder = tmp_path_factory.mktemp("diagnoses")
    (handed_in := folder / "handed-in").mkdir()
    made = {name: changes for name, (changes, _) in (MISTAKES | BOTH).items()}
    for name, changes in {**made, **SILENT, "solution": {}}.items():
        (handed_in / f"{name}.ipynb").write_text(solution_with(changes), "utf-8")
    done = run_grader("grade", handed_in, "-o", folder / "out", "--lang", "en")
    assert done.returncode == 0, done.stderr
    return results(folder / "out")


def _says(result: Mapping[str, Any], message: str, assignment: Any) -> bool:
    """Whether a result's notes or checks hold a message, of the state after its colon."""
    message_id, _, state = message.partition(":")
    if any(check["message_id"] == message_id for check in result["checks"]):
        return True
    words = catalogue("en", assignment.folder)
    if state and "{state}" in words.sentences[message_id]:
        return words.say(message_id, state=state) in result["submission"]["notes"]
    parts = re.split(r"{\w+}", words.sentences[message_id])
    sentence = re.compile(".*".join(map(re.escape, parts)))
    return any(sentence.fullmatch(note) for note in result["submission"]["notes"])


def _said(result: Mapping[str, Any], assignment: Any) -> set[str]:
    return {message for message in NAMED if _says(result, message, assignment)}


@pytest.mark.full
@pytest.mark.parametrize("name", MISTAKES)
def test_a_single_mistake_is_named(
    graded: dict[str, dict[str, Any]], assignment: Any, name: str
) -> None:
    """The report names the mistake that was made."""
    assert _says(graded[name], MISTAKES[name][1], assignment)


@pytest.mark.full
@pytest.mark.parametrize("name", ["solution", *MISTAKES])
def test_no_other_mistake_is_named(
    graded: dict[str, dict[str, Any]], assignment: Any, name: str
) -> None:
    """The report names no mistake that was not made; the solution's names none at all."""
    own = MISTAKES[name][1] if name in MISTAKES else ""
    follows = {  # an exchanged class has a gate too many; in a list a channel has no current
        "channels-exchanged": {"checks.start.state"},
        "in-a-list": {"assignment.mistake.leak_missing:V"},
    }
    assert _said(graded[name], assignment) - {own} - follows.get(name, set()) == set()


@pytest.mark.full
@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_said_of_what_no_single_mistake_explains(
    graded: dict[str, dict[str, Any]], assignment: Any, name: str
) -> None:
    """Silent rather than wrong: no mistake of an equation is named."""
    said = _said(graded[name], assignment)
    assert {message for message in said if message.startswith("assignment.")} == set()


@pytest.mark.full
@pytest.mark.parametrize("name", BOTH)
def test_two_independent_mistakes_are_both_named(
    graded: dict[str, dict[str, Any]], assignment: Any, name: str
) -> None:
    """One in each of two equations, or one beside a wrong parameter: both, and nothing else."""
    assert _said(graded[name], assignment) == BOTH[name][1]
