"""Spikes, trace differences and field residuals, against values known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from grader.judge.metrics import (
    firing_rate,
    relative_error,
    rmse,
    spike_times,
)


def test_a_spike_is_an_upward_crossing_at_its_interpolated_time():
    """From -10 mV at 1 ms to 30 mV at 2 ms the threshold of 0 is crossed at 1.25 ms."""
    time = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 6.0])
    V = np.array([-65.0, -10.0, 30.0, -70.0, -5.0, 5.0])
    (times,) = spike_times(time, V[:, None], 0.0)
    np.testing.assert_allclose(times, [1.25, 5.0])


def test_spikes_of_a_sine_come_once_a_period():
    """A cosine of period 10 ms crosses 0 upwards at 7.5, 17.5, ... ms."""
    time = np.arange(0.0, 50.0, 0.1)
    (times,) = spike_times(time, np.cos(2 * np.pi * time[:, None] / 10.0), 0.0)
    np.testing.assert_allclose(times, [7.5, 17.5, 27.5, 37.5, 47.5], atol=1e-3)
    assert firing_rate(times, 50.0) == pytest.approx(100.0, rel=1e-4)


@pytest.mark.parametrize(
    ("V", "spikes"),
    [
        ([0.0, 0.0, 0.0], 0),  # never below
        ([-1.0, 0.0, 1.0], 1),  # touches exactly
        ([-1.0, 0.0, -1.0, 0.0], 2),
        ([1.0, 2.0, 3.0], 0),  # starts above
        ([3.0, -1.0, -2.0], 0),  # downwards only
        ([-1.0, np.nan, 1.0], 0),
        ([-1.0, np.inf, -1.0], 0),
        ([-65.0], 0),
        ([], 0),
    ],
)
def test_what_counts_as_a_spike(V: list[float], spikes: int):
    """Only a finite sample below the threshold followed by a finite one at or above it."""
    (times,) = spike_times(np.arange(float(len(V))), np.array(V)[:, None], 0.0)
    assert len(times) == spikes


def test_the_firing_rate_is_1000_over_the_mean_interval():
    """Intervals of 20 and 30 ms are 40 Hz; fewer than two spikes are 0 Hz."""
    assert firing_rate(np.array([10.0, 30.0, 60.0]), 200.0) == pytest.approx(40.0)
    assert firing_rate(np.array([10.0]), 200.0) == 0.0
    assert firing_rate(np.array([]), 200.0) == 0.0


def test_the_firing_rate_leaves_out_spikes_after_its_duration():
    """A spike later than ``duration`` belongs to no rate of it."""
    assert firing_rate(np.array([10.0, 30.0, 190.0]), 100.0) == pytest.approx(50.0)


def test_rmse_is_over_all_stimuli_and_until_its_time():
    """3 and 4 in two stimuli for half of the time: sqrt(12.5) then, sqrt(6.25) over all."""
    time = np.array([0.1, 0.2, 0.3, 0.4])
    expected = np.zeros((4, 2))
    found = np.array([[3.0, 4.0], [3.0, 4.0], [0.0, 0.0], [0.0, 0.0]])
    assert rmse(found, expected, time, 0.2) == pytest.approx(np.sqrt(12.5))
    assert rmse(found, expected, time, None) == pytest.approx(np.sqrt(6.25))


def test_rmse_counts_the_sample_at_until_itself():
    """0.1 * 3 is a hair above 0.3 and counts as 0.3."""
    time = 0.1 * (1 + np.arange(5))
    found = np.array([0.0, 0.0, 1.0, 9.0, 9.0])
    assert rmse(found, np.zeros(5), time, 0.3) == pytest.approx(np.sqrt(1 / 3))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_rmse_of_a_trace_that_is_not_finite_is_nan(bad: float):
    """NaN anywhere, even after ``until``, is NaN, which is within no tolerance."""
    found = np.zeros((4, 2))
    found[3, 1] = bad
    apart = rmse(found, np.zeros((4, 2)), np.arange(4.0), 1.0)
    assert np.isnan(apart)
    assert not apart <= 1e9


def test_rmse_compares_only_equal_shapes():
    """Nothing is broadcast: one trace is not compared with two."""
    time = np.arange(4.0)
    with pytest.raises(ValueError, match="unequal shape"):
        rmse(np.zeros((4, 1)), np.zeros((4, 2)), time, None)
    with pytest.raises(ValueError, match="does not fit"):
        rmse(np.zeros((4, 2)), np.zeros((4, 2)), np.arange(3.0), None)
    with pytest.raises(ValueError, match="no sample"):
        rmse(np.zeros((4, 2)), np.zeros((4, 2)), time + 1.0, 0.5)


def test_rmse_refuses_an_expected_trace_that_is_not_finite():
    """A broken reference is our fault and must raise, never cost points."""
    with pytest.raises(ValueError, match="expected trace"):
        rmse(np.zeros(3), np.array([0.0, np.nan, 0.0]), np.arange(3.0), None)


def test_the_field_residual_is_relative_above_1_and_absolute_below():
    """2 in 1000 and 0.002 in 0.5 are the same residual."""
    assert relative_error(np.array([1002.0]), np.array([1000.0])) == pytest.approx(2e-3)
    assert relative_error(np.array([0.502]), np.array([0.5])) == pytest.approx(2e-3)


def test_the_field_residual_is_what_95_percent_of_the_samples_keep_to():
    """Three samples of 64 that are far off don't count, four do."""
    expected = np.full(64, 10.0)
    found = expected.copy()
    found[:3] = 0.0
    assert relative_error(found, expected) == 0.0
    found[3] = 9.0
    assert relative_error(found, expected) == pytest.approx(0.1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_the_field_residual_of_nan_is_nan(bad: float):
    """One sample that isn't finite, on either side, and the residual is NaN."""
    good, broken = np.zeros(64), np.zeros(64)
    broken[5] = bad
    assert np.isnan(relative_error(broken, good))
    assert np.isnan(relative_error(good, broken))


def test_fields_of_unequal_shape_are_refused():
    """Nothing is broadcast, and no samples are no evidence."""
    with pytest.raises(ValueError, match="unequal shape"):
        relative_error(np.zeros(1), np.zeros(64))
    with pytest.raises(ValueError, match="no sample"):
        relative_error(np.zeros(0), np.zeros(0))
