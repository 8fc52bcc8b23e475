"""Checks: pure functions of the evidence. ``TABLE`` holds them all, by their kind.

A check gets an ``Item`` (the evidence, one exercise's attempt, and the check's own
data) and returns a ``Finding``. It never raises for bad work; when it raises all the
same, that item is an error of ours and the submission is not graded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grader.core.types import Finding
from grader.judge.checks.channels import channel, no_extra_channels
from grader.judge.checks.context import Item
from grader.judge.checks.execution import figures, filled, runs
from grader.judge.checks.initial_state import start
from grader.judge.checks.monitors import recorded
from grader.judge.checks.simulation import field, steps, trace_rmse
from grader.judge.checks.spike_records import last_spike, spike_flag
from grader.judge.checks.spikes import firing_rate, latency, spike_count, spike_times
from grader.judge.checks.structure import base_class, master_type, parameter

TABLE: Mapping[str, Callable[[Item], Finding]] = {
    "runs": runs,
    "filled": filled,
    "figures": figures,
    "channel": channel,
    "no_extra_channels": no_extra_channels,
    "base_class": base_class,
    "parameter": parameter,
    "master_type": master_type,
    "spike_count": spike_count,
    "firing_rate": firing_rate,
    "spike_times": spike_times,
    "latency": latency,
    "trace_rmse": trace_rmse,
    "start": start,
    "spike_flag": spike_flag,
    "last_spike": last_spike,
    "map": steps,
    "recorded": recorded,
    "field": field,
}

__all__ = ["TABLE", "Item"]
