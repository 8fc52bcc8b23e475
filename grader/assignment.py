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

from pydantic import BaseModel, ConfigDict, Field

from grader.stages import Precision, Visibility

NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, lt=1)]


class Data(BaseModel):
    """Read-only data; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Data):
    """The same words in both languages."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """The words in ``language``, "en" or "zh"."""
        return self.zh if language == "zh" else self.en


class Limits(Data):
    """How much a submission may take: seconds of wall time, MiB of memory and of output.

    Memory and output are limited in a box only.
    """

    cell_seconds: Positive = 60
    notebook_seconds: Positive = 240
    probe_seconds: Positive = 90
    memory_mb: Annotated[int, Field(ge=256)] = 2048
    output_mb: Annotated[int, Field(ge=1)] = 64

    def changed(self, **given: float | None) -> Limits:
        """These limits with those given (not None) put in their place."""
        return self.model_copy(update={n: limit for n, limit in given.items() if limit is not None})


class Mistake(Data):
    """A wrong value with a known cause; ``message`` is the id of a sentence about it."""

    value: float
    message: str


class Parameter(Data):
    """A parameter of a channel: what the handout asks for."""

    value: float
    unit: str = ""
    tolerance: Positive = 1e-6  # relative
    mistakes: tuple[Mistake, ...] = ()


class Gate(Data):
    """A gate of a channel: a state between 0 and 1, and other names it goes by."""

    aliases: tuple[str, ...] = ()


class Channel(Data):
    """An ion channel that the exercise asks for, at the attribute ``name``."""

    name: str
    master_types: tuple[str, ...] = ("HHTypedNeuron",)
    parameters: dict[str, Parameter] = {}
    gates: dict[str, Gate] = {}


class Exercise(Data):
    """One exercise: a class that the student completes by filling its blanks."""

    id: str
    tag: str  # of its cell in the released notebook
    class_name: str
    base: str
    related_bases: tuple[str, ...] = ()  # not what was asked, but close to it
    channels: tuple[Channel, ...] = ()
    start: dict[str, tuple[float, float]] = {}  # least and greatest of each state after reset()
    spike_threshold: float = 0.0  # mV; a spike is an upward crossing
    public_traces: str = ""  # file with the accepted models' traces for the public stimuli

    def channel(self, name: str) -> Channel:
        """The channel asked for at ``name``; ``KeyError`` when there is none."""
        for channel in self.channels:
            if channel.name == name:
                return channel
        raise KeyError(name)

    @property
    def gates(self) -> dict[str, Gate]:
        """Every gate under its full name, ``"K.n"``."""
        return {f"{c.name}.{g}": gate for c in self.channels for g, gate in c.gates.items()}


class Stimulus(Data):
    """One injected current, in uA/cm2; times in ms.

    ``step``: ``amplitude`` throughout. ``ramp``: from ``amplitude`` to ``end``.
    ``noise``: Ornstein-Uhlenbeck with mean ``amplitude``, deviation ``sd`` and
    time constant ``tau``. ``pulses``: ``count`` pulses of ``width`` ms, evenly
    spaced. ``sine``: ``amplitude`` plus ``sd`` * sin at ``frequency`` Hz.
    ``jitter`` is the relative half-width by which each submission's amplitude
    and ``V0_jitter`` the half-width in mV by which its V0 is moved.
    """

    name: str
    kind: Literal["step", "ramp", "noise", "pulses", "sine"]
    amplitude: float
    end: float = 0.0
    sd: NonNegative = 0.0
    tau: Positive = 5.0
    count: Annotated[int, Field(ge=1, le=1000)] = 5
    width: Positive = 2.0
    frequency: Positive = 20.0
    V0: float = -65.0
    jitter: NonNegative = 0.0
    V0_jitter: NonNegative = 0.0


class Simulation(Data):
    """How the stimuli are run.

    No run starts and no state is drawn at a V of ``avoid_V`` (mV), where rates as
    printed are 0/0.
    """

    dt: Positive = 0.1
    duration: Positive = 200.0
    finer_ms: Positive = 10.0  # how long runs with a smaller dt are
    avoid_V: tuple[float, ...] = ()


class FieldDraw(Data):
    """Where the vector field is sampled: ``count`` states, V and current in these ranges.

    From ``map_count`` further ones the model makes its steps, under a constant current.
    """

    count: Annotated[int, Field(ge=1, le=4096)] = 64
    map_count: Annotated[int, Field(ge=1, le=4096)] = 64
    V: tuple[float, float] = (-90.0, 45.0)
    current: tuple[float, float] = (-5.0, 25.0)


class Tier(Data):
    """A partial credit: at or within ``within``, the share ``credit`` of the points."""

    within: Positive
    credit: Share


class Check(Data):
    """One check. ``kind`` names a function of ``grader.check``; the rest are its options."""

    id: str
    kind: str
    family: str
    exercise: str = ""
    channel: str = ""
    parameter: str = ""
    variable: str = ""
    stimuli: Literal["public", "hidden"] = "public"
    until: tuple[Positive, ...] = ()  # ms: windows, each from the start; the whole run without
    steps: Annotated[int, Field(ge=1, le=1000)] = 1  # of a map, from drawn states
    tolerance: Positive | None = None  # of what people read; the others are derived
    at_least: Annotated[int, Field(ge=1)] = 1
    partial: tuple[Tier, ...] = ()
    partial_credit: Share | None = None


Measure = tuple[str, float | None]
"""What is measured: of a check, up to so many ms; of an exercise, how far its field is off."""

MEASURED = ("trace_rmse", "spike_times", "map")
"""Kinds of checks with tolerances of their own; those of kind "field" share their exercise's."""


