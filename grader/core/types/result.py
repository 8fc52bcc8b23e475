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
    """The message that says it."""
    values: Values = field(default_factory=dict)
    """The values that the message names."""
    detail: str = ""
    """Further lines, for whoever wants to know more."""
    expected: Value = None
    """The right value, where one was compared."""
    found: Value = None
    """The student's value, where one was compared."""
    cell: int | None = None
    """The place of the cell that it is about, from 0."""
    line: int | None = None
    """The line within that cell, from 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """A finding with its points and its sentences."""

    id: str
    """The check's id in the rubric."""
    family: str
    """The family whose points are summed on the page."""
    visibility: Visibility
    """Hidden checks are not named to students."""
    status: Status
    """The verdict."""
    points: float
    """The points that it brought."""
    max_points: float
    """The points that it is worth."""
    message_id: str
    """The message that says it."""
    message: str
    """The sentence for the student."""
    detail: str = ""
    """Further lines, for whoever wants to know more."""
    expected: Value = None
    """The right value, where one was compared."""
    found: Value = None
    """The student's value, where one was compared."""
    cell: int | None = None
    """The place of the cell that it is about, from 0."""
    line: int | None = None
    """The line within that cell, from 1."""
    title: str = ""
    """The check's title in the report's language."""
    part: str = ""
    """The title of its exercise, where that has one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """One row of plots: the student's trace over the reference."""

    label: str
    """The state that it shows."""
    unit: str
    """The unit of both traces."""
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
    """The message that says it."""
    state: str
    """"V" or a gate's name."""
    message: str
    """The sentence."""


@dataclass(frozen=True, slots=True)
class CheckChange:
    """A check that got other points than the time before."""

    id: str
    """The check's id."""
    title: str
    """The check's title."""
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
    """The reason, in words."""
    old: float | None
    """The mark before; None where it was not graded."""
    new: float | None
    """The mark now; None where it is not graded."""
    old_max: float
    """The points that could be had before."""
    new_max: float
    """The points that can be had now."""
    checks: tuple[CheckChange, ...]
    """The checks that got other points."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GradeReport:
    """Everything that a report of one submission says."""

    assignment: str
    """The assignment's id."""
    assignment_title: str
    """The assignment's title in the report's language."""
    assignment_digest: str
    """The digest of all files of the assignment."""
    submission_id: str
    """The name of the submission's folder."""
    file: str
    """The name of the file that was handed in."""
    sha256: str
    """The digest of that file's bytes."""
    outcome: Outcome
    """"not_graded" where a fault of ours kept it from a mark."""
    score: float | None
    """The mark; None where it was not graded."""
    max_score: float
    """The points that can be had."""
    checks: tuple[CheckResult, ...]
    """The results of all checks, in the rubric's order."""
    run: ExecutedNotebook
    """The run of the notebook."""
    notes: tuple[str, ...] = ()
    """Remarks for everyone."""
    teacher_notes: tuple[str, ...] = ()
    """Remarks for teachers alone."""
    curves: tuple[Curve, ...] = ()
    """The plots of traces."""
    residuals: tuple[Residual, ...] = ()
    """The plots of derivatives that are wrong."""
    diagnoses: tuple[Diagnosis, ...] = ()
    """Likely mistakes."""
    error_is_consequence: bool = False
    """True if the run stopped at code that is no cause: the handout's own, or a blank's cell."""
    error_source: str = ""
    """The source of the first cell that failed."""
    needs_look: tuple[str, ...] = ()
    """The reasons why a teacher should look at it, in sentences."""
    provenance: Mapping[str, Value] = field(default_factory=dict)
    """Versions, seed, sandbox and digests: what it takes to get the same again."""
    language: str = "en"
    """The language of its sentences."""
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
    """The assignment's id."""
    assignment_title: str
    """The assignment's title in the reports' language."""
    reports: tuple[GradeReport, ...]
    """The report of each submission."""
    seconds: float
    """The time of the whole batch."""
    language: str = "en"
    """The language of its sentences."""
