"""An assignment as data: what is asked, what is checked, for how many points.

``assignments/<id>/assignment.toml`` is what students may read: the released
notebook, the exercises, public stimuli and public checks. ``reference/<id>/
rubric.toml`` is what teachers know: hidden stimuli, hidden checks, points. Both
are read strictly: an unknown key is an error with the nearest known one named,
and all faults of a file are reported at once.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grader.stages import Visibility

NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, lt=1)]


class AssignmentError(Exception):
    """An assignment's files are wrong; the message names file and key, one fault a line."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Data):
    """The same words in both languages."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """The words in ``language``, "en" or "zh"."""
        return self.zh if language == "zh" else self.en


class Limits(_Data):
    """How much a submission may take: seconds of wall time, MiB of memory and of output.

    Memory and output are limited in a box only.
    """

    cell_seconds: Positive = 60
    notebook_seconds: Positive = 240
    probe_seconds: Positive = 90
    memory_mb: Annotated[int, Field(ge=256)] = 2048
    output_mb: Annotated[int, Field(ge=1)] = 64


class Mistake(_Data):
    """A wrong value with a known cause; ``message`` is the id of a sentence about it."""

    value: float
    message: str


class Parameter(_Data):
    """A parameter of a channel: what the handout asks for."""

    value: float
    unit: str = ""
    tolerance: Positive = 1e-6  # relative
    mistakes: tuple[Mistake, ...] = ()


class Gate(_Data):
    """A gate of a channel: a state between 0 and 1, and other names it goes by."""

    aliases: tuple[str, ...] = ()


class Channel(_Data):
    """An ion channel that the exercise asks for, at the attribute ``name``."""

    name: str
    master_types: tuple[str, ...] = ("HHTypedNeuron",)
    parameters: dict[str, Parameter] = {}
    gates: dict[str, Gate] = {}


class Exercise(_Data):
    """One exercise: a class that the student completes by filling its blanks."""

    id: str
    tag: str  # of its cell in the released notebook
    class_name: str
    base: str
    related_bases: tuple[str, ...] = ()  # not what was asked, but close to it
    channels: tuple[Channel, ...] = ()
    spike_threshold: float = 0.0  # mV; a spike is an upward crossing
    field_tolerance: Positive = 1e-6  # relative, see ``grader.measures.relative_error``
    field_tolerance_float32: Positive = 5e-6
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


class Stimulus(_Data):
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


class Simulation(_Data):
    """How the stimuli are run.

    No run starts and no state is drawn at a V of ``avoid_V`` (mV), where rates as
    printed are 0/0.
    """

    dt: Positive = 0.1
    duration: Positive = 200.0
    avoid_V: tuple[float, ...] = ()


class FieldDraw(_Data):
    """Where the vector field is sampled: ``count`` states, V and current in these ranges."""

    count: Annotated[int, Field(ge=1, le=4096)] = 64
    V: tuple[float, float] = (-90.0, 45.0)
    current: tuple[float, float] = (-5.0, 25.0)


class Tier(_Data):
    """A partial credit: at or within ``within``, the share ``credit`` of the points."""

    within: Positive
    credit: Share


class Check(_Data):
    """One check. ``kind`` names a function of ``grader.check``; the rest are its options."""

    id: str
    kind: str
    family: str
    exercise: str = ""
    channel: str = ""
    parameter: str = ""
    variable: str = ""
    stimuli: Literal["public", "hidden"] = "public"
    until: Positive | None = None  # ms; the whole run when left out
    tolerance: Positive | None = None
    tolerance_float32: Positive | None = None
    at_least: Annotated[int, Field(ge=1)] = 1
    partial: tuple[Tier, ...] = ()
    partial_credit: Share | None = None


class Answer(_Data):
    """How the handout's own answer is told from a student's."""

    headings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # sha256 of its cells' normalised sources


class Variant(_Data):
    """An accepted model: constants of the reference, and a note that names it when found."""

    id: str
    constants: dict[str, float] = {}
    note: str = ""  # message id, shown when this variant is not the first


class _Public(_Data):
    schema_version: Literal[1]
    id: str
    title: Text
    notebook: str
    limits: Limits = Limits()
    answer: Answer = Answer()
    simulation: Simulation = Simulation()
    exercises: tuple[Exercise, ...]
    variants: tuple[Variant, ...] = (Variant(id="given"),)
    stimuli: tuple[Stimulus, ...] = ()
    checks: tuple[Check, ...]


class _Hidden(_Data):
    schema_version: Literal[1]
    reference: str  # the module with the reference model, beside rubric.toml
    solution: str  # the teacher's notebook
    families: dict[str, Positive]
    points: dict[str, NonNegative]
    field: FieldDraw = FieldDraw()
    stimuli: tuple[Stimulus, ...] = ()
    checks: tuple[Check, ...] = ()


class Rubric(_Data):
    """The teacher's side of an assignment."""

    folder: Path
    reference: Path
    solution: Path
    families: dict[str, float]
    points: dict[str, float]
    field: FieldDraw
    stimuli: tuple[Stimulus, ...]
    checks: tuple[Check, ...]