class Margin(Data):
    """A tolerance, and what lay on both sides when it was derived; see ``grader.verify``."""

    tolerance: Positive
    right: NonNegative  # the worst of right models
    wrong: Positive  # the nearest of wrong ones


class Tolerance(Data):
    """The tolerances of one measure: of models in double and of those in single precision."""

    of: str  # a check, or an exercise for its vector field
    until: Positive | None = None  # ms
    float64: Margin
    float32: Margin


class Answer(Data):
    """How the handout's own answer is told from a student's."""

    headings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # sha256 of its cells' normalised sources


class Variant(Data):
    """An accepted model: constants of the reference, and a note that names it when found."""

    id: str
    constants: dict[str, float] = {}
    note: str = ""  # message id, shown when this variant is not the first


class Rubric(Data):
    """The teacher's side of an assignment."""

    folder: Path
    reference: Path
    solution: Path
    families: dict[str, float]
    points: dict[str, float]
    field: FieldDraw
    stimuli: tuple[Stimulus, ...]
    checks: tuple[Check, ...]


class Assignment(Data):
    """An assignment; ``rubric`` is None where only the students' part is at hand."""

    id: str
    title: Text
    folder: Path
    notebook: Path
    digest: str  # of all data that a mark depends on
    files: dict[str, str] = {}  # and of each of its files
    limits: Limits
    answer: Answer
    simulation: Simulation
    exercises: tuple[Exercise, ...]
    variants: tuple[Variant, ...]
    stimuli: tuple[Stimulus, ...]
    public_checks: tuple[Check, ...]
    tolerances: tuple[Tolerance, ...] = ()
    rubric: Rubric | None = None

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every check at hand, the public ones first."""
        return self.public_checks + (self.rubric.checks if self.rubric else ())

    def points(self, check: Check) -> float:
        """What a check is worth; without a rubric each public check counts one."""
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
        """The tolerance of a measure; NaN, within which nothing is, where none was derived."""
        for one in self.tolerances:
            if (one.of, one.until) == (of, until):
                return (one.float64 if precision == "float64" else one.float32).tolerance
        return math.nan

    def visibility(self, check: Check) -> Visibility:
        """Whether students may see this check."""
        return "public" if check in self.public_checks else "hidden"

    def exercise(self, id: str) -> Exercise:
        """The exercise ``id``; ``KeyError`` when there is none."""
        for exercise in self.exercises:
            if exercise.id == id:
                return exercise
        raise KeyError(id)
