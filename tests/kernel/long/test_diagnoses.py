"""Single mistakes of students, as models of the solution: the report names each, and no other.

That each mistake of the reference is named where a model's derivatives are its own is tested in
``test_mistakes.py``, that no right model has one named in ``test_verify.py``: here is that the
reference's mistakes are those of the texts.
"""

from __future__ import annotations

from dataclasses import asdict

import pytest

from grader.assignment.schema import Assignment
from grader.core.types import GradeReport
from tests.support.asked_models import reports_of
from tests.support.named_mistakes import MISTAKES, mistakes_named, says_of_one_wrong

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
# One wrong parameter and nothing else: what stands in the solution, and what is written there.
PARAMETERS: dict[str, tuple[str, str]] = {
    "IK.E 1 percent": ("IK(size, E=-77.", "IK(size, E=-77.77"),
    "IK.g_max 20 percent": ("g_max=36.)", "g_max=43.2)"),
    "INa.E sign": ("INa(size, E=50.", "INa(size, E=-50."),
    "INa.g_max 1 percent": ("g_max=120.)", "g_max=121.2)"),
    "IL.E 20 percent": ("E=-54.39, g_max=0.03)", "E=-65.268, g_max=0.03)"),
    "IL.g_max sign": ("g_max=0.03)", "g_max=-0.03)"),
}


@pytest.fixture(scope="module")
def reports(assignment: Assignment) -> dict[str, GradeReport]:
    """The solution itself, and all that is made of it here, judged."""
    changes = {name: changed for name, (changed, _) in (MISTAKES | BOTH).items()}
    of_parameters = {name: {old: new} for name, (old, new) in PARAMETERS.items()}
    return reports_of({"solution": {}, **changes, **SILENT, **of_parameters}, assignment)


def _said_in(report: GradeReport, assignment: Assignment) -> set[str]:
    return mistakes_named((check.message_id for check in report.checks), report.notes, assignment)


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


def test_nothing_is_named_in_the_solution(
    reports: dict[str, GradeReport], assignment: Assignment
) -> None:
    """It has full marks for its model, and none of the mistakes."""
    lost = [c.id for c in reports["solution"].checks if c.status != "pass"]
    assert lost == []
    assert _said_in(reports["solution"], assignment) == set()


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_said_of_what_no_single_mistake_explains(
    reports: dict[str, GradeReport], assignment: Assignment, name: str
) -> None:
    """Silent rather than wrong: it loses points, and no mistake of an equation is named."""
    said = _said_in(reports[name], assignment)
    assert {message for message in said if message.startswith("assignment.")} == set()
    assert reports[name].score is not None
    assert reports[name].score < 100


@pytest.mark.parametrize("name", BOTH)
def test_two_independent_mistakes_are_both_named(
    reports: dict[str, GradeReport], assignment: Assignment, name: str
) -> None:
    """One in each of two equations, or one beside a wrong parameter: both, and nothing else."""
    assert _said_in(reports[name], assignment) == BOTH[name][1]


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_wrong_parameter_costs_points_twice_and_is_named(
    reports: dict[str, GradeReport], name: str
) -> None:
    """Under parameters and under simulation, and nowhere else; its sign by that name."""
    which, _, change = name.partition(" ")
    message = says_of_one_wrong(which, [asdict(check) for check in reports[name].checks])
    assert change != "sign" or "sign" in message
