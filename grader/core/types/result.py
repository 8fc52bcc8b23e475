"""Findings, and all that reports say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.core.types.notebook import ExecutedNotebook
from grader.core.types.values import Array, Outcome, Status, Value, Values, Visibility


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """The finding of one check."""

    credit: float | None
    """The share of the points, 0 to 1; None where the check could not be made ("skipped")."""
    message_id: str
    values: Values = field(default_factory=dict)
    """The values that the message names."""
    detail: str = ""
    expected: Value = None
    found: Value = None
    cell: int | None = None
    line: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """A finding with its points and its sentences."""

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
    part: str = ""
    """The title of its exercise, where that has one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """One row of plots: the student's trace over the reference."""

    label: str
    unit: str
    time: Array
    """``(T,)`` in ms."""
    reference: Array
    """``(T,)`` in ``unit``."""
    student: Array | None
    """``(T,)`` in ``unit``; None where the model has no such state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Residual:
    """The distance of one derivative from the right one at K drawn states."""

    state: str
    """"V" or a gate's name."""
    unit: str
    """mV/ms or 1/ms."""
    V: Array
    """The membrane potential of the drawn states, ``(K,)`` in mV."""
    difference: Array
    """The student's derivative minus the right one, ``(K,)`` in ``unit``."""
    explained: Array | None = None
    """The difference that the named mistake would make, ``(K,)``; None where none was named."""
    mistake: str = ""
    """The sentence of that mistake."""
    explained_by: tuple[str, ...] = ()
    """The ids of checks that name what may have done it."""
    part: str = ""
    """The title of its exercise, where that has one."""
    cell: int | None = None
    """The graded cell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """A likely mistake named in the equation of ``state``, with the sentence said of it."""

    message_id: str
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckChange:
    """A check that got other points than the time before."""

    id: str
    title: str
    old: float | None
    """Its points before; None where there was no such check."""
    new: float | None
    """Its points now; None where there is no such check any more."""
    message: str
    """The check's sentence now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreChange:
    """A mark that became another one."""

    when: str
    """The time in UTC, as ISO 8601 writes it."""
    why: str
    old: float | None
    """The mark before; None where it was not graded."""
    new: float | None
    old_max: float
    new_max: float
    checks: tuple[CheckChange, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GradeReport:
    """Everything that a report of one submission says."""

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
    notes: tuple[str, ...] = ()
    """Remarks for everyone."""
    teacher_notes: tuple[str, ...] = ()
    curves: tuple[Curve, ...] = ()
    residuals: tuple[Residual, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    error_is_consequence: bool = False
    """True if the run stopped at code that is no cause: the handout's own, or a blank's cell."""
    error_source: str = ""
    """The source of the first cell that failed."""
    needs_look: tuple[str, ...] = ()
    """The reasons why a teacher should look at it, in sentences."""
    provenance: Mapping[str, Value] = field(default_factory=dict)
    language: str = "en"
    parts_to_substitute: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """No text: wrong parts of an exercise that is still to be asked with the teacher's instead."""
    had_failure: bool = False
    """No text: points are lost, and something failed that the machine may have caused."""
    assignment_files: Mapping[str, str] = field(default_factory=dict)
    """A digest of each file of the assignment."""
    changes: tuple[ScoreChange, ...] = ()
    """The changes of the mark, the latest last."""
    public_only: bool = False
    """True if it is a student's own check: no marks, and no further stimuli."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchSummary:
    """A graded batch, in the order of its submissions."""

    assignment: str
    assignment_title: str
    reports: tuple[GradeReport, ...]
    seconds: float
    language: str = "en"
