"""The stimuli and states that a submission is asked about."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment, Simulation, Stimulus
from grader.assignment.stimuli import draw_states, draw_stimuli, seed_for
from tests.support.project import ROOT

AVOIDED = (-55.0, -40.0)
GATES = ("IK.n", "INa.m", "INa.h")


@cache
def assignment() -> Assignment:
    return load_assignment(ROOT / "assignments/hh", ROOT / "reference/hh")


def with_stimuli(
    *stimuli: Stimulus, hidden: tuple[Stimulus, ...] = (), duration: float = 200.0
) -> Assignment:
    rubric = assignment().rubric
    assert rubric is not None
    return assignment().model_copy(
        update={
            "stimuli": stimuli,
            "rubric": rubric.model_copy(update={"stimuli": hidden}),
            "simulation": Simulation(dt=0.1, duration=duration, avoid_V=AVOIDED),
        }
    )


def wave(stimulus: Stimulus, duration: float = 200.0) -> np.ndarray:
    return draw_stimuli(with_stimuli(stimulus, duration=duration), 0, hidden=False).current[:, 0]


# ---------------------------------------------------------------------- panel


def test_public_stimuli_come_first_and_are_the_same_for_every_seed():
    """Public traces can be stored: no seed moves a public stimulus."""
    one, two = (draw_stimuli(assignment(), seed, hidden=True) for seed in (1, 2))
    assert one.public == len(assignment().stimuli)
    assert one.names[: one.public] == tuple(s.name for s in assignment().stimuli)
    np.testing.assert_array_equal(one.current[:, : one.public], two.current[:, : one.public])
    np.testing.assert_array_equal(one.V0[: one.public], two.V0[: one.public])
    assert draw_stimuli(assignment(), 1, hidden=False).current.shape == (2000, one.public)


def test_a_public_stimulus_is_never_jittered():
    """Jitter in a public stimulus' data moves nothing, and its noise is the same for all."""
    noise = Stimulus(name="a", kind="noise", amplitude=5, sd=2, jitter=0.5, V0_jitter=5)
    step = Stimulus(name="b", kind="step", amplitude=3.0, jitter=0.5, V0_jitter=5)
    one, two = (draw_stimuli(with_stimuli(noise, step), seed, hidden=False) for seed in (1, 2))
    np.testing.assert_array_equal(one.current, two.current)
    np.testing.assert_array_equal(one.current[:, 1], 3.0)
    np.testing.assert_array_equal(one.V0, [-65.0, -65.0])


def test_the_same_seed_gives_the_same_panel_and_another_seed_another_one():
    """A mark can be repeated, and two submissions are not asked the same."""
    one, again, other = (draw_stimuli(assignment(), seed, hidden=True) for seed in (7, 7, 8))
    np.testing.assert_array_equal(one.current, again.current)
    np.testing.assert_array_equal(one.V0, again.V0)
    differ = (one.current != other.current).any(axis=0)
    assert differ[one.public :].all()


def test_jitter_stays_within_its_half_width():
    """Amplitudes move by at most ``jitter``, V0 by at most ``V0_jitter``, and both fill that."""
    step = Stimulus(name="a", kind="step", amplitude=10.0, jitter=0.2, V0_jitter=3.0)
    panels = [draw_stimuli(with_stimuli(hidden=(step,)), seed, hidden=True) for seed in range(300)]
    amplitudes = np.array([panel.current[0, 0] for panel in panels])
    starts = np.array([panel.V0[0] for panel in panels])
    assert 8.0 <= amplitudes.min() < 8.1
    assert 11.9 < amplitudes.max() <= 12.0
    assert -68.0 <= starts.min() < -67.9
    assert -62.1 < starts.max() <= -62.0


def test_jitter_scales_a_stimulus_as_a_whole():
    """A ramp from 0 keeps its 0 and moves its end; a sine keeps its shape."""
    ramp = Stimulus(name="ramp", kind="ramp", amplitude=0.0, end=6.0, jitter=0.1)
    sine = Stimulus(name="sine", kind="sine", amplitude=4.0, sd=4.0, jitter=0.1)
    panel = draw_stimuli(with_stimuli(hidden=(ramp, sine)), 3, hidden=True)
    assert panel.current[0, 0] == 0.0
    for position, stimulus in enumerate((ramp, sine)):
        scale = panel.current[1000, position] / wave(stimulus)[1000]
        assert 0.9 <= scale <= 1.1
        assert scale != 1.0
        np.testing.assert_allclose(panel.current[:, position], scale * wave(stimulus), atol=1e-12)


