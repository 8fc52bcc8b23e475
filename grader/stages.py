"""The frozen values that pass between the stages of grading.

    read    -> Submission
    run     -> ExecutedNotebook
    probe   -> ModelProbe, Answers
    check   -> Evidence (all of the above) in, Finding out
    report  -> GradeReport, BatchSummary

Arrays are NumPy arrays of float64. Time runs along the first axis and stimuli
along the second: a trace is ``(T, N)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import PlainSerializer, PlainValidator, SerializationInfo, ValidationInfo


def _store(array: npt.NDArray[np.float64], info: SerializationInfo) -> dict[str, str]:
    """Put an array aside while a value is made plain; see ``grader.evidence``."""
    arrays: dict[str, Any] = info.context["arrays"]  # type: ignore[index]
    name = f"a{len(arrays)}"
    arrays[name] = array
    return {"array": name}


def _fetch(plain: Any, info: ValidationInfo) -> npt.NDArray[np.float64]:
    """The array that was put aside. Raises ``ValueError`` when there is none."""
    arrays = (info.context or {}).get("arrays", {})
    name = plain.get("array") if isinstance(plain, dict) else None
    if name not in arrays:
        raise ValueError("there is no such array")
    return np.asarray(arrays[name], np.float64)


Array = Annotated[npt.NDArray[np.float64], PlainValidator(_fetch), PlainSerializer(_store)]

Status = Literal["pass", "partial", "fail", "skipped", "error"]
Outcome = Literal["graded", "not_graded"]
RunStatus = Literal["ok", "cell_error", "timeout", "memory", "kernel_died", "unreadable"]
CellStatus = Literal["ok", "error", "timeout", "died", "not_run"]
Visibility = Literal["public", "hidden"]
Precision = Literal["float64", "float32"]
Value = str | int | float | bool | None
Values = Mapping[str, Value]

CUT = ("timeout", "memory", "kernel_died")
"""Statuses of runs that did not come to their own end."""

FINER = (2, 4)
"""Into how many shorter steps one is divided, to see where a model goes as dt goes to 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A remark about a submission: a message of the catalogue and what it speaks of.

    ``for_student`` is False for what only a teacher should read.
    """

    message_id: str
    values: Values = field(default_factory=dict)
    for_student: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell of a submission, cleaned: stored outputs are gone, ids are unique."""

    index: int
    kind: Literal["code", "markdown", "raw"]
    source: str
    id: str
    tags: tuple[str, ...] = ()
    executed: int | None = None  # the execution count that the file carried
    heading: str = ""  # the last Markdown heading above


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """A notebook as read. ``fault`` is set, and ``cells`` empty, when it can't be read."""

    file: str
    sha256: str
    cells: tuple[Cell, ...] = ()
    language: str = "python"
    assignment: str | None = None  # as named in the notebook's own metadata
    spoken: str | None = None  # the language for its reader, as named there
    notes: tuple[Note, ...] = ()
    fault: Note | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Blank:
    """One blank of an exercise, as the source shows it."""

    name: str
    filled: bool
    line: int | None = None  # within its cell, counted from 1


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedCell:
    """The cell taken for an exercise, and why. ``index`` is None when none was found."""

    exercise: str
    index: int | None
    class_name: str = ""
    found_by: Literal["tag", "source", "class", "elsewhere", "none"] = "none"
    blanks: tuple[Blank, ...] = ()
    set_aside: tuple[int, ...] = ()  # cells that define the class but don't count
    ignored: tuple[int, ...] = ()  # those of them that are the handout's answer, or look so

    @property
    def filled(self) -> int:
        """How many of the blanks are filled."""
        return sum(blank.filled for blank in self.blanks)


