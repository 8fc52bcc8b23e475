"""The mistakes that a report names, looked for in its checks and notes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from grader.assignment.schema import Assignment
from grader.core.messages import catalogue

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


def mistakes_named(
    message_ids: Iterable[str], notes: Iterable[str], assignment: Assignment
) -> set[str]:
    """The mistakes that checks and notes name."""
    ids, sentences = set(message_ids), list(notes)
    return {message for message in NAMED if _is_named(message, ids, sentences, assignment)}


def _is_named(message: str, ids: set[str], notes: list[str], assignment: Assignment) -> bool:
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


def says_of_one_wrong(which: str, found: list[dict[str, Any]]) -> str:
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