class Assignment(_Data):
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
    rubric: Rubric | None = None

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every check at hand, the public ones first."""
        return self.public_checks + (self.rubric.checks if self.rubric else ())

    def points(self, check: Check) -> float:
        """What a check is worth; without a rubric each public check counts one."""
        return self.rubric.points[check.id] if self.rubric else 1.0

    def visibility(self, check: Check) -> Visibility:
        """Whether students may see this check."""
        return "public" if check in self.public_checks else "hidden"

    def exercise(self, id: str) -> Exercise:
        """The exercise ``id``; ``KeyError`` when there is none."""
        for exercise in self.exercises:
            if exercise.id == id:
                return exercise
        raise KeyError(id)


def load_assignment(folder: Path, teachers: Path | None = None) -> Assignment:
    """Read an assignment from its folder and, where given, its teachers' folder.

    Raises ``AssignmentError`` with every fault found.
    """
    public = _read(folder / "assignment.toml", _Public)
    rubric: Rubric | None = None
    if teachers is not None:
        hidden = _read(teachers / "rubric.toml", _Hidden)
        rubric = Rubric(
            folder=teachers,
            reference=teachers / hidden.reference,
            solution=teachers / hidden.solution,
            families=hidden.families,
            points=hidden.points,
            field=hidden.field,
            stimuli=hidden.stimuli,
            checks=hidden.checks,
        )
    assignment = Assignment(
        id=public.id,
        title=public.title,
        folder=folder,
        notebook=folder / public.notebook,
        digest=_digest(folder, teachers),
        limits=public.limits,
        answer=public.answer,
        simulation=public.simulation,
        exercises=public.exercises,
        variants=public.variants,
        stimuli=public.stimuli,
        public_checks=public.checks,
        rubric=rubric,
    )
    _verify(assignment)
    return assignment


_Model = TypeVar("_Model", _Public, _Hidden)


def _read(file: Path, model: type[_Model]) -> _Model:
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise AssignmentError(f"{file}: there is no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AssignmentError(f"{file}: not readable as TOML: {error}") from None
    try:
        return model.model_validate(table)
    except ValidationError as error:
        known = _known_keys(model)
        lines = [_fault(file, dict(fault), known) for fault in error.errors()]
        raise AssignmentError("\n".join(lines)) from None


_TABLES: dict[str, type[BaseModel]] = {
    "limits": Limits,
    "answer": Answer,
    "simulation": Simulation,
    "exercises": Exercise,
    "channels": Channel,
    "parameters": Parameter,
    "gates": Gate,
    "mistakes": Mistake,
    "stimuli": Stimulus,
    "checks": Check,
    "field": FieldDraw,
    "variants": Variant,
    "partial": Tier,
    "title": Text,
}


def _known_keys(model: type[BaseModel]) -> dict[str, list[str]]:
    """The keys that each table may hold, under the table's last name in a path."""
    keys = {name: list(table.model_fields) for name, table in _TABLES.items()}
    return keys | {"": list(model.model_fields)}


def _fault(file: Path, fault: dict[str, object], known: dict[str, list[str]]) -> str:
    location = fault["loc"]
    assert isinstance(location, tuple)
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    if fault["type"] == "extra_forbidden":
        key = str(location[-1])
        tables = [step for step in location[:-1] if isinstance(step, str) and step in known]
        near = difflib.get_close_matches(key, known[tables[-1] if tables else ""], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{file}: {path}: there is no such key{hint}"
    message = str(fault["msg"])
    got = fault.get("input")
    shown = "" if isinstance(got, (dict, list)) else f", got {got!r}"
    return f"{file}: {path}: {message[0].lower()}{message[1:]}{shown}"


def _verify(assignment: Assignment) -> None:
    """What no single key shows: names that must exist, points that must add up."""
    faults: list[str] = []
    ids = [check.id for check in assignment.checks]
    for repeated in sorted({id for id in ids if ids.count(id) > 1}):
        faults.append(f"{assignment.folder}: two checks are called {repeated!r}")
    stimuli = assignment.stimuli + (assignment.rubric.stimuli if assignment.rubric else ())
    names = [stimulus.name for stimulus in stimuli]  # they key the draw
    for repeated in sorted({name for name in names if names.count(name) > 1}):
        faults.append(f"{assignment.folder}: two stimuli are called {repeated!r}")
    exercises = {exercise.id: exercise for exercise in assignment.exercises}
    for check in assignment.checks:
        if check.exercise not in exercises:
            faults.append(f"check {check.id}: there is no exercise {check.exercise!r}")
            continue
        channels = {channel.name for channel in exercises[check.exercise].channels}
        if check.channel and check.channel not in channels:
            faults.append(f"check {check.id}: there is no channel {check.channel!r}")
        elif check.parameter and check.parameter not in (
            exercises[check.exercise].channel(check.channel).parameters
        ):
            faults.append(f"check {check.id}: {check.channel} has no {check.parameter!r}")
    if rubric := assignment.rubric:
        for missing in sorted(set(ids) - set(rubric.points)):
            faults.append(f"{rubric.folder}/rubric.toml: points: none for check {missing!r}")
        for unknown in sorted(set(rubric.points) - set(ids)):
            near = difflib.get_close_matches(unknown, ids, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            faults.append(f"{rubric.folder}/rubric.toml: points: no check {unknown!r}{hint}")
        for family, total in rubric.families.items():
            members = [check.id for check in assignment.checks if check.family == family]
            has = sum(rubric.points.get(id, 0.0) for id in members)
            if abs(has - total) > 1e-9:
                faults.append(
                    f"{rubric.folder}/rubric.toml: family {family}: its checks have {has:g} "
                    f"points, {total:g} were asked for"
                )
        for family in sorted({c.family for c in assignment.checks} - set(rubric.families)):
            faults.append(f"{rubric.folder}/rubric.toml: families: {family!r} is missing")
    if faults:
        raise AssignmentError("\n".join(faults))


def _digest(*folders: Path | None) -> str:
    """One digest of all data that a mark depends on."""
    digest = hashlib.sha256()
    for folder in folders:
        if folder is None:
            continue
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
