"""The reference of the HH assignment on the CPU, compiled once in a process for all its tests."""

from __future__ import annotations

from functools import cache

import numpy as np

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.core.types import Array, StimulusSet
from grader.judge.metrics import rmse
from grader.judge.reference.compare import Comparison
from grader.judge.reference.load_model import load_model
from grader.judge.reference.model import ReferenceModel
from tests.support.project import ROOT

GATES = ("IK.n", "INa.m", "INa.h")
STATES = ("V", *GATES)


@cache
def assignment() -> Assignment:
    """The HH assignment as a teacher sees it."""
    return load_assignment(ROOT / "assignments/hh", ROOT / "reference/hh")


@cache
def reference() -> ReferenceModel:
    """Its reference, to be asked directly."""
    return ReferenceModel(load_model(ROOT / "reference/hh/model.py"), "cpu")


@cache
def comparison() -> Comparison:
    """What puts the reference's answers beside those of a submission."""
    return Comparison(assignment(), "cpu")


def trace_distances(
    panel: StimulusSet, found: dict[str, Array], expected: dict[str, Array], precision: str
) -> dict[str, tuple[float, float]]:
    """What each trace check would measure between the two, and its tolerance."""
    distances = {}
    for check in assignment().checks:
        for until in check.until:
            part = slice(panel.public) if check.stimuli == "public" else slice(panel.public, None)
            traces = (of[check.variable][:, part] for of in (found, expected))
            tolerance = assignment().tolerance(check.id, until, precision)
            distances[f"{check.id} {until}"] = (rmse(*traces, panel.time, until), tolerance)
    assert distances
    return distances


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
