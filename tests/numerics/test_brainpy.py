"""The reference against BrainPy's own run of the teacher's notebook.

BrainPy is imported where it is used: it takes seconds, which finding the tests shall not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grader.assignment.stimuli import draw_states, draw_stimuli
from grader.core.types import Array, StimulusSet
from grader.judge.metrics import relative_error, spike_times
from tests.support.hh_reference import GATES, STATES, assignment, reference, trace_distances
from tests.support.project import SOLUTION

NEEDED = ("imports", "channel-IK", "channel-INa", "channel-IL", "HH")  # ids of cells


@pytest.fixture(params=["float64", "float32"])
def precision(request: pytest.FixtureRequest) -> Iterator[str]:
    """BrainPy's and JAX's precision for one test; what was there before is put back."""
    import brainpy.math as bm

    before = jax.config.jax_enable_x64
    (bm.enable_x64 if request.param == "float64" else bm.disable_x64)()
    yield request.param
    (bm.enable_x64 if before else bm.disable_x64)()


double_precision = pytest.mark.parametrize("precision", ["float64"], indirect=True)
single_precision = pytest.mark.parametrize("precision", ["float32"], indirect=True)


def teachers_model(size: int, replace: tuple[str, str] = ("", "")) -> Any:
    import brainpy.math as bm

    notebook = json.loads(SOLUTION.read_text("utf-8"))
    cells = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    names: dict[str, Any] = {}
    for id in NEEDED:
        exec(cells[id].replace(*replace), names)
    bm.clear_name_cache()
    model = names["HH"](size)
    model.reset()
    return model


def brainpy_run(
    panel: StimulusSet, precision: str, replace: tuple[str, str] = ("", "")
) -> dict[str, Any]:
    import brainpy as bp

    model = teachers_model(len(panel.V0), replace)
    model.V.value = jnp.asarray(panel.V0, precision)
    runner = bp.DSRunner(model, monitors=list(STATES), dt=panel.dt, progress_bar=False)
    runner.run(inputs=jnp.asarray(panel.current, precision))
    assert {runner.mon[name].dtype for name in STATES} == {np.dtype(precision)}
    return {name: np.asarray(runner.mon[name], np.float64) for name in STATES}


def brainpy_field(at: dict[str, Array], precision: str) -> dict[str, Array]:
    model = teachers_model(len(at["V"]))
    x = {name: jnp.asarray(values, precision) for name, values in at.items()}
    model.IK.n.value, model.INa.m.value, model.INa.h.value = (x[name] for name in GATES)
    found = {
        "V": model.derivative(x["V"], 0.0, x["I"]),
        "IK.n": model.IK.dn(x["IK.n"], 0.0, x["V"]),
        "INa.m": model.INa.dm(x["INa.m"], 0.0, x["V"]),
        "INa.h": model.INa.dh(x["INa.h"], 0.0, x["V"]),
    }
    return {name: np.asarray(values, np.float64) for name, values in found.items()}


@double_precision
def test_the_reference_is_brainpys_run_to_round_off(precision: str):
    """On the whole panel V agrees to 1e-9 mV over 20 ms and to 1e-6 mV over 200 ms."""
    panel = draw_stimuli(assignment(), 1, hidden=True)
    asked, found = reference().run(panel), brainpy_run(panel, precision)
    early = panel.time < 20.05
    for name in STATES:
        apart = np.abs(found[name] - asked[name])
        assert apart[early].max() < 1e-9, name
        assert apart.max() < 1e-6, name


@double_precision
def test_the_formulas_variant_is_brainpys_run_with_its_alpha_m(precision: str):
    """The variant "formula" is the notebook with 0.1 for 0.11, to round-off."""
    panel = draw_stimuli(assignment(), 2, hidden=True)
    constants = {v.id: v.constants for v in assignment().variants}["formula"]
    asked = reference().run(panel, constants)
    found = brainpy_run(panel, precision, ("0.11 *", "0.1 *"))
    for name in STATES:
        assert np.abs(found[name] - asked[name]).max() < 1e-6


def test_both_give_the_handouts_8_spikes(precision: str):
    """1.698 uA/cm2 for 200 ms is 8 spikes, in BrainPy's run of either precision and here."""
    panel = draw_stimuli(assignment(), 0, hidden=False)
    for V in (brainpy_run(panel, precision)["V"], reference().run(panel)["V"]):
        assert len(spike_times(panel.time, V, 0.0)[0]) == 8


@double_precision
def test_a_loop_by_hand_is_the_runners_run(precision: str):
    """A hand-written loop that clears the input after each step gives the same trace."""
    import brainpy as bp
    import brainpy.math as bm

    panel = draw_stimuli(assignment(), 3, hidden=False)
    model = teachers_model(len(panel.V0))
    model.V.value = jnp.asarray(panel.V0, precision)

    def step(i: Any, current: Any) -> Any:
        bp.share.save(t=i * panel.dt, i=i, dt=panel.dt)
        model(current)
        bp.helpers.clear_input(model)
        return model.V.value

    V = bm.for_loop(step, (np.arange(len(panel.time)), jnp.asarray(panel.current)))
    assert np.abs(np.asarray(V) - reference().run(panel)["V"]).max() < 1e-6


@double_precision
def test_the_field_is_brainpys_to_round_off(precision: str):
    """dV from ``derivative`` and the gates' own functions agree to 1e-11."""
    for seed in range(5):
        at = draw_states(assignment(), GATES, seed)
        asked, found = reference().field(at), brainpy_field(at, precision)
        assert max(relative_error(found[name], asked[name]) for name in STATES) < 1e-11


@single_precision
def test_a_right_model_in_float32_passes_the_field_checks(precision: str):
    """BrainPy in single precision keeps a fifth of 2e-5, for each of 40 seeds."""
    for seed in range(40):
        at = draw_states(assignment(), GATES, seed)
        asked, found = reference().field(at), brainpy_field(at, precision)
        assert max(relative_error(found[name], asked[name]) for name in STATES) <= 4e-6


@single_precision
def test_a_right_model_in_float32_passes_every_trace_check(precision: str):
    """BrainPy in single precision keeps half of every float32 tolerance."""
    for seed in range(3):
        panel = draw_stimuli(assignment(), seed, hidden=True)
        expected, found = reference().run(panel), brainpy_run(panel, precision)
        for id, (distance, tolerance) in trace_distances(panel, found, expected, "float32").items():
            assert distance <= tolerance / 2, (id, seed)
