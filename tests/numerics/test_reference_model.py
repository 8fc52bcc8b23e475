"""The reference: its equations in closed form, its scheme, its spikes."""

from __future__ import annotations

import numpy as np
import pytest

from grader.assignment.stimuli import draw_states
from grader.core.types import StimulusSet
from grader.judge.metrics import firing_rate, spike_times
from tests.support.hh_reference import GATES, assignment, panel_of, reference


def counts(panel: StimulusSet, constants: dict[str, float] | None = None) -> list[int]:
    V = reference().run(panel, constants)["V"]
    return [len(times) for times in spike_times(panel.time, V, 0.0)]


# ------------------------------------------------------------------ equations


def rates(V: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Opening and closing rates as Hodgkin and Huxley print them, alpha_m as in the code."""
    u = V + 65.0  # their depolarisation from rest, today's sign
    return {
        "IK.n": (0.01 * (10 - u) / (np.exp((10 - u) / 10) - 1), 0.125 * np.exp(-u / 80)),
        "INa.m": (0.11 * (25 - u) / (np.exp((25 - u) / 10) - 1), 4 * np.exp(-u / 18)),
        "INa.h": (0.07 * np.exp(-u / 20), 1 / (np.exp((30 - u) / 10) + 1)),
    }


def test_the_field_is_that_of_the_paper():
    """dV and the gates' rates equal the printed equations at 64 drawn states."""
    at = draw_states(assignment(), GATES, 1)
    V, current = at["V"], at["I"]
    n, m, h = (at[name] for name in GATES)
    found = reference().field(at)
    currents = 36 * n**4 * (V + 77) + 120 * m**3 * h * (V - 50) + 0.03 * (V + 54.39)
    np.testing.assert_allclose(found["V"], current - currents, rtol=1e-12, atol=1e-10)
    for name, (alpha, beta) in rates(V).items():
        asked = alpha * (1 - at[name]) - beta * at[name]
        np.testing.assert_allclose(found[name], asked, rtol=1e-10, atol=1e-12)


def test_the_resting_gates_are_those_of_1952():
    """With alpha_m as printed the gates rest at n 0.3177, m 0.0529, h 0.5961 at -65 mV."""
    constants = {"alpha_m": 0.1}
    resting = {"V": -65.0, "I": 0.0, "IK.n": 0.317677, "INa.m": 0.0529325, "INa.h": 0.596121}
    found = reference().field({name: np.array([x]) for name, x in resting.items()}, constants)
    for name in GATES:
        assert abs(found[name][0]) < 1e-6


def test_held_gates_relax_exponentially_to_their_steady_state():
    """At a constant V a gate is alpha / (alpha + beta) (1 - exp(-(alpha + beta) t)), exactly."""
    V0 = np.array([-90.0, -65.0, -50.0, -20.0, 20.0])
    panel = panel_of(np.zeros(5), V0, duration=100.0)
    found = reference().run(panel, {"C": 1e300})
    np.testing.assert_array_equal(found["V"], np.tile(V0, (1000, 1)))
    for name, (alpha, beta) in rates(V0).items():
        steady = alpha / (alpha + beta)
        asked = -steady * np.expm1(-(alpha + beta) * panel.time[:, None])
        np.testing.assert_allclose(found[name], asked, rtol=1e-10)
    np.testing.assert_allclose(found["INa.m"][-1], rates(V0)["INa.m"][0] / sum(rates(V0)["INa.m"]))


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_a_passive_membrane_relaxes_exponentially(dt: float):
    """With the leak alone V goes to E_L + I / g_L with the time constant C / g_L, at any dt."""
    constants = {"IK.g_max": 0.0, "INa.g_max": 0.0, "IL.g_max": 0.3, "C": 2.0}
    current = np.array([0.0, 1.0, -2.0])
    panel = panel_of(current, -70.0, duration=100 * dt, dt=dt)
    steady = -54.39 + current / 0.3
    asked = steady + (-70.0 - steady) * np.exp(-0.3 / 2.0 * panel.time[:, None])
    np.testing.assert_allclose(reference().run(panel, constants)["V"], asked, rtol=1e-12)


def test_one_step_is_exponential_euler_from_old_values():
    """x + dt exprel(dt J) f, written out: V sees the old gates, the gates see the old V."""
    V0, dt, current = -58.0, 0.1, 7.0
    first = reference().run(panel_of([current], V0, duration=0.1))
    V, gates = V0, dict.fromkeys(GATES, 0.0)
    for step in range(2):
        f = current + 36 * gates["IK.n"] ** 4 * (-77 - V)
        f += 120 * gates["INa.m"] ** 3 * gates["INa.h"] * (50 - V) + 0.03 * (-54.39 - V)
        J = -36 * gates["IK.n"] ** 4 - 120 * gates["INa.m"] ** 3 * gates["INa.h"] - 0.03
        new = V + dt * np.expm1(dt * J) / (dt * J) * f
        for name, (alpha, beta) in rates(np.array(V)).items():
            rate = alpha * (1 - gates[name]) - beta * gates[name]
            gates[name] += np.expm1(-dt * (alpha + beta)) / -(alpha + beta) * rate
        V = new
        if step == 0:
            assert first["V"][0, 0] == pytest.approx(V, rel=1e-13)
    found = reference().run(panel_of([current], V0, duration=0.2))
    assert found["V"][1, 0] == pytest.approx(V, rel=1e-13)
    for name in GATES:
        assert found[name][1, 0] == pytest.approx(float(gates[name]), rel=1e-12)


def test_the_scheme_converges_with_order_1():
    """Halving dt halves the distance to the ODE's solution at 5 ms, known to 1e-10."""
    from scipy.integrate import solve_ivp  # asked for here alone

    amplitude, end = 10.0, 5.0

    def rhs(t: float, y: np.ndarray) -> list[float]:
        at = dict(zip(("V", *GATES), y[:, None], strict=True))
        found = reference().field({**at, "I": np.array([amplitude])})
        return [found[name][0] for name in ("V", *GATES)]

    exact = solve_ivp(rhs, (0, end), [-65.0, 0, 0, 0], method="DOP853", rtol=1e-10, atol=1e-12)
    errors = []
    for dt in (0.01, 0.005, 0.0025, 0.00125):
        run = reference().run(panel_of([amplitude], duration=end, dt=dt))
        found = np.array([run[name][-1, 0] for name in ("V", *GATES)])
        errors.append(np.abs(found - exact.y[:, -1]))
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    np.testing.assert_allclose(orders[-1], 1.0, atol=0.05)


@pytest.mark.parametrize("singular", [-55.0, -40.0])
def test_the_field_is_continuous_where_the_printed_rates_are_0_over_0(singular: float):
    """At -55 and -40 the reference has the limit, never NaN."""
    V = singular + np.array([-1e-5, -1e-7, 0.0, 1e-7, 1e-5])
    at = {"V": V, "I": np.zeros(5), **{name: np.full(5, 0.4) for name in GATES}}
    field = reference().field(at)
    assert set(field) == {"V", *GATES}
    for values in field.values():
        np.testing.assert_allclose(values, values[2], rtol=1e-4)


# -------------------------------------------------------------------- regimes


def test_the_handouts_run_has_8_spikes_from_every_V0_it_draws():
    """1.698 uA/cm2 for 200 ms: 8 spikes for V0 from -80 to -60 mV, peaks near 40 mV."""
    panel = panel_of(np.full(21, 1.698), np.linspace(-80, -60, 21))
    peaks = reference().run(panel)["V"].max(axis=0)
    assert counts(panel) == [8] * 21
    assert 39.0 < peaks.min() <= peaks.max() < 43.5


def test_the_variants_are_on_opposite_sides_of_the_threshold():
    """The formula's alpha_m of 0.1 gives the handout's input one spike, the code's 0.11 eight."""
    panel = panel_of([1.698])
    by_variant = {v.id: counts(panel, v.constants) for v in assignment().variants}
    assert by_variant == {"code": [8], "formula": [1]}


def test_firing_starts_between_1_6_and_1_7_and_rates_rise_with_the_input():
    """One transient spike below, sustained firing above: spikes per second as in BrainPy."""
    panel = panel_of([0.5, 1.6, 1.698, 3.0, 10.0, 20.0, 30.0], duration=1000.0)
    found = counts(panel)
    assert found[:2] == [1, 1]
    np.testing.assert_allclose(found[2:], [36, 48, 72, 88, 100], atol=1)
    V = reference().run(panel)["V"]
    hertz = [firing_rate(times, 1000.0) for times in spike_times(panel.time, V, 0.0)]
    np.testing.assert_allclose(hertz[2:], found[2:], rtol=0.03)
