"""Checks: pure functions of the evidence. ``CHECKS`` holds them all, by their kind.

A check gets a ``CheckContext`` (the evidence, of the whole and of one exercise, and its own
data) and returns a ``Finding``. It never raises for bad work; when it raises all the
same, that check is an error of ours and the submission is not graded.

Checks: execution, structure, channels, initial_state, simulation, spikes, spike_records, monitors.
What they share: context, comparable, convergence, distances; disclosure and handout_values, for
what a student may be told; locate_line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grader.core.types import Finding
from grader.judge.checks.channels import check_channel, check_extra_channels
from grader.judge.checks.context import CheckContext
from grader.judge.checks.execution import check_blanks, check_figures, check_run
from grader.judge.checks.initial_state import check_start
from grader.judge.checks.monitors import check_records
from grader.judge.checks.simulation import check_field, check_map, check_trace
from grader.judge.checks.spike_records import check_last_spike, check_spike_flag
from grader.judge.checks.spikes import (
    check_firing_rate,
    check_latency,
    check_spike_count,
    check_spike_times,
)
from grader.judge.checks.structure import check_base_class, check_master_type, check_parameter

CHECKS: Mapping[str, Callable[[CheckContext], Finding]] = {
    "runs": check_run,
    "filled": check_blanks,
    "figures": check_figures,
    "channel": check_channel,
    "no_extra_channels": check_extra_channels,
    "base_class": check_base_class,
    "parameter": check_parameter,
    "master_type": check_master_type,
    "spike_count": check_spike_count,
    "firing_rate": check_firing_rate,
    "spike_times": check_spike_times,
    "latency": check_latency,
    "trace_rmse": check_trace,
    "start": check_start,
    "spike_flag": check_spike_flag,
    "last_spike": check_last_spike,
    "map": check_map,
    "recorded": check_records,
    "field": check_field,
}

__all__ = ["CHECKS", "CheckContext"]
