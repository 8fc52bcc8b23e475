"""An assignment as data: what is asked, what is checked, for how many points.

``assignments/<id>/assignment.toml`` is what students may read: the released
notebook, the exercises, public stimuli and public checks. ``reference/<id>/
rubric.toml`` is what teachers know: hidden stimuli, hidden checks, points. Both
are read strictly: an unknown key is an error with the nearest known one named,
and all faults of a file are reported at once.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from grader.assignment.deadline import ANY_TIME, SubmissionRules
from grader.assignment.exercise import (
    Channel,
    Exercise,
    FrozenModel,
    Gate,
    Mistake,
    NonNegative,
    Parameter,
    Positive,
    Share,
    Text,
)
from grader.core.types import Precision, Visibility

__all__ = [
    "MEASURED",
    "Assignment",
    "Channel",
    "Check",
    "Exercise",
    "FieldDraw",
    "FrozenModel",
    "Gate",
    "HandoutAnswer",
    "Limits",
    "Margin",
    "Measure",
    "Mistake",
    "NonNegative",
    "Parameter",
    "Positive",
    "Rubric",
    "Share",
    "Simulation",
    "Stimulus",
    "Text",
    "Tier",
    "Tolerance",
    "Variant",
]


class Limits(FrozenModel):
    """Limits of a submission: seconds of wall time, MiB of memory and of output.

    Memory and output are limited in a box only.
    """

    cell_seconds: Positive = 60
    notebook_seconds: Positive = 240
    probe_seconds: Positive = 90
    memory_mb: Annotated[int, Field(ge=256)] = 2048
    output_mb: Annotated[int, Field(ge=1)] = 64

    def with_changes(self, **given: float | None) -> Limits:
        """Return these limits with those given (not None) put in their place."""
        return self.model_copy(update={n: limit for n, limit in given.items() if limit is not None})

    def scale_seconds(self, factor: float) -> Limits:
        """Return these limits with ``factor`` times the seconds."""
        return self.with_changes(
            cell_seconds=factor * self.cell_seconds,
            notebook_seconds=factor * self.notebook_seconds,
            probe_seconds=factor * self.probe_seconds,
        )


class Stimulus(FrozenModel):
    """One injected current, in uA/cm2 (in nA for a neuron of a given area); times in ms.

    Nothing flows before ``start`` and from ``stop`` on. ``step``: ``amplitude`` throughout.
    ``ramp``: from ``amplitude`` to ``end``. ``noise``: Ornstein-Uhlenbeck with mean
    ``amplitude``, deviation ``sd`` and time constant ``tau``. ``pulses``: ``count`` pulses of
    ``width`` ms, evenly spaced. ``sine``: ``amplitude`` plus ``sd`` * sin at ``frequency`` Hz.
    ``jitter`` is the relative half-width by which each submission's amplitude
    and ``V0_jitter`` the half-width in mV by which its V0 is moved. Only models of
    ``exercises`` are asked about it, or those of all where none is named.
    """

    name: str
    kind: Literal["step", "ramp", "noise", "pulses", "sine"]
    amplitude: float
    start: NonNegative = 0.0
    stop: Positive | None = None
    end: float = 0.0
    sd: NonNegative = 0.0
    tau: Positive = 5.0
    count: Annotated[int, Field(ge=1, le=1000)] = 5
    width: Positive = 2.0
    frequency: Positive = 20.0
    V0: float = -65.0
    jitter: NonNegative = 0.0
    V0_jitter: NonNegative = 0.0
    exercises: tuple[str, ...] = ()


class Simulation(FrozenModel):
    """The settings with which stimuli are run.

    No run starts and no state is drawn at a V of ``avoid_V`` (mV), where rates as
    printed are 0/0.
    """

    dt: Positive = 0.1
    duration: Positive = 200.0
    finer_ms: Positive = 10.0  # how long runs with a smaller dt are
    avoid_V: tuple[float, ...] = ()


class FieldDraw(FrozenModel):
    """The sample of the vector field: ``count`` states, V and current in these ranges.

    From ``map_count`` further ones the model makes its steps, under a constant current.
    """

    count: Annotated[int, Field(ge=1, le=4096)] = 64
    map_count: Annotated[int, Field(ge=1, le=4096)] = 64
    V: tuple[float, float] = (-90.0, 45.0)
    current: tuple[float, float] = (-5.0, 25.0)


class Tier(FrozenModel):
    """A partial credit: at or within ``within``, the share ``credit`` of the points."""

    within: Positive
    credit: Share


class Check(FrozenModel):
    """One check. ``kind`` names a function of ``grader.judge.checks``; the rest are its options."""

    id: str
    kind: str
    family: str
    exercise: str = ""
    channel: str = ""
    parameter: str = ""
    variable: str = ""
    stimuli: Literal["public", "hidden"] = "public"
    until: tuple[Positive, ...] = ()  # ms: windows, each from the start; the whole run without
    after: NonNegative = 0.0  # ms: spikes before do not count
    steps: Annotated[int, Field(ge=1, le=1000)] = 1  # of a map, from drawn states
    tolerance: Positive | None = None  # of what people read; the others are derived
    at_least: Annotated[int, Field(ge=1)] = 1
    partial: tuple[Tier, ...] = ()
    partial_credit: Share | None = None


Measure = tuple[str, float | None]
"""A check, measured up to so many ms; or an exercise, of which the error of its field is."""

MEASURED = ("trace_rmse", "spike_times", "map")
"""Kinds of checks with tolerances of their own; those of kind "field" share their exercise's."""


