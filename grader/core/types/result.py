"""What was found, and all that reports say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.core.types.notebook import ExecutedNotebook
from grader.core.types.values import Array, Outcome, Status, Value, Values, Visibility


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
    whose sentence is ``mistake``; None and "" where none was. ``told_by`` are the checks, by
    id, that name what may have done it. ``part`` is the title of its exercise, "" where that
    has none.
    """

    state: str
    unit: str
    V: Array
    found: Array
    explained: Array | None = None
    mistake: str = ""
    told_by: tuple[str, ...] = ()
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
    parts of it that are wrong, for which the teacher's shall stand in. Nor is ``stumbled``: points
    are lost, and something failed that may have failed for the machine's sake. ``follows``: where
    the run stopped is no cause, but the handout's own code, or a cell that still has a blank in it.
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
    stumbled: bool = False
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