def test_a_stimulus_is_drawn_from_its_own_name_and_nothing_else():
    """Adding, removing and reordering other stimuli leaves a stimulus as it was."""
    rubric = assignment().rubric
    assert rubric is not None
    whole = draw_stimuli(assignment(), 5, hidden=True)
    fewer = rubric.stimuli[:0:-2]
    part = draw_stimuli(with_stimuli(*assignment().stimuli, hidden=fewer), 5, hidden=True)
    for position, name in enumerate(part.names):
        then = whole.names.index(name)
        np.testing.assert_array_equal(part.current[:, position], whole.current[:, then])
        assert part.V0[position] == whole.V0[then]


@pytest.mark.parametrize("singular", AVOIDED)
@pytest.mark.parametrize("offset", [0.0, 9e-4, -9e-4, 1e-12])
def test_no_run_starts_where_a_rate_is_0_over_0(singular: float, offset: float):
    """V0 keeps 1e-3 mV from -55 and -40, and moves no further than it must."""
    step = Stimulus(name="a", kind="step", amplitude=1.0, V0=singular + offset)
    V0 = draw_stimuli(with_stimuli(step), 0, hidden=False).V0[0]
    assert 1e-3 <= abs(V0 - singular) < 3e-3


def test_time_runs_along_the_first_axis():
    """A panel of N stimuli over 50 ms at 0.1 ms is (500, N), and its last time is 50 ms."""
    step = Stimulus(name="a", kind="step", amplitude=1.0)
    panel = draw_stimuli(with_stimuli(step, step, step, duration=50.0), 0, hidden=False)
    assert panel.current.shape == (500, 3)
    assert panel.V0.shape == (3,)
    assert panel.time[-1] == pytest.approx(50.0)


def test_hidden_stimuli_need_the_rubric():
    """Asking for hidden stimuli without the teachers' part is an error, not a shorter panel."""
    with pytest.raises(ValueError, match="no rubric"):
        draw_stimuli(load_assignment(ROOT / "assignments/hh"), 0, hidden=True)


def test_an_assignment_without_stimuli_has_no_panel():
    """No stimuli is said in words."""
    with pytest.raises(ValueError, match="no stimuli"):
        draw_stimuli(with_stimuli(), 0, hidden=False)


def test_a_negative_seed_is_refused():
    """Seeds are natural numbers."""
    with pytest.raises(ValueError, match="non-negative"):
        draw_stimuli(assignment(), -1, hidden=True)


# ---------------------------------------------------------------------- kinds


def test_a_step_is_constant():
    """A step has its amplitude throughout."""
    np.testing.assert_array_equal(wave(Stimulus(name="a", kind="step", amplitude=1.698)), 1.698)


def test_a_ramp_is_linear_from_its_amplitude_to_its_end():
    """The first and last values are the given ones, all increments equal."""
    ramp = wave(Stimulus(name="a", kind="ramp", amplitude=-1.0, end=6.0))
    assert (ramp[0], ramp[-1]) == (-1.0, 6.0)
    np.testing.assert_allclose(np.diff(ramp), 7.0 / 1999, rtol=1e-9)


def test_a_sine_has_its_mean_amplitude_and_frequency():
    """4 + 3 sin at 20 Hz: at 12.5 ms it is at its top, four periods fill 200 ms."""
    sine = wave(Stimulus(name="a", kind="sine", amplitude=4.0, sd=3.0, frequency=20.0))
    assert sine[125] == pytest.approx(7.0)
    assert sine[375] == pytest.approx(1.0)
    assert sine.mean() == pytest.approx(4.0)
    np.testing.assert_allclose(sine[:500], sine[1500:], atol=1e-9)


@pytest.mark.parametrize(("count", "width"), [(5, 2.0), (1, 10.0), (3, 0.1)])
def test_pulses_have_their_number_width_and_spacing(count: int, width: float):
    """``count`` pulses of ``width`` ms, evenly spaced, and 0 between them."""
    pulses = wave(Stimulus(name="a", kind="pulses", amplitude=8.0, count=count, width=width))
    rising = np.flatnonzero(np.diff(pulses) > 0)
    assert set(np.unique(pulses)) == {0.0, 8.0}
    assert len(rising) == count
    assert (pulses > 0).sum() * 0.1 == pytest.approx(count * width)
    assert np.ptp(np.diff(rising)) <= 1 if count > 1 else True


