"""A right vector field excuses other traces only where another scheme accounts for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from grader.assignment.schema import Assignment
from grader.core.types import Evidence
from grader.judge.checks import CheckContext
from grader.judge.checks.convergence import converges, steps_differ
from tests.support.judged_solution import checks_of, compared_solution, with_answers


@pytest.fixture(scope="module")
def compared(solution: Evidence) -> Evidence:
    """The solution, run for real and compared with the reference."""
    return compared_solution(solution)


def item(evidence: Evidence, assignment: Assignment) -> CheckContext:
    """A check of V."""
    check = next(check for check in assignment.checks if check.id == "hh.simulation.V")
    return CheckContext(
        check=check, assignment=assignment, all_evidence=evidence, evidence=evidence.exercises["HH"]
    )


def finer(compared: Evidence, longer: float, shorter: float) -> Mapping[str, Any]:
    """Runs with shorter steps, so many mV away from the reference's."""
    reference = compared.exercises["HH"].reference
    assert reference is not None
    V = reference.finer_traces["V"] + np.array([longer, shorter])[:, None, None]
    return {**compared.exercises["HH"].answers.finer_traces, "V": V}


@pytest.mark.parametrize(
    ("longer", "shorter", "is_right"),
    [
        (2.0, 1.0, True),  # first order, as Euler's
        (2.0, 0.5, True),  # second order
        (2.0, 1.9, False),  # something else in the model
        (2.0, 2.5, False),
        (5e-5, 5e-5, True),  # round-off
        (np.nan, np.nan, False),
        (2.0, np.nan, False),
    ],
)
def test_a_scheme_comes_nearer_as_its_steps_get_shorter(
    compared: Evidence, assignment: Assignment, longer: float, shorter: float, is_right: bool
) -> None:
    """What halves with dt is a scheme's own error; what stays is another model, and so is NaN."""
    evidence = with_answers(compared, finer_traces=finer(compared, longer, shorter))
    assert converges(item(evidence, assignment)) is is_right


def test_the_reference_scheme_is_told_by_its_first_steps(
    compared: Evidence, assignment: Assignment
) -> None:
    """The solution steps as the reference; one step a thousandth off and it does not."""
    assert not steps_differ(item(compared, assignment))
    traces = dict(compared.exercises["HH"].answers.traces)
    V = traces["V"].copy()
    V[3] += 0.01 * (V[3] - V[2])
    assert steps_differ(item(with_answers(compared, traces={**traces, "V": V}), assignment))


def test_a_right_field_does_not_excuse_what_happens_later(compared: Evidence) -> None:
    """V that leaves the reference after 10 ms under the same scheme loses its points."""
    traces = dict(compared.exercises["HH"].answers.traces)
    V = traces["V"].copy()
    V[100:] -= 3.0
    found = checks_of(with_answers(compared, traces={**traces, "V": V}))
    assert found["hh.simulation.V"].status != "pass"
    assert found["hh.simulation.field.V"].status == "pass"


def test_another_scheme_is_excused(compared: Evidence) -> None:
    """The same V is right where the first steps differ and shorter ones lead to the reference."""
    traces = dict(compared.exercises["HH"].answers.traces)
    V = traces["V"] - 3.0
    evidence = with_answers(
        compared, traces={**traces, "V": V}, finer_traces=finer(compared, 1.0, 0.5)
    )
    check = checks_of(evidence)["hh.simulation.V"]
    assert (check.status, check.message_id) == ("pass", "checks.trace.other_scheme")


@pytest.mark.parametrize("share", [1.0, 0.8, 0.5, 1.2])
def test_a_step_that_ignores_dt_must_be_of_this_dt(share: float) -> None:
    """Euler's step and the exponential one of the equation stand in for it; others don't."""
    from grader.untrusted.probe.step_loop import is_known_step  # with BrainPy, which takes seconds

    rate, slope, dt = np.linspace(-1, 1, 40), np.linspace(-8, -0.1, 40), 0.1
    euler, exact = dt * rate, rate * np.expm1(dt * slope) / slope
    assert is_known_step(share * euler, rate, slope, dt) is (share == 1.0)
    assert is_known_step(share * exact, rate, slope, dt) is (share == 1.0)
