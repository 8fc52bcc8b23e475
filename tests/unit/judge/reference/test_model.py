"""The reference as code: how it is compiled, loaded and asked, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grader.assignment.stimuli import draw_states, draw_stimuli
from grader.judge.reference.load_model import ReferenceModelError, load_model
from grader.judge.reference.model import ReferenceModel
from tests.support.hh_reference import GATES, assignment, panel_of, reference
from tests.support.project import ROOT


def counting_model(traced: list[str]) -> SimpleNamespace:
    model = reference().model

    def derivative(state, current, constants):
        traced.append("trace")
        return model.derivative(state, current, constants)

    return SimpleNamespace(
        STATES=model.STATES,
        CONSTANTS=model.CONSTANTS,
        initial=model.initial,
        derivative=derivative,
    )


def test_a_run_is_compiled_once_for_a_shape():
    """Other stimuli, V0, constants and dt of one shape are run by the same compiled code."""
    traced: list[str] = []
    counted = ReferenceModel(counting_model(traced), "cpu")
    counted.run(panel_of([1.0, 2.0], duration=10.0))
    first = len(traced)
    assert first > 0
    counted.run(panel_of([3.0, 9.0], [-70.0, -62.0], duration=10.0))
    counted.run(panel_of([3.0, 9.0], duration=10.0), {"alpha_m": 0.1})
    counted.run(panel_of([3.0, 9.0], duration=5.0, dt=0.05))
    assert len(traced) == first
    counted.run(panel_of([1.0, 2.0, 3.0], duration=10.0))
    assert len(traced) > first


def test_a_field_is_compiled_once_for_a_shape():
    """Other states and constants of one shape are evaluated by the same compiled code."""
    traced: list[str] = []
    counted = ReferenceModel(counting_model(traced), "cpu")
    for seed in range(3):
        counted.field(draw_states(assignment(), GATES, seed), {"alpha_m": 0.1 + 0.01 * seed})
    assert len(traced) == 1


@pytest.mark.parametrize("before", [False, True])
def test_the_reference_is_float64_and_leaves_the_global_precision_alone(before: bool):
    """Whatever JAX's default is, results are float64 and the default is the same after."""
    panel = panel_of([1.698], -65.1, duration=20.0)  # no number of single precision
    with jax.enable_x64(before):
        found = reference().run(panel)
        field = reference().field(draw_states(assignment(), GATES, 0))
        assert jnp.ones(1).dtype == (jnp.float64 if before else jnp.float32)
    assert {v.dtype for v in (*found.values(), *field.values())} == {np.dtype(np.float64)}
    with jax.enable_x64(not before):
        np.testing.assert_array_equal(found["V"], reference().run(panel)["V"])


# --------------------------------------------------------------------- faults


def test_an_unknown_constant_is_an_error_with_the_nearest_one_named():
    """A variant can't change a constant that the model doesn't have."""
    with pytest.raises(ReferenceModelError, match="no constant 'alpha_mm'; did you mean 'alpha_m'"):
        reference().run(panel_of([1.0]), {"alpha_mm": 0.1})


def test_a_field_needs_every_state():
    """A missing state is named."""
    with pytest.raises(ReferenceModelError, match=r"INa\.h"):
        reference().field({n: np.zeros(3) for n in ("V", "I", "IK.n", "INa.m")})


def test_an_unknown_gate_leaves_the_other_derivatives_known():
    """NaN for n makes dV and dn NaN, and neither dm nor dh."""
    at = draw_states(assignment(), GATES, 2)
    known = reference().field(at)
    found = reference().field({**at, "IK.n": np.full(256, np.nan)})
    assert np.isnan(found["V"]).all()
    assert np.isnan(found["IK.n"]).all()
    for name in ("INa.m", "INa.h"):
        np.testing.assert_array_equal(found[name], known[name])


def test_a_reference_that_is_not_finite_is_our_fault_and_names_the_stimulus():
    """NaN in the reference raises; it can't reach a comparison."""
    with pytest.raises(ReferenceModelError, match="'7'"):
        reference().run(panel_of([1.0, 7.0], [-65.0, np.nan]))


