"""Time limits for a platform that ends an autograder after a time of its own."""

from __future__ import annotations

from dataclasses import dataclass

from grader.assignment.schema import Assignment
from grader.run.run_request import DEFINITIONS_SECONDS

_START = 60.0  # seconds until the first cell runs, on a slow machine
_SLACK = 30.0 + DEFINITIONS_SECONDS  # that a run may take beyond its limits


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeLimits:
    """Limits in whole seconds; ``all`` is what one submission takes at most.

    A run that was cut is repeated, so that two of them must fit.
    """

    cell: int
    notebook: int
    probe: int
    all: int


def fit_time_limits(assignment: Assignment, most: float | None) -> TimeLimits:
    """Return the assignment's own limits, made shorter where ``most`` seconds would not do."""
    limits, exercises = assignment.limits, len(assignment.exercises)
    notebook, probe = limits.notebook_seconds, limits.probe_seconds
    if most is not None:
        room = (most - _START) / 2 - _SLACK
        probe = min(probe, room / (3 * exercises))
        notebook = min(notebook, room - probe * exercises)
    return TimeLimits(
        cell=int(min(limits.cell_seconds, notebook)),
        notebook=int(notebook),
        probe=int(probe),
        all=int(_START + 2 * (notebook + probe * exercises + _SLACK)),
    )
