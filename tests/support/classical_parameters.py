"""The classical parameters of 1952 given to the reference, and what is asked of both sides.

For tests against other simulators, each an optional library that may not be installed.
"""

from __future__ import annotations

import itertools

import numpy as np

from grader.core.types import Array, StimulusSet
from grader.judge.metrics import spike_times
from tests.support.hh_reference import reference

CLASSICAL = {"IL.g_max": 0.3, "IL.E": -54.387, "alpha_m": 0.1}  # what the handout changes

# uA/cm2: below the sustained firing that is certain from 9.8 on, within it, and above, where the
# oscillation no longer reaches 0 mV. Within 199 ms no spike comes closer than 1 ms to the end.
CURRENTS = (0.0, 2.0, 4.0, 12.0, 14.0, 16.0, 20.0, 25.0, 30.0, 40.0, 50.0, 120.0)
LONG = 199.0  # ms
FINE = 0.00625  # ms


def steps(dt: float, duration: float, currents: tuple[float, ...] = CURRENTS) -> StimulusSet:
    """Steps of current from V0 -65 mV."""
    amplitudes = np.asarray(currents)
    return StimulusSet(
        names=tuple(f"{a:g}" for a in amplitudes),
        dt=dt,
        current=np.tile(amplitudes, (round(duration / dt), 1)),
        V0=np.full(len(amplitudes), -65.0),
        public=0,
    )


def spikes(time: Array, V: Array) -> list[Array]:
    """Times in ms at which V rises through 0 mV, of each stimulus."""
    return spike_times(time, V, 0.0)


def orders(errors: list[float]) -> list[float]:
    """The order of convergence at each halving of the step."""
    return [float(np.log2(a / b)) for a, b in itertools.pairwise(errors)]


def assert_spike_times_converge(theirs: list[Array], panel: StimulusSet) -> None:
    """The reference's spike times go to ``theirs`` with order 1, and its limit is there.

    ``theirs`` are another simulator's, converged, for the stimuli of ``panel``. Each halving
    of dt, up to that of ``panel``, halves the distance; what the last two make by Richardson
    extrapolation is within 1e-3 ms.
    """
    duration, currents = panel.dt * len(panel.current), tuple(panel.current[0])
    found = []
    for dt in (4 * panel.dt, 2 * panel.dt, panel.dt):
        ours = steps(dt, duration, currents)
        found.append(spikes(ours.time, reference().run(ours, CLASSICAL)["V"]))
        assert [len(times) for times in found[-1]] == [len(times) for times in theirs]
    ends = [np.concatenate(times) - np.concatenate(theirs) for times in found]
    np.testing.assert_allclose(orders([float(np.abs(end).max()) for end in ends]), 1.0, atol=0.05)
    assert np.abs(2 * ends[-1] - ends[-2]).max() < 1e-3


def assert_first_spike_converges(theirs: Array, panel: StimulusSet) -> None:
    """The reference's V, extrapolated from dt and half of it, is ``theirs`` within 0.01 mV.

    ``theirs`` may stand at some of the steps of ``panel`` only, evenly spaced.
    """
    every = len(panel.current) // len(theirs)
    duration, currents = panel.dt * len(panel.current), tuple(panel.current[0])
    half = reference().run(steps(panel.dt / 2, duration, currents), CLASSICAL)["V"][1::2]
    limit = 2 * half - reference().run(panel, CLASSICAL)["V"]
    assert theirs.max() > 20.0  # the spike is in it
    assert np.abs(limit[every - 1 :: every] - theirs).max() < 0.01


def assert_fires_as_often(theirs: list[Array]) -> None:
    """The number of spikes is the same for every current, from one to a fast series."""
    panel = steps(FINE, LONG)
    ours = spikes(panel.time, reference().run(panel, CLASSICAL)["V"])
    numbers = [len(times) for times in theirs]
    assert [len(times) for times in ours] == numbers
    assert (numbers[0], numbers[3], max(numbers)) == (1, 15, 23)