class Margin(FrozenModel):
    """A tolerance, and what lay on both sides when ``grader.authoring.verify`` derived it."""

    tolerance: Positive
    right: NonNegative  # the worst of right models
    wrong: Positive  # the nearest of wrong ones


class Tolerance(FrozenModel):
    """The tolerances of one measure: of models in double and of those in single precision."""

    of: str  # a check, or an exercise for its vector field
    until: Positive | None = None  # ms
    float64: Margin
    float32: Margin


class HandoutAnswer(FrozenModel):
    """The marks of the handout's own answer, which tell it from a student's."""

    headings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # sha256 of its cells' normalised sources


class Variant(FrozenModel):
    """An accepted model: constants of the reference, and a note that names it when found."""

    id: str
    constants: dict[str, float] = Field(default_factory=dict)
    note: str = ""  # message id, shown when this variant is not the first


class Rubric(FrozenModel):
    """The teacher's side of an assignment."""

    folder: Path
    reference: Path
    solution: Path
    families: dict[str, float]
    points: dict[str, float]
    field: FieldDraw
    stimuli: tuple[Stimulus, ...]
    checks: tuple[Check, ...]


class Assignment(FrozenModel):
    """An assignment; ``rubric`` is None where only the students' part is at hand."""

    id: str
    title: Text
    folder: Path
    notebook: Path
    digest: str  # of all data that a mark depends on
    files: dict[str, str] = Field(default_factory=dict)  # and of each of its files
    limits: Limits
    answer: HandoutAnswer
    simulation: Simulation
    exercises: tuple[Exercise, ...]
    variants: tuple[Variant, ...]
    stimuli: tuple[Stimulus, ...]
    public_checks: tuple[Check, ...]
    tolerances: tuple[Tolerance, ...] = ()
    handing_in: SubmissionRules = ANY_TIME
    rubric: Rubric | None = None

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every check at hand, the public ones first."""
        return self.public_checks + (self.rubric.checks if self.rubric else ())

    def points(self, check: Check) -> float:
        """Return a check's points; without a rubric each public check counts one."""
        return self.rubric.points[check.id] if self.rubric else 1.0

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All that is held against a derived tolerance."""
        checks = [check for check in self.checks if check.kind in MEASURED]
        fields = [e.id for e in self.exercises if e.public_traces or "field" in self._kinds(e)]
        own = [(check.id, until) for check in checks for until in check.until or (None,)]
        return (*own, *((exercise, None) for exercise in fields))

    def _kinds(self, exercise: Exercise) -> set[str]:
        return {check.kind for check in self.checks if check.exercise == exercise.id}

    def tolerance(self, of: str, until: float | None, precision: Precision) -> float:
        """Return a measure's tolerance; NaN, within which nothing is, where none was derived."""
        for one in self.tolerances:
            if (one.of, one.until) == (of, until):
                return (one.float64 if precision == "float64" else one.float32).tolerance
        return math.nan

    def visibility(self, check: Check) -> Visibility:
        """Return "public" for a check that students may see, else "hidden"."""
        known = any(check.id == own.id for own in self.public_checks)
        return "public" if known else "hidden"

    def for_exercise(self, exercise: Exercise) -> Assignment:
        """Return the assignment with one exercise alone: its stimuli and its checks."""

        def own(checks: tuple[Check, ...]) -> tuple[Check, ...]:
            return tuple(check for check in checks if check.exercise == exercise.id)

        def shown(stimuli: tuple[Stimulus, ...]) -> tuple[Stimulus, ...]:
            return tuple(s for s in stimuli if not s.exercises or exercise.id in s.exercises)

        rubric = self.rubric and self.rubric.model_copy(
            update={"stimuli": shown(self.rubric.stimuli), "checks": own(self.rubric.checks)}
        )
        update = {"exercises": (exercise,), "rubric": rubric, "stimuli": shown(self.stimuli)}
        return self.model_copy(update={**update, "public_checks": own(self.public_checks)})

    def exercise(self, id: str) -> Exercise:
        """Return the exercise ``id``; ``KeyError`` when there is none."""
        for exercise in self.exercises:
            if exercise.id == id:
                return exercise
        raise KeyError(id)
