"""Single mistakes of students: the report names each, and nothing that is not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from conftest import results, run_grader

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
    "gates-start-at-one": ({"variable_(bm.zeros": "variable_(bm.ones"}, "checks.start.gate"),
    "channels-exchanged": (
        {"self.IK = IK(size, E=-77., g_max=36.)": "self.IK = INa(size, E=-77., g_max=36.)"},
        "checks.channel.gates",
    ),
    "in-a-list": ({"self.IL = IL(": "self.own = [0]; self.own[0] = IL("}, "checks.channel.loose"),
    "library": ({"self.IL = IL(": "self.IL = bp.dyn.IL("}, "checks.channel.library"),
    "formula": ({"0.11 * (V + 40)": "0.1 * (V + 40)"}, "assignment.variant.formula"),
}
# Each of these names a cause; where it stands, the cause must be there.
NAMED = {message for _, message in MISTAKES.values()}


@pytest.fixture(scope="module")
def graded(
    tmp_path_factory: pytest.TempPathFactory,
    solution_with: Callable[[Mapping[str, str]], str],
) -> dict[str, dict[str, Any]]:
    """All of them, and the solution itself, graded in one batch."""
    folder = tmp_path_factory.mktemp("diagnoses")
    (handed_in := folder / "handed-in").mkdir()
    for name, (changes, _) in {**MISTAKES, "solution": ({}, "")}.items():
        (handed_in / f"{name}.ipynb").write_text(solution_with(changes), "utf-8")
    done = run_grader("grade", handed_in, "-o", folder / "out", "--lang", "en")
    assert done.returncode == 0, done.stderr
    return results(folder / "out")


def _says(result: Mapping[str, Any], message_id: str, assignment: Any) -> bool:
    """Whether a result's notes or checks hold a message."""
    if any(check["message_id"] == message_id for check in result["checks"]):
        return True
    sentence = catalogue("en", assignment.folder).sentences[message_id]
    first = sentence.partition("{")[0]
    return bool(first) and any(n.startswith(first) for n in result["submission"]["notes"])


@pytest.mark.slow
@pytest.mark.parametrize("name", MISTAKES)
def test_a_single_mistake_is_named(
    graded: dict[str, dict[str, Any]], assignment: Any, name: str
) -> None:
    """The report names the mistake that was made."""
    assert _says(graded[name], MISTAKES[name][1], assignment)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["solution", *MISTAKES])
def test_no_other_mistake_is_named(
    graded: dict[str, dict[str, Any]], assignment: Any, name: str
) -> None:
    """The report names no mistake that was not made; the solution's names none at all."""
    own = MISTAKES[name][1] if name in MISTAKES else ""
    follows = {  # a gate too many or too few starts elsewhere; an exchanged class brings both
        "channels-exchanged": {"checks.start.gate"},
    }
    others = NAMED - {own} - follows.get(name, set())
    assert [other for other in sorted(others) if _says(graded[name], other, assignment)] == []
