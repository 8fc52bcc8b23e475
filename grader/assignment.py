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
    """A state beside V with an equation, as a gate between 0 and 1; other names it goes by.

    Where the vector field is sampled, it is drawn from ``range``; its derivative, per ms, is
    compared in units of ``scale``.
    """

    aliases: tuple[str, ...] = ()
    range: tuple[float, float] = (0.02, 0.98)
    scale: Positive = 1.0


class Channel(Data):
    """An ion, or an ion channel, that the exercise asks for at the attribute ``name``.

    A channel that hangs on an ion has the ion's name and a dot before its own. ``type`` is the
    class of BrainPy's that is asked for; without one it is the notebook's own. Each of
    ``master_types`` is right, a joint one written with plus signs: "A + B". ``given`` are
    states that follow from others, and the ranges in which they are drawn all the same.
    """

    name: str
    type: str = ""
    master_types: tuple[str, ...] = ("HHTypedNeuron",)
    parameters: dict[str, Parameter] = {}
    gates: dict[str, Gate] = {}
    given: dict[str, tuple[float, float]] = {}

    @property
    def ion(self) -> str:
        """The name of the ion that it hangs on; "" for the cell itself."""
        return self.name.rpartition(".")[0]


class Exercise(Data):
    """One exercise: a class that the student completes by filling its blanks, or a run.

    ``kind``: the class is that of a "neuron"; of a "channel", which is put alone into a neuron
    of BrainPy's class ``host``; or a "type", which is looked at and never made. A "run" is no
    class but a cell that gives ``variable`` a runner. It monitors under each name of
    ``monitors`` that state of its model, wherever the model goes. A blank is a name that the
    class gives a value to, or a method: without ``blanks`` they are the channels. ``states``
    are the model's own, which no channel holds; ``records`` are those of its own that say when
    it fires: nobody draws them, and they have no equation. ``needs`` are exercises that this
    one is made of: where one of them is wrong, the teacher's stands in for it.
    """

    id: str
    tag: str  # of its cell in the released notebook
    title: Text | None = None  # beside its checks, where there are several exercises
    kind: Literal["neuron", "channel", "type", "run"] = "neuron"
    class_name: str = ""
    base: str = ""
    host: str = ""
    variable: str = ""
    monitors: dict[str, str] = {}
    needs: tuple[str, ...] = ()
    related_bases: tuple[str, ...] = ()  # not what was asked, but close to it
    blanks: tuple[str, ...] = ()
    states: dict[str, Gate] = {}
    records: tuple[str, ...] = ()
    parameters: dict[str, Parameter] = {}  # of the model itself
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
        """Every state with an equation but V: ``"n"`` of the model, ``"K.n"`` of a channel."""
        of_channels = {f"{c.name}.{g}": gate for c in self.channels for g, gate in c.gates.items()}
        return self.states | of_channels

    def short(self, state: str) -> str:
        """A state's name without its channel's, where no other has the same."""
        own = state.rpartition(".")[2]
        alike = [gate for gate in self.gates if gate.rpartition(".")[2] == own]
        return own if len(alike) < 2 else state

    @property
    def to_fill(self) -> tuple[str, ...]:
        """The names of its blanks: a channel that hangs on an ion belongs to the ion's."""
        channels = tuple(c.name for c in self.channels if "." not in c.name)
        return self.blanks or channels or ((self.variable,) if self.variable else ())

    @property
    def answers(self) -> bool:
        """Whether its model answers stimuli."""
        return self.kind in ("neuron", "channel")

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Where each state but V is drawn, also those that are ``given``, under its full name."""
        given = {f"{c.name}.{g}": ends for c in self.channels for g, ends in c.given.items()}
        return {name: gate.range for name, gate in self.gates.items()} | given

    def scale(self, variable: str) -> float:
        """In which unit a derivative is compared: mV/ms for V, and 1/ms times this for others."""
        return self.gates[variable].scale if variable in self.gates else 1.0

    def parameters_of(self, channel: str) -> dict[str, Parameter]:
        """Those of a channel, or of the model itself for ""; ``KeyError`` as `channel`."""
        return self.channel(channel).parameters if channel else self.parameters


class Stimulus(Data):
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
    after: NonNegative = 0.0  # ms: spikes before do not count
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
    digest: str
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

    def of(self, exercise: Exercise) -> Assignment:
        """What concerns one exercise alone: its stimuli and its checks."""

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
        """The exercise ``id``; ``KeyError`` when there is none."""
        for exercise in self.exercises:
            if exercise.id == id:
                return exercise
        raise KeyError(id)
