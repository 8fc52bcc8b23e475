"""The reference: its equations in closed form, its scheme, how it is compiled and loaded."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grader.assignment.stimuli import draw_panel, draw_states
from grader.core.types import StimulusSet
from grader.judge.metrics import firing_rate, relative_error, spike_count, spike_times
from grader.judge.reference.load_model import ReferenceModelError, load_model
from grader.judge.reference.model import ReferenceModel
from tests.support.hh_reference import GATES, assignment, reference, trace_distances
from tests.support.project import ROOT

PARAMETERS = ("IK.E", "IK.g_max", "INa.E", "INa.g_max", "IL.E", "IL.g_max")


def panel_of(
    amplitudes: list[float] | np.ndarray,
    V0: float | list[float] | np.ndarray = -65.0,
    duration: float = 200.0,
    dt: float = 0.1,
) -> StimulusSet:
    amplitudes = np.asarray(amplitudes, dtype=float)
    return StimulusSet(
        names=tuple(f"{a:g}" for a in amplitudes),
        dt=dt,
        current=np.tile(amplitudes, (round(duration / dt), 1)),
        V0=np.broadcast_to(np.asarray(V0, dtype=float), amplitudes.shape).copy(),
        public=0,
    )


def counts(panel: StimulusSet, constants: dict[str, float] | None = None) -> list[int]:
    V = reference().run(panel, constants)["V"]
    return [spike_count(panel.time, V[:, i], 0.0) for i in range(V.shape[1])]


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
    hertz = [firing_rate(spike_times(panel.time, trace, 0.0), 1000.0) for trace in V.T]
    np.testing.assert_allclose(hertz[2:], found[2:], rtol=0.03)


# ------------------------------------------------------------------ precision


def float32_constants() -> dict[str, float]:
    return {name: float(np.float32(x)) for name, x in reference().model.CONSTANTS.items()}


def distances_with(seed: int, constants: dict[str, float]) -> dict[str, tuple[float, float]]:
    """What each trace check would measure on a model with ``constants``, and its tolerance."""
    panel = draw_panel(assignment(), seed, hidden=True)
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


# ---------------------------------------------------------------- compilation


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
    panel = draw_panel(assignment(), 0, hidden=False)
    at = {"V": panel.V0, "I": panel.current[0]} | {name: np.zeros(1) for name in GATES}
    run, maps = reference().run(panel), reference().maps(at, 50, panel.dt)
    assert set(run) == set(maps) == {"V", *GATES}
    for name in run:
        np.testing.assert_allclose(maps[name], run[name][:50], rtol=0, atol=1e-12)
