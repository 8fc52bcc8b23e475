"""The mark that counts, and why: attempts, lateness and overrides, with nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grader.assignment.deadline import SubmissionRules
from grader.gradebook.records import Attempt, Override, StudentRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectiveMark:
    """A student's mark in one assignment, and how it comes about.

    ``score`` is None where there is no mark: nothing that counts was graded, or the student is
    excused.
    """

    score: float | None
    max_score: float
    attempt: Attempt | None = None
    raw_score: float | None = None
    """The mark without an override, and without what lateness costs."""
    computed_score: float | None = None
    """The mark without an override."""
    days_late: int | None = 0
    """None where a platform says late and nobody by how much: that costs nothing."""
    override: Override | None = None
    excused: bool = False
    ungraded: int = 0  # attempts that could not be graded for a fault of ours

    @property
    def late_penalty(self) -> float:
        """The points that lateness cost."""
        return (
            0.0
            if self.raw_score is None or self.computed_score is None
            else self.raw_score - self.computed_score
        )


def effective_mark(record: StudentRecord, rules: SubmissionRules, most: float) -> EffectiveMark:
    """Work out the mark of ``record`` by ``rules``, of ``most`` points where none was graded."""
    due = record.override("due")
    until = None if due is None or due.value is None else datetime.fromisoformat(due.value)
    found = [_attempt_mark(attempt, rules, until) for attempt in _ordered_attempts(record.attempts)]
    graded = [one for one in found if one.computed_score is not None]
    if rules.counts == "best" and graded:
        counted = max(graded, key=lambda one: (one.computed_score or 0.0) / (one.max_score or 1.0))
    else:
        counted = found[-1] if found else EffectiveMark(score=None, max_score=most)
    mark = record.override("mark")
    excused = record.override("excused") is not None
    score = counted.computed_score
    if mark is not None and mark.value is not None:
        score = float(mark.value)
    return EffectiveMark(
        score=None if excused else score,
        max_score=counted.max_score,
        attempt=counted.attempt,
        raw_score=counted.raw_score,
        computed_score=counted.computed_score,
        days_late=counted.days_late,
        override=record.override("excused") or mark,
        excused=excused,
        ungraded=len(found) - len(graded),
    )


def _attempt_mark(
    attempt: Attempt, rules: SubmissionRules, until: datetime | None
) -> EffectiveMark:
    """One attempt as if it were the only one."""
    result = attempt.result
    days = _days_late(attempt, rules, until)
    if result is None:
        return EffectiveMark(score=None, max_score=0.0, attempt=attempt, days_late=days)
    left = None
    if result.score is not None:
        left = rules.late.mark(result.score, result.max_score, days or 0)
    return EffectiveMark(
        score=left,
        max_score=result.max_score,
        attempt=attempt,
        raw_score=result.score,
        computed_score=left,
        days_late=days,
    )


def _days_late(attempt: Attempt, rules: SubmissionRules, until: datetime | None) -> int | None:
    """By its first handing in; the same content handed in again later is no later."""
    due = until or rules.due
    if due is None or attempt.first_submitted is None:
        return None if attempt.origin.late else 0
    return rules.days_late(attempt.first_submitted, due)


def _ordered_attempts(attempts: tuple[Attempt, ...]) -> list[Attempt]:
    """By when they were handed in, else by the platform's number, else as they came."""
    times = [attempt.last_submitted for attempt in attempts if attempt.last_submitted is not None]
    if len(times) == len(attempts):
        return [a for _, _, a in sorted(zip(times, range(len(times)), attempts, strict=True))]
    numbers = [a.origin.attempt for a in attempts if a.origin.attempt is not None]
    if len(numbers) == len(attempts):
        return [a for _, _, a in sorted(zip(numbers, range(len(numbers)), attempts, strict=True))]
    return list(attempts)
