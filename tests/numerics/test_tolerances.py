"""Tolerances: single precision passes every check, a fifth of a percent in a parameter none."""

from __future__ import annotations

import numpy as np
import pytest

from grader.assignment.stimuli import draw_states, draw_stimuli
from grader.judge.metrics import relative_error
from tests.support.hh_reference import GATES, assignment, reference, trace_distances

PARAMETERS = ("IK.E", "IK.g_max", "INa.E", "INa.g_max", "IL.E", "IL.g_max")


def float32_constants() -> dict[str, float]:
    return {name: float(np.float32(x)) for name, x in reference().model.CONSTANTS.items()}


def distances_with(seed: int, constants: dict[str, float]) -> dict[str, tuple[float, float]]:
    """What each trace check would measure on a model with ``constants``, and its tolerance."""
    panel = draw_stimuli(assignment(), seed, hidden=True)
    expected, found = reference().run(panel), reference().run(panel, constants)
    return trace_distances(panel, found, expected, "float64")


def test_float32_constants_pass_every_trace_check():
    """A right model whose constants are np.float32(0.11) and the like is right."""
    for seed in range(10):
        for id, (apart, tolerance) in distances_with(seed, float32_constants()).items():
            assert apart <= tolerance / 2, (id, seed)


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_fifth_of_a_percent_fails_every_trace_check(parameter: str):
    """0.2 % in any of the six parameters is outside each tolerance in double precision."""
    for seed in range(3):
        wrong = {parameter: 1.002 * reference().model.CONSTANTS[parameter]}
        for id, (apart, tolerance) in distances_with(seed, wrong).items():
            assert apart > 2 * tolerance, (id, seed)


def test_float32_constants_pass_the_field_checks():
    """Rounding every constant to float32 stays within a fifth of 1e-6."""
    for seed in range(50):
        at = draw_states(assignment(), GATES, seed)
        asked, found = reference().field(at), reference().field(at, float32_constants())
        assert max(relative_error(found[name], asked[name]) for name in asked) <= 2e-7


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_fifth_of_a_percent_in_a_parameter_shows_in_the_field_of_V(parameter: str):
    """0.2 % in any of the six is outside both the float64 and the float32 tolerance."""
    wrong = {parameter: 1.002 * reference().model.CONSTANTS[parameter]}
    for seed in range(50):
        at = draw_states(assignment(), GATES, seed)
        apart = relative_error(reference().field(at, wrong)["V"], reference().field(at)["V"])
        assert apart > 2e-5


@pytest.mark.parametrize("rate", ["alpha_n", "beta_n", "alpha_m", "beta_m", "alpha_h", "beta_h"])
def test_a_fifth_of_a_percent_in_a_rate_shows_in_its_gate_alone(rate: str):
    """0.2 % in a rate is seen in its gate's field and in no other."""
    wrong = {rate: 1.002 * reference().model.CONSTANTS[rate]}
    for seed in range(20):
        at = draw_states(assignment(), GATES, seed)
        expected, found = reference().field(at), reference().field(at, wrong)
        distances = {name: relative_error(found[name], expected[name]) for name in expected}
        (gate,) = [name for name in GATES if name.endswith(f".{rate[-1]}")]
        assert distances.pop(gate) > 5e-5
        assert set(distances.values()) == {0.0}