@dataclass(frozen=True, kw_only=True, slots=True)
class CellRun:
    """What became of one code cell."""

    index: int
    status: CellStatus
    seconds: float = 0.0
    error_name: str = ""
    error_text: str = ""
    traceback: str = ""
    line: int | None = None  # within the cell, counted from 1
    figures: int = 0
    excused: str = ""  # the id of a message: the failure is the machine's, not the work's


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A picture that the notebook showed or saved.

    Only bitmaps carry ``data``; of a vector picture it is only known that it is there.
    """

    cell: int | None
    name: str  # the file's name when it was saved, else ""
    mime: Literal["image/png", "image/jpeg", ""]
    data: str  # base64


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutedNotebook:
    """The run of a notebook. ``notebook`` is nbformat 4 JSON with its outputs."""

    status: RunStatus
    cells: tuple[CellRun, ...] = ()
    failed_cell: int | None = None
    error: str = ""
    seconds: float = 0.0
    figures: tuple[Figure, ...] = ()
    notebook: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelProbe:
    """What hangs at one attribute or child name of a model.

    ``kind`` is "channel" for an ion channel or an ion of BrainPy, "blank" for ``...``,
    ``None`` or nothing at all, "other" for the rest. ``measured`` holds E and
    g_max read off the current with every gate open.
    """

    name: str
    kind: Literal["channel", "blank", "other"]
    type_name: str = ""
    from_notebook: bool = False
    lineage: tuple[str, ...] = ()
    master_types: tuple[str, ...] = ()
    parameters: Mapping[str, float | None] = field(default_factory=dict)
    measured: Mapping[str, float | None] = field(default_factory=dict)
    states: tuple[str, ...] = ()
    integrated: bool = False
    integrators: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """An exception that the student's model raised while it was probed."""

    stage: str
    error_name: str
    error_text: str
    traceback: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelProbe:
    """The structure of an exercise's model, from a new instance of its class."""

    found: bool
    class_name: str = ""
    lineage: tuple[str, ...] = ()  # names of the bases, nearest first
    channels: tuple[ChannelProbe, ...] = ()
    integrator: str = ""
    states: tuple[str, ...] = ()  # those asked for of the model itself, as far as it has them
    parameters: Mapping[str, float | None] = field(default_factory=dict)  # of the model itself
    population: int = 0  # how many neurons it was made of; 0 when it could not be made
    faults: tuple[Fault, ...] = ()

    def channel(self, name: str) -> ChannelProbe | None:
        """The channel at ``name``, or None."""
        return next((c for c in self.channels if c.name == name), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What a runner recorded under one name: how many rows, whether all of them are numbers.

    ``last`` is its last row, ``(N,)``, and ``state`` what the state that it is named for was
    once the run had ended, ``(N,)``.
    """

    rows: int
    finite: bool
    last: Array
    state: Array


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What a model answered to stimuli drawn after its cell had run.

    ``traces`` maps "V" and every state ("K.n") to a ``(T, N)`` trace, in mV or
    as a fraction. ``field_states`` and ``field`` map the same names (and "I",
    the stimulus) to ``(K,)`` arrays: drawn states and their time derivatives
    per ms. ``map_states`` are further drawn states, ``(M,)``, and ``maps`` the states
    after each of ``map_steps`` steps from them, ``(S, M)``. ``finer`` are runs from V0
    under the stimuli from step ``finer_from`` on, ``(D, T, N)``: every step made of so many
    shorter ones, as `FINER` says.
    ``start`` gives the least and the greatest
    value of each state right after ``reset()``, over ``resets`` draws of it.
    """

    traces: Mapping[str, Array] = field(default_factory=dict)
    start: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    resets: int = 0
    map_states: Mapping[str, Array] = field(default_factory=dict)
    map_steps: tuple[int, ...] = ()
    maps: Mapping[str, Array] = field(default_factory=dict)
    finer: Mapping[str, Array] = field(default_factory=dict)
    finer_from: int = 0
    records: Mapping[str, Record] = field(default_factory=dict)  # of a run, by their names
    field_states: Mapping[str, Array] = field(default_factory=dict)
    field: Mapping[str, Array] = field(default_factory=dict)
    precision: Precision = "float64"
    one_by_one: bool = False  # it works for one neuron only
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """Stimuli of one run: ``current`` is ``(T, N)`` in uA/cm2, ``V0`` is ``(N,)`` in mV."""

    names: tuple[str, ...]
    dt: float
    current: Array
    V0: Array
    public: int  # the first ``public`` stimuli are the handout's own

    @property
    def time(self) -> Array:
        """Time in ms at which the state after each step stands, ``(T,)``."""
        return np.asarray(self.dt * (1 + np.arange(self.current.shape[0])))


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """All that one model is asked. States are ``(K,)``, under "V", "I" and the states' names."""

    panel: Panel
    field_states: Mapping[str, Array]  # where the vector field is sampled
    map_states: Mapping[str, Array]  # from where steps are made
    map_steps: tuple[int, ...]  # after how many of them the states are asked for
    finer_steps: int  # how many of the panel's are made in shorter ones, from V0 as well,
    finer_from: int = 0  # and the first of them


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedMistake:
    """The one likely mistake that explains the derivative of ``state``, "V" or a gate "K.n".

    ``asked`` is that derivative of the right model and ``given`` that of the model with the
    mistake, ``(K,)`` each at the drawn states, in mV/ms or 1/ms. ``input`` is set where the
    mistake is no likely one of the reference's, but an injected current so many times as strong.
    """

    name: str
    state: str
    asked: Array
    given: Array
    input: float | None = None

    @property
    def message(self) -> str:
        """The name of its sentence: names that differ after a colon share one."""
        return self.name.partition(":")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """The reference's answer to the same panel and the same drawn states.

    ``variant`` names which of the accepted models it is; ``gates`` maps a gate
    of the assignment ("K.n") to the student's state that plays it. ``fitted`` maps a
    parameter ("K.E") to the value that the student's answers obey, where they tell one.
    ``rounded`` are its traces, ``(R, T, N)``, where single precision makes the steps as it does
    in the student's model, from V0 and a rounding beside it; empty in double precision.
    ``mistakes`` has, for each derivative that is wrong, the likely mistake that alone gives
    what was answered.
    """

    variant: str
    traces: Mapping[str, Array]
    maps: Mapping[str, Array] = field(default_factory=dict)
    finer: Mapping[str, Array] = field(default_factory=dict)
    rounded: Mapping[str, Array] = field(default_factory=dict)
    field: Mapping[str, Array]
    gates: Mapping[str, str]
    fitted: Mapping[str, float]
    mistakes: tuple[NamedMistake, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One exercise of one submission: the cell taken, the model, its answers."""

    cell: GradedCell
    probe: ModelProbe
    answers: Answers
    panel: Panel | None = None
    reference: Reference | None = None
    by_source: bool = False  # asked where nothing of the notebook ran but its definitions
    asked_with: tuple[str, ...] = ()  # parts that the teacher's were there for, asked once more
    stood_in: tuple[str, ...] = ()  # the same, where it is what they gave that is judged


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """The sole input of a check."""

    submission: Submission
    executed: ExecutedNotebook
    attempts: Mapping[str, Attempt]
    versions: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    sandbox: str = "none"
    repeated: bool = False  # this run is the second, alone, of one that was cut
    broken: str = ""  # our own fault, in words for the teacher; "" when none


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a check found: a share of its points between 0 and 1, and why.

    ``credit`` None means that the check could not be made ("skipped").
    """

    credit: float | None
    message_id: str
    values: Values = field(default_factory=dict)
    detail: str = ""
    expected: Value = None
    found: Value = None
    cell: int | None = None
    line: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """A finding with its points and its words."""

    id: str
    family: str
    visibility: Visibility
    status: Status
    points: float
    max_points: float
    message_id: str
    message: str
    detail: str = ""
    expected: Value = None
    found: Value = None
    cell: int | None = None
    line: int | None = None
    title: str = ""
    part: str = ""  # the title of its exercise, "" where that has none


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """One row of plots: the student's trace over the reference, time in ms."""

    label: str
    unit: str
    time: Array
    reference: Array
    student: Array | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Residual:
    """How far the derivative of ``state`` ("V", "n") is from the asked one at K drawn states.

    ``found`` is the student's minus the asked one, ``(K,)`` in ``unit`` (mV/ms or 1/ms), over
    ``V``, ``(K,)`` in mV. ``explained`` is what it would be with the mistake that was named,
    whose sentence is ``mistake``; None and "" where none was. ``part`` is the title of its
    exercise, "" where that has none.
    """

    state: str
    unit: str
    V: Array
    found: Array
    explained: Array | None = None
    mistake: str = ""
    part: str = ""
    cell: int | None = None  # the graded one


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """A likely mistake named in the equation of ``state``, with the sentence said of it."""

    message_id: str
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A check that got other points than the time before, and what it says now."""

    id: str
    title: str
    old: float | None  # points; None where there was no such check
    new: float | None
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A mark that became another one: when, out of which reason, through which checks.

    ``when`` is a time as ISO 8601 writes it, in UTC; a mark is None where it was not graded.
    """

    when: str
    why: str
    old: float | None
    new: float | None
    old_max: float
    new_max: float
    checks: tuple[Changed, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GradeReport:
    """Everything that a report of one submission says.

    ``stands_in`` is nothing to be read: an exercise that is still to be asked again, and the
    parts of it that are wrong, for which the teacher's shall stand in. ``follows``: where the run
    stopped is no cause, but the handout's own code, or a cell that still has a blank in it.
    """

    assignment: str
    assignment_title: str
    assignment_digest: str
    submission_id: str
    file: str
    sha256: str
    outcome: Outcome
    score: float | None
    max_score: float
    checks: tuple[CheckResult, ...]
    run: ExecutedNotebook
    notes: tuple[str, ...] = ()  # for everyone
    teacher_notes: tuple[str, ...] = ()
    curves: tuple[Curve, ...] = ()
    residuals: tuple[Residual, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    follows: bool = False
    error_source: str = ""  # the source of the first cell that failed
    needs_look: tuple[str, ...] = ()  # why a teacher should look at it, in words
    provenance: Mapping[str, Value] = field(default_factory=dict)
    language: str = "en"
    stands_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    assignment_files: Mapping[str, str] = field(default_factory=dict)  # a digest of each
    changes: tuple[Change, ...] = ()  # of the mark, the latest last
    public_only: bool = False  # a student's own check: no marks, and no further stimuli


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchSummary:
    """A graded batch, in the order of its submissions."""

    assignment: str
    assignment_title: str
    reports: tuple[GradeReport, ...]
    seconds: float
    language: str = "en"
