"""The reference against NEURON's own Hodgkin-Huxley mechanism, ``hh``, for its parameters of 1952.

Skipped where NEURON isn't installed; CONTRIBUTING.md says how to run it. NEURON counts in
mA/cm2, S/cm2 and nA: the compartment has 1e4 um2, so that 1 uA/cm2 is 0.1 nA.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from grader.assignment.schema import Assignment
from grader.assignment.stimuli import draw_states
from grader.core.types import Array
from grader.judge.metrics import relative_error
from tests.support import classical_parameters as classical
from tests.support.classical_parameters import CLASSICAL, CURRENTS, FINE, LONG
from tests.support.hh_reference import GATES, reference

pytest.importorskip("neuron", reason="NEURON is not installed here (pip install neuron)")

AREA = 1e4  # um2
TOLERANCE = 1e-9  # of NEURON's own integrator of variable step, absolute


@cache
def neuron() -> Any:
    """NEURON's interpreter, with exact rates instead of tables, at the temperature of 1952."""
    from neuron import h

    h.load_file("stdrun.hoc")
    h.usetable_hh, h.celsius = 0, 6.3
    return h


def compartment(name: str) -> Any:
    """One isopotential piece of membrane with NEURON's ``hh``."""
    section = neuron().Section(name=name)
    section.L = section.diam = np.sqrt(AREA / np.pi)
    section.nseg, section.cm = 1, 1.0
    section.insert("hh")
    section.el_hh = -54.387  # NEURON's own -54.3 is rounded
    return section


@pytest.fixture
def segment() -> Iterator[Any]:
    section = compartment("alone")
    yield section(0.5)
    neuron().delete_section(sec=section)


@cache
def traces(dt: float, duration: float, currents: tuple[float, ...]) -> Array:
    """V, ``(T, N)``, after each ``dt``, with gates that start at 0, from NEURON's CVODE."""
    h = neuron()
    sections = [compartment(f"s{i}") for i in range(len(currents))]
    clamps, records = [], []
    for section, current in zip(sections, currents, strict=True):
        clamp = h.IClamp(section(0.5))
        clamp.delay, clamp.dur, clamp.amp = 0.0, 1e9, current * AREA * 1e-5
        clamps.append(clamp)
        records.append(h.Vector().record(section(0.5)._ref_v, dt))
    solver = h.CVode()
    solver.active(1)
    solver.atol(TOLERANCE)
    try:
        h.finitialize(-65.0)
        for section in sections:
            section(0.5).hh.n = section(0.5).hh.m = section(0.5).hh.h = 0.0
        solver.re_init()
        solver.solve(duration + dt)
        steps = round(duration / dt)
        return np.stack([np.array(record)[1 : steps + 1] for record in records], axis=1)
    finally:
        solver.active(0)
        for section in sections:
            h.delete_section(sec=section)


def test_the_gates_rates_are_neurons_to_round_off(segment: Any) -> None:
    """dn, dm and dh from NEURON's steady states and time constants agree to 1e-12."""
    V = np.linspace(-100.0, 60.0, 161)  # -55 and -40 among them
    found: dict[str, Array] = {name: np.empty_like(V) for name in GATES}
    for i, v in enumerate(V):
        segment.hh.rates(v)
        for name in GATES:
            gate = name[-1]
            steady, tau = (getattr(segment.hh, f"{gate}{part}") for part in ("inf", "tau"))
            found[name][i] = (steady - 0.3) / tau
    at = {"V": V, "I": np.zeros_like(V), **{name: np.full_like(V, 0.3) for name in GATES}}
    asked = reference().field(at, CLASSICAL)
    for name in GATES:
        np.testing.assert_allclose(found[name], asked[name], rtol=1e-12, atol=1e-13)


def test_the_membranes_current_is_neurons_to_round_off(
    segment: Any, assignment: Assignment
) -> None:
    """dV from NEURON's three currents agrees to 1e-12 at 256 drawn states."""
    at = draw_states(assignment, GATES, 1)
    found = np.empty_like(at["V"])
    for i, current in enumerate(at["I"]):
        segment.v = at["V"][i]
        for name in GATES:
            setattr(segment.hh, name[-1], at[name][i])
        neuron().fcurrent()
        out = segment.ina + segment.ik + segment.hh.il  # mA/cm2
        found[i] = (current - 1e3 * out) / segment.cm
    assert relative_error(found, reference().field(at, CLASSICAL)["V"]) < 1e-12


def test_spike_times_converge_to_neurons() -> None:
    """Halving dt halves the distance to NEURON's spike times; the limit is within 1e-3 ms."""
    panel = classical.steps(FINE, 55.0, (12.0, 20.0, 50.0))
    V = traces(FINE, 55.0, (12.0, 20.0, 50.0))
    classical.assert_spike_times_converge(classical.spikes(panel.time, V), panel)


def test_the_first_spike_is_neurons() -> None:
    """Over 6 ms the limit of V for small dt is NEURON's within 0.01 mV at every step."""
    panel = classical.steps(0.001, 6.0, (0.0, 12.0, 50.0))
    classical.assert_first_spike_converges(traces(0.001, 6.0, (0.0, 12.0, 50.0)), panel)


def test_it_fires_as_often_as_neurons() -> None:
    """Over 199 ms the number of spikes is the same for 12 currents from 0 to 120 uA/cm2."""
    V = traces(0.025, LONG, CURRENTS)
    classical.assert_fires_as_often(classical.spikes(classical.steps(0.025, LONG).time, V))
