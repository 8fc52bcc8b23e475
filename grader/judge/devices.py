"""The device on which a batch's reference is computed, and JAX's variables for it. No JAX here."""

from __future__ import annotations

from collections.abc import Mapping

from grader.assignment.schema import Assignment
from grader.assignment.stimuli import population_size
from grader.core.environment import gpu_environment

GPU_FROM = 4096
"""The number of stimuli from which on ``auto`` takes a GPU.

An estimate: each step starts some twenty programs on a GPU, whatever the size, and takes a
processor as long only with some thousand neurons. ``python -m tests.gpu`` measures it.
"""


def choose_device(device: str, assignment: Assignment) -> str:
    """Return ``device`` as it was asked for; for "auto" the CPU but for very many stimuli."""
    small = population_size(assignment, hidden=True) < GPU_FROM
    return "cpu" if device == "auto" and small else device


def device_environment(device: str, machine: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a process that computes on ``device``.

    On the CPU no GPU is started. A GPU that was asked for is taken, whatever JAX_PLATFORMS says.
    """
    if device == "cpu":
        return {**machine, "JAX_PLATFORMS": "cpu"}
    variables = gpu_environment(machine)
    if device == "auto" and "JAX_PLATFORMS" in machine:
        variables["JAX_PLATFORMS"] = machine["JAX_PLATFORMS"]
    return variables
