"""The reference against Brian2, with the equations and parameters of 1952 in Brian2's language.

Skipped where Brian2 isn't installed; CONTRIBUTING.md says how to run it. Brian2's
``exponential_euler`` is the scheme of BrainPy and of the reference, so that these agree to
round-off; its ``rk4`` knows nothing of that scheme.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from grader.assignment.schema import Assignment
from grader.assignment.stimuli import draw_states, draw_stimuli
from grader.core.types import Array, StimulusSet
from grader.judge.metrics import relative_error
from tests.support import classical_parameters as classical
from tests.support.classical_parameters import CLASSICAL, CURRENTS, FINE, LONG
from tests.support.hh_reference import GATES, STATES, reference

try:
    import brian2 as b2
except AttributeError as error:  # Brian2 2.9 takes a part of NumPy that 2.4 no longer has
    pytest.skip(f"Brian2 can't work with NumPy {np.__version__}: {error}", allow_module_level=True)
except ImportError:
    pytest.skip("Brian2 is not installed here (pip install brian2)", allow_module_level=True)

# mV, ms, uA/cm2, mS/cm2, uF/cm2, all as plain numbers. exprel(x) is (exp(x) - 1) / x.
EQUATIONS = """
dV = (I - 36*n**4*(V + 77) - 120*m**3*h*(V - 50) - 0.3*(V + 54.387)) : 1
alpha_n = 0.1 / exprel(-(V + 55)/10) : 1
beta_n = 0.125 * exp(-(V + 65)/80) : 1
alpha_m = 1.0 / exprel(-(V + 40)/10) : 1
beta_m = 4 * exp(-(V + 65)/18) : 1
alpha_h = 0.07 * exp(-(V + 65)/20) : 1
beta_h = 1 / (exp(-(V + 35)/10) + 1) : 1
dn = alpha_n*(1 - n) - beta_n*n : 1
dm = alpha_m*(1 - m) - beta_m*m : 1
dh = alpha_h*(1 - h) - beta_h*h : 1
"""
MOVING = """
dV/dt = (I - 36*n**4*(V + 77) - 120*m**3*h*(V - 50) - 0.3*(V + 54.387)) / ms : 1
dn/dt = (alpha_n*(1 - n) - beta_n*n) / ms : 1
dm/dt = (alpha_m*(1 - m) - beta_m*m) / ms : 1
dh/dt = (alpha_h*(1 - h) - beta_h*h) / ms : 1
I = stimulus(t, i) : 1
"""
RATES = "".join(line + "\n" for line in EQUATIONS.splitlines() if line[:5] in ("alpha", "beta_"))
NAMES = dict(zip(STATES, ("V", "n", "m", "h"), strict=True))


@pytest.fixture(autouse=True)
def _plain_numpy() -> None:
    """Nothing is compiled: a compiler may not be there, and would take longer than the run."""
    b2.prefs.codegen.target = "numpy"


def brian_run(panel: StimulusSet, method: str) -> Mapping[str, Array]:
    """Every state after each step, ``(T, N)``, from V0 and with gates at 0."""
    b2.start_scope()
    b2.defaultclock.dt = panel.dt * b2.ms
    stimulus = b2.TimedArray(panel.current, dt=panel.dt * b2.ms)
    group: Any = b2.NeuronGroup(
        len(panel.V0), MOVING + RATES, method=method, namespace={"stimulus": stimulus, "ms": b2.ms}
    )
    group.V = panel.V0
    monitor: Any = b2.StateMonitor(group, list(NAMES.values()), record=True, when="end")
    network = b2.Network(group, monitor)
    network.run(panel.dt * len(panel.current) * b2.ms)
    return {state: np.asarray(getattr(monitor, name)).T for state, name in NAMES.items()}


def test_the_field_is_brian2s_to_round_off(assignment: Assignment) -> None:
    """dV, dn, dm and dh agree to 1e-12 at 256 drawn states."""
    at = draw_states(assignment, GATES, 1)
    states = "V : 1\nn : 1\nm : 1\nh : 1\nI : 1\n"
    group: Any = b2.NeuronGroup(len(at["V"]), states + EQUATIONS)
    for state, name in {**NAMES, "I": "I"}.items():
        setattr(group, name, at[state])
    asked = reference().field(at, CLASSICAL)
    for state, name in NAMES.items():
        found = np.asarray(getattr(group, f"d{name}")[:])
        assert relative_error(found, asked[state]) < 1e-12, state


def test_the_same_scheme_gives_the_same_traces(assignment: Assignment) -> None:
    """Brian2's exponential Euler is the reference's run of the panel, to 1e-9 over 50 ms."""
    panel = draw_stimuli(assignment, 1, hidden=True)
    part = StimulusSet(
        names=panel.names,
        dt=panel.dt,
        current=panel.current[:500],
        V0=panel.V0,
        public=panel.public,
    )
    found, asked = brian_run(part, "exponential_euler"), reference().run(part, CLASSICAL)
    for state in STATES:
        assert np.abs(found[state] - asked[state]).max() < 1e-9, state


def test_spike_times_converge_to_brian2s() -> None:
    """Halving dt halves the distance to rk4's spike times; the limit is within 1e-3 ms."""
    panel, theirs = (classical.steps(dt, 55.0, (12.0, 20.0, 50.0)) for dt in (FINE, 2 * FINE))
    V = brian_run(theirs, "rk4")["V"]
    classical.assert_spike_times_converge(classical.spikes(theirs.time, V), panel)


def test_the_first_spike_is_brian2s() -> None:
    """Over 6 ms the limit of V for small dt is that of rk4 within 0.01 mV at every step."""
    panel, theirs = (classical.steps(dt, 6.0, (0.0, 12.0, 50.0)) for dt in (0.001, 0.01))
    classical.assert_first_spike_converges(brian_run(theirs, "rk4")["V"], panel)


def test_it_fires_as_often_as_brian2s() -> None:
    """Over 199 ms the number of spikes is the same for 12 currents from 0 to 120 uA/cm2."""
    panel = classical.steps(0.05, LONG, CURRENTS)
    classical.assert_fires_as_often(classical.spikes(panel.time, brian_run(panel, "rk4")["V"]))