def test_asking_for_a_gpu_where_there_is_none_says_so():
    """No silent fall-back to the CPU."""
    try:
        jax.local_devices(backend="gpu")
    except RuntimeError:
        with pytest.raises(ReferenceModelError, match="no GPU"):
            ReferenceModel(reference().model, "gpu")
        assert ReferenceModel(reference().model, "auto").platform == "cpu"
    else:
        assert ReferenceModel(reference().model, "auto").platform == "gpu"


def test_gpu_and_cpu_agree():
    """The handout's run is the same on both to 1e-6 mV."""
    try:
        jax.local_devices(backend="gpu")
    except RuntimeError:
        pytest.skip("no GPU here")
    panel = panel_of([1.698, 10.0])
    there = ReferenceModel(reference().model, "gpu").run(panel)["V"]
    np.testing.assert_allclose(there, reference().run(panel)["V"], atol=1e-6)


def test_two_references_of_one_name_are_two_modules(tmp_path: Path):
    """Each assignment's model.py is its own, however often and whatever else is loaded."""
    source = (ROOT / "reference/hh/model.py").read_text("utf-8")
    for name, rate in (("a", "0.11"), ("b", "0.12")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.py").write_text(
            source.replace('"alpha_m": 0.11', f'"alpha_m": {rate}'), "utf-8"
        )
    models = [load_model(tmp_path / name / "model.py") for name in ("a", "b")]
    assert [model.CONSTANTS["alpha_m"] for model in models] == [0.11, 0.12]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (None, "no such file"),
        ("STATES = ('V',)\nCONSTANTS = {}\n", "initial, derivative is missing"),
        (
            "from types import SimpleNamespace\n"
            "STATES = CONSTANTS = initial = derivative = None\n"
            "PARTS = {'b': SimpleNamespace(STATES=('V',), CONSTANTS={}, initial=None)}\n",
            "derivative is missing from part 'b'",
        ),
        ("def f(:\n", "SyntaxError"),
        ("import no_such_module_at_all\n", "ModuleNotFoundError"),
    ],
)
def test_a_reference_that_cannot_be_loaded_says_why(tmp_path: Path, source: str | None, fault: str):
    """The message names the file and its fault."""
    file = tmp_path / "model.py"
    if source is not None:
        file.write_text(source, "utf-8")
    with pytest.raises(ReferenceModelError, match=fault) as caught:
        load_model(file)
    assert str(file) in str(caught.value)


def test_the_reference_starts_where_the_assignment_says():
    """Its gates begin where ``start`` says, which is read where there is no reference."""
    asked = assignment().exercises[0].start
    begun = reference().model.initial(jnp.array([-65.0]))
    assert {name: (float(x[0]),) * 2 for name, x in begun.items() if name != "V"} == {
        name: ends for name, ends in asked.items() if name != "V"
    }


def test_maps_go_on_from_drawn_states():
    """A step from a state and then another is what two steps from it are."""
    at = draw_states(assignment(), GATES, 5, "map")
    two = reference().maps(at, 2, 0.1)
    there = {name: two[name][0] for name in two} | {"I": at["I"]}
    again = reference().maps(there, 1, 0.1)
    assert set(two) == set(again) == {"V", *GATES}
    for name in two:
        np.testing.assert_array_equal(again[name][0], two[name][1])


def test_maps_and_runs_are_the_same_steps():
    """From where a run starts, the maps under its current are the run's first steps."""
    panel = draw_stimuli(assignment(), 0, hidden=False)
    at = {"V": panel.V0, "I": panel.current[0]} | {name: np.zeros(1) for name in GATES}
    run, maps = reference().run(panel), reference().maps(at, 50, panel.dt)
    assert set(run) == set(maps) == {"V", *GATES}
    for name in run:
        np.testing.assert_allclose(maps[name], run[name][:50], rtol=0, atol=1e-12)
