"""The gradebook's records of one student's work for one assignment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from grader.submission.intake.roster import Origin

Kind = Literal["mark", "excused", "due"]


class StudentKey(NamedTuple):
    """The key of a student: a number of a platform's.

    ``scope`` is the assignment where the number is of one assignment only, else "".
    """

    layout: str
    number: str
    scope: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Student:
    """A student in the gradebook; ``id`` is the gradebook's own, 0 before there is one."""

    key: StudentKey
    name: str
    id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One judgement of an attempt. ``checks`` are id and points of each.

    ``evidence`` is the digest of what it was judged by, ``seal`` that of the result itself.
    """

    at: str
    who: str
    why: str
    outcome: str
    status: str
    score: float | None
    max_score: float
    assignment_digest: str
    evidence: str
    seal: str
    checks: tuple[Mapping[str, Any], ...] = ()
    id: int = 0

    @property
    def verdict(self) -> tuple[object, ...]:
        """The parts of a mark; the same for two judgements that say the same."""
        points = tuple((check["id"], check["points"]) for check in self.checks)
        return self.outcome, self.score, self.max_score, points


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One content that was handed in. Its results stand in the order in which they came."""

    sha256: str
    submission: str
    """The id that ``grader grade`` gave it."""
    file: str
    origin: Origin
    at: str
    first_submitted: datetime | None = None
    """The first time that it was handed in, where that is known."""
    last_submitted: datetime | None = None
    is_corrected: bool = False
    """True if a teacher corrected these times."""
    results: tuple[Result, ...] = ()
    id: int = 0

    @property
    def result(self) -> Result | None:
        """The judgement that counts: the last one."""
        return self.results[-1] if self.results else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """A person's decision; ``value`` is a mark, a time (ISO 8601), "yes", or None to undo it."""

    kind: Kind
    value: str | None
    at: str
    who: str
    why: str
    id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """A change of when an ``attempt`` was handed in, or of what an assignment's marks go by.

    ``before`` and ``after`` are what differs, by names that may have dots.
    """

    attempt: int | None
    at: str
    who: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class StudentRecord:
    """One student's work for one assignment: attempts and overrides, each in its order."""

    student: Student
    attempts: tuple[Attempt, ...] = ()
    overrides: tuple[Override, ...] = ()

    def override(self, kind: Kind) -> Override | None:
        """Return the last decision of a kind, unless it was undone."""
        last = next((one for one in reversed(self.overrides) if one.kind == kind), None)
        return last if last is not None and last.value is not None else None

    @property
    def submission(self) -> str:
        """The name that teachers know: the id in the output folder, else the student's name."""
        if self.attempts:
            return self.attempts[-1].submission
        return self.student.name or self.student.key.number