def test_noise_is_the_stationary_ornstein_uhlenbeck_process():
    """Mean, deviation and autocovariance sd^2 exp(-lag / tau) hold from the first step on."""
    noise = tuple(
        Stimulus(name=f"noise {i}", kind="noise", amplitude=5.0, sd=2.0, tau=4.0)
        for i in range(2000)
    )
    current = draw_stimuli(with_stimuli(hidden=noise, duration=20.0), 11, hidden=True).current
    for step in (0, 100, 199):
        assert current[step].mean() == pytest.approx(5.0, abs=0.2)
        assert current[step].std() == pytest.approx(2.0, rel=0.06)
    for lag in (1, 20, 80):
        covariance = np.mean((current[0] - 5.0) * (current[lag] - 5.0))
        assert covariance == pytest.approx(4.0 * np.exp(-0.1 * lag / 4.0), abs=0.3)


# ---------------------------------------------------------------------- field


def test_field_states_fill_their_ranges():
    """V and I lie in the rubric's ranges, every gate in (0.02, 0.98), all of them (K,)."""
    rubric = assignment().rubric
    assert rubric is not None
    drawn = [draw_states(assignment(), GATES, seed) for seed in range(100)]
    assert set(drawn[0]) == {"V", "I", *GATES}
    for name, (low, high) in {
        "V": rubric.field.V,
        "I": rubric.field.current,
        **dict.fromkeys(GATES, (0.02, 0.98)),
    }.items():
        values = np.stack([draw[name] for draw in drawn])
        assert values.shape == (100, rubric.field.count)
        assert values.dtype == np.float64
        edge = 0.01 * (high - low)
        assert low <= values.min() < low + edge
        assert high - edge < values.max() <= high


def test_no_field_state_is_where_a_rate_is_0_over_0():
    """V keeps 0.05 mV from -55 and -40."""
    V = np.concatenate([draw_states(assignment(), (), seed)["V"] for seed in range(500)])
    for singular in AVOIDED:
        assert np.abs(V - singular).min() >= 0.05


def test_a_state_is_drawn_from_its_own_name_and_the_seed():
    """Order, other states and renamed gates change nothing for a state; the seed does."""
    one = draw_states(assignment(), GATES, 3)
    two = draw_states(assignment(), ("INa.h", "x.y", "IK.n"), 3)
    for name in ("V", "I", "IK.n", "INa.h"):
        np.testing.assert_array_equal(one[name], two[name])
    assert not np.array_equal(one["IK.n"], one["INa.m"])
    assert not np.array_equal(one["IK.n"], draw_states(assignment(), GATES, 4)["IK.n"])


def test_field_states_are_exact_in_single_precision():
    """A float32 model and a float64 reference are asked about the same states."""
    for values in draw_states(assignment(), GATES, 3).values():
        np.testing.assert_array_equal(values, values.astype(np.float32).astype(np.float64))


def test_the_field_can_be_drawn_without_the_rubric():
    """Students' part alone: the default ranges."""
    assert draw_states(load_assignment(ROOT / "assignments/hh"), GATES, 0)["V"].shape == (64,)


# ----------------------------------------------------------------------- seed


def test_the_seed_is_63_bits_of_an_hmac():
    """The seed is HMAC-SHA256 of submission and assignment under the secret, 63 bits of it."""
    sha, digest = hashlib.sha256(b"notebook").hexdigest(), "d" * 64
    whole = hmac.new(b"secret", f"{sha}\0{digest}".encode(), hashlib.sha256).digest()
    seed = seed_for(b"secret", sha, digest)
    assert seed == int.from_bytes(whole, "big") >> (256 - 63)
    assert all(0 <= seed_for(b"secret", str(i), digest) < 2**63 for i in range(200))


def test_the_seed_depends_on_secret_submission_and_assignment():
    """Nothing can be swapped for something else under the same seed."""
    seeds = {
        seed_for(secret, sha, digest)
        for secret in (b"a", b"b")
        for sha, digest in (("a", "b"), ("b", "a"), ("ab", ""), ("", "ab"), ("a", "c"), ("b", "b"))
    }
    assert len(seeds) == 12


def test_an_empty_secret_is_refused():
    """Without a secret any student could compute the seed."""
    with pytest.raises(ValueError, match="secret"):
        seed_for(b"", "a", "b")


def test_stimuli_and_measures_need_no_jax():
    """Drawing and measuring can run where JAX must not be loaded."""
    code = (
        "import sys, grader.assignment.stimuli, grader.judge.metrics; "
        "assert 'jax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
