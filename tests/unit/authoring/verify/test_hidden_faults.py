"""Wrong models whose equations are right: which are made of the solution, and how."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace

import pytest

from grader.assignment.schema import Assignment
from grader.authoring.verify.all_mutants import all_mutants
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.equation_mutants import number_equal_names, wrong_mutants
from grader.authoring.verify.parsed_solution import ParsedSolution, parse_solution
from grader.authoring.verify.step_mutants import step_and_update_mutants

MADE = {
    "wrong dt": 6,
    "step done twice": 2,
    "step not stored": 4,
    "input scaled": 1,
    "input ignored": 1,
    "input ends early": 1,
    "input scaled late": 1,
    "every step twice": 2,
    "V reset after a spike": 1,
    "V clipped": 1,
    "V leaks": 1,
    "parameter changes late": 6,
    "adaptation added": 1,
    "start of V moved": 4,
    "keyword of the neuron added": 2,
}


@pytest.fixture(scope="module")
def teacher(assignment: Assignment) -> ParsedSolution:
    """The solution taken apart."""
    return parse_solution(assignment, assignment.exercises[0])


@pytest.fixture(scope="module")
def wrong(assignment: Assignment) -> list[Mutant]:
    """Every wrong model, those in single precision too."""
    ((_, numbered),) = all_mutants(assignment)
    return [mutant for _, mutant in numbered if not mutant.right]


def sources(wrong: list[Mutant], operator: str) -> list[str]:
    """The changed cells of one operator's models."""
    return [text for s in wrong if s.operator == operator for text in s.cells.values()]


@pytest.mark.parametrize(("operator", "number"), MADE.items())
def test_each_is_made_and_is_python(wrong: list[Mutant], operator: str, number: int) -> None:
    """As many as there are places for it, each another text that parses."""
    made = sources(wrong, operator)
    assert len(made) == number
    assert len({ast.dump(ast.parse(text)) for text in made}) == number


def test_every_name_is_unique(assignment: Assignment) -> None:
    """No two models of an assignment have the same operator and place."""
    ((_, numbered),) = all_mutants(assignment)
    assert [n for n, count in Counter(s.name for _, s in numbered).items() if count > 1] == []


def test_alike_names_are_numbered() -> None:
    """A name that came before gets a number behind it."""
    one = Mutant(operator="o", place="p", cells={})
    assert [s.name for s in number_equal_names([one, one])] == ["o: p", "o: p (2)"]


def test_dt_is_wrong_by_factor_and_by_number(wrong: list[Mutant]) -> None:
    """Half of it, and numbers that are half of the simulation's and 1.2 times it."""
    text = "\n".join(sources(wrong, "wrong dt"))
    assert all(f"dt={value})" in text for value in ("dt * 0.5", "0.05", "0.12"))


def test_a_step_that_is_not_stored_stays_in_a_local_name(wrong: list[Mutant]) -> None:
    """Of all states at once, and of each alone."""
    text = "\n".join(sources(wrong, "step not stored"))
    for target in ("n", "m, h", "m, self.h.value", "self.m.value, h"):
        assert f"\n        {target} = self.integral(" in text or f"({target}) = " in text


def test_no_update_is_added_where_there_is_one(
    teacher: ParsedSolution, assignment: Assignment
) -> None:
    """A class that has an ``update`` of its own keeps it."""
    (text,) = sources(wrong_mutants(teacher, assignment), "V clipped")
    trees = {**teacher.trees, teacher.graded_index: ast.parse(text)}
    made = step_and_update_mutants(replace(teacher, trees=trees), assignment)
    assert {s.operator for s in made} == {"wrong dt", "step done twice", "step not stored"}


def test_hidden_faults_in_single_precision_keep_both_changes(wrong: list[Mutant]) -> None:
    """The states are float32 in the same cells that hold the fault."""
    (one,) = [s for s in wrong if s.operator == "step done twice, single precision"]
    assert any(
        text.count("= self.integral(") == 2 and "float32" in text for text in one.cells.values()
    )
    assert all("float32" in "".join(s.cells.values()) for s in wrong if "single" in s.operator)


def test_numbers_are_shown_short_and_written_exactly(wrong: list[Mutant]) -> None:
    """Six digits in a name; the code has all of them."""
    one = next(s for s in wrong if s.operator == "parameter off by 0.2 %" and "IL.E" in s.place)
    assert one.place == "IL.E: -54.39 -> -54.4988"
    assert repr(-54.39 * 1.002) in "".join(one.cells.values())


def test_an_initial_state_names_its_state(wrong: list[Mutant]) -> None:
    """Two states of a channel are told apart."""
    assert [s.place for s in wrong if s.operator == "initial state"] == [
        "IK.reset_state: n, bm.zeros -> bm.ones",
        "INa.reset_state: m, bm.zeros -> bm.ones",
        "INa.reset_state: h, bm.zeros -> bm.ones",
    ]


def test_causes_are_known_by_construction(wrong: list[Mutant]) -> None:
    """Each operator that makes one mistake says which sentence names it."""
    causes = {(s.operator, s.cause) for s in wrong if s.cause and "single" not in s.operator}
    assert causes == {
        ("parameter tenfold", "checks.parameter.power_of_ten"),
        ("parameter with the wrong sign", "checks.parameter.sign"),
        ("parameter of another channel", "checks.parameter.of_another"),
        ("parameter by a known mistake", "assignment.mistake.earlier_leak"),
        ("parameter by a known mistake", "assignment.mistake.earlier_leak_sign"),
        ("channel doubled", "checks.extra.doubled"),
        ("channel in a list", "checks.channel.loose"),
        ("channel in a dict", "checks.channel.loose"),
        ("initial state", "checks.start.state"),
    }
