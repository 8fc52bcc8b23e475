"""Results into a gradebook: what would change there, and doing so.

New attempts are added at once. A mark that is there becomes another one only by grading again
(``regrade``), which shows what would change before it is done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from grader.assignment.deadline import ANY_TIME, SubmissionRules
from grader.core.types import CheckChange, ScoreChange
from grader.gradebook import tables
from grader.gradebook.effective_mark import EffectiveMark, effective_mark
from grader.gradebook.read_results import GradedFolder, IncomingResult
from grader.gradebook.records import Attempt, Override, Result, Student, StudentKey, StudentRecord
from grader.gradebook.tables import AssignmentRow
from grader.report.batch.changes import score_change, utc_now

_Records = Mapping[StudentKey, StudentRecord]


@dataclass(frozen=True, slots=True)
class OverriddenChange:
    """An override that stands although what was computed changes beneath it, and of how much."""

    submission: str
    override: Override
    old: float | None
    new: float | None
    old_max: float
    new_max: float


@dataclass(frozen=True, slots=True)
class Update:
    """The changes that the results of one output folder make to a gradebook.

    New attempts and judgements that say the same are written at once; the others wait for
    grading again.
    """

    assignment: AssignmentRow
    before: AssignmentRow | None
    """The assignment as the gradebook had it."""
    new_attempts: tuple[IncomingResult, ...]
    unchanged_score: tuple[tuple[int, Result], ...]
    """Judgements that say the same, each with the number of its attempt."""
    regraded: tuple[tuple[int, Result], ...]
    new_times: tuple[Attempt, ...]
    score_changes: tuple[tuple[str, ScoreChange], ...]
    """The marks that grading again changes."""
    overridden: tuple[OverriddenChange, ...]
    """Marks that grading again would change, but for an override."""
    score_moved: tuple[tuple[str, EffectiveMark, EffectiveMark], ...]
    """Marks that a further attempt changes: before, and now."""
    same_count: int
    left_out: tuple[str, ...]

    @property
    def is_new(self) -> bool:
        """True while the gradebook has nothing of this assignment."""
        return self.before is None

    @property
    def rules_differ(self) -> bool:
        """True where the rules of handing in are others."""
        return self.before is not None and self.before.rules != self.assignment.rules

    @property
    def needs_regrade(self) -> bool:
        """True where there is something that only grading again does."""
        return bool(self.regraded or self.new_times or self.rules_differ)


def plan_update(
    connection: sqlite3.Connection,
    graded: GradedFolder,
    rules: SubmissionRules | None,
    why_rules: str,
) -> Update:
    """Work out what ``graded`` and the assignment's ``rules`` would change; nothing is written.

    Without ``rules`` those of the gradebook stay. ``why_rules`` is the reason of a mark that
    no judgement changes, but the rules or the time of handing in.
    """
    known = tables.assignments(connection).get(graded.assignment)
    old_rules = known.rules if known else rules or ANY_TIME
    rules = rules or old_rules
    most = graded.max_score or (known.max_score if known else 0.0)
    before = tables.records(connection, graded.assignment)
    piles = _Piles(dict(before), dict(before))
    each = _one_each(graded.results)
    for coming in each:
        piles.take(coming)
    changes, kept = _held_against(piles, graded, (old_rules, rules), most, why_rules)
    further = dict.fromkeys(one.key for one in piles.added if one.key in before)
    moved = [
        (
            piles.at_once[key].submission,
            effective_mark(before[key], old_rules, most),
            effective_mark(piles.at_once[key], old_rules, most),
        )
        for key in further
    ]
    return Update(
        assignment=AssignmentRow(
            id=graded.assignment, title=graded.title, max_score=most, rules=rules
        ),
        before=known,
        new_attempts=tuple(piles.added),
        unchanged_score=tuple(piles.quiet),
        regraded=tuple(piles.regraded),
        new_times=tuple(piles.times),
        score_changes=tuple(changes),
        overridden=tuple(kept),
        score_moved=tuple(one for one in moved if one[1].score != one[2].score),
        same_count=piles.same + len(graded.results) - len(each),
        left_out=graded.left_out,
    )


def apply_update(
    connection: sqlite3.Connection, update: Update, who: str, *, regrade: bool
) -> None:
    """Do it, for ``who``; without ``again`` only what is done at once."""
    if update.is_new or regrade:
        tables.put_assignment(connection, update.assignment, who)
    for coming in update.new_attempts:
        student = tables.put_student(connection, coming.key, coming.name)
        attempt = tables.put_attempt(connection, update.assignment.id, student, coming.attempt)
        tables.put_result(connection, attempt, coming.result)
    for id, result in (*update.unchanged_score, *(update.regraded if regrade else ())):
        tables.put_result(connection, id, result)
    for one in update.new_times if regrade else ():
        tables.put_times(connection, update.assignment.id, one, who)


@dataclass(slots=True)
class _Piles:
    """Results by what becomes of them.

    ``at_once`` is what the gradebook holds when that is done which doesn't wait, ``again``
    what it holds after grading again.
    """

    at_once: dict[StudentKey, StudentRecord]
    again: dict[StudentKey, StudentRecord]
    added: list[IncomingResult] = field(default_factory=list)
    quiet: list[tuple[int, Result]] = field(default_factory=list)
    regraded: list[tuple[int, Result]] = field(default_factory=list)
    times: list[Attempt] = field(default_factory=list)
    same: int = 0

    def take(self, coming: IncomingResult) -> None:
        """Put one where it belongs."""
        nobody = StudentRecord(student=Student(key=coming.key, name=coming.name))
        record = self.again.get(coming.key, nobody)
        known = next((a for a in record.attempts if a.sha256 == coming.attempt.sha256), None)
        if known is None:
            self.added.append(coming)
            attempt = replace(coming.attempt, results=(coming.result,))
            for held in (self.at_once, self.again):
                record = held.get(coming.key, nobody)
                held[coming.key] = replace(record, attempts=(*record.attempts, attempt))
            return
        told = coming.attempt
        new = _with_times(known, told)
        if told.is_corrected:  # a correction stands in the place of what stood there
            new = replace(
                known,
                first_submitted=told.first_submitted,
                last_submitted=told.last_submitted,
                is_corrected=True,
            )
        if new != known:
            self.times.append(new)
        last, result = known.result, coming.result
        if last is not None and last.verdict == result.verdict:
            self.same += 1
            if last.seal != result.seal:
                self.quiet.append((known.id, result))
        else:
            self.regraded.append((known.id, result))
            new = replace(new, results=(*new.results, result))
        attempts = tuple(new if a is known else a for a in record.attempts)
        self.again[coming.key] = replace(record, attempts=attempts)


def _one_each(coming: Sequence[IncomingResult]) -> list[IncomingResult]:
    """Join two of one content: the result that was graded, and both times."""
    found: dict[tuple[StudentKey, str], IncomingResult] = {}
    for one in coming:
        at = (one.key, one.attempt.sha256)
        first = found.setdefault(at, one)
        if first is not one:
            better = one if first.result.outcome == "not_graded" else first
            times = _with_times(
                *sorted((first.attempt, one.attempt), key=lambda a: not a.is_corrected)
            )
            attempt = replace(
                better.attempt,
                first_submitted=times.first_submitted,
                last_submitted=times.last_submitted,
                is_corrected=times.is_corrected,
            )
            found[at] = replace(better, attempt=attempt)
    return list(found.values())


def _with_times(known: Attempt, coming: Attempt) -> Attempt:
    """Keep the earliest and the latest time at which one content was handed in."""
    if known.is_corrected and not coming.is_corrected:
        return known
    firsts = [time for time in (known.first_submitted, coming.first_submitted) if time is not None]
    lasts = [time for time in (known.last_submitted, coming.last_submitted) if time is not None]
    return replace(
        known, first_submitted=min(firsts, default=None), last_submitted=max(lasts, default=None)
    )


def _held_against(
    piles: _Piles,
    graded: GradedFolder,
    rules: tuple[SubmissionRules, SubmissionRules],
    most: float,
    why: str,
) -> tuple[list[tuple[str, ScoreChange]], list[OverriddenChange]]:
    """List the marks that grading again changes, and the overrides that stand all the same."""
    judged = {one.key: one for one in graded.results}
    changes, kept = [], []
    for key, after in piles.again.items():
        before = piles.at_once[key]
        old, new = effective_mark(before, rules[0], most), effective_mark(after, rules[1], most)
        if (old.computed_score, old.max_score) == (new.computed_score, new.max_score):
            continue
        name = after.submission
        if new.override is not None:
            points = old.computed_score, new.computed_score, old.max_score, new.max_score
            kept.append(OverriddenChange(name, new.override, *points))
            continue
        reason, checks = _judged(before, judged.get(key))
        one = ScoreChange(
            when=utc_now(),
            why=reason or why,
            old=old.score,
            new=new.score,
            old_max=old.max_score,
            new_max=new.max_score,
            checks=checks,
        )
        changes.append((name, one))
    return changes, kept


def _judged(
    before: StudentRecord, coming: IncomingResult | None
) -> tuple[str, tuple[CheckChange, ...]]:
    """Return the reason and the checks of another judgement of an attempt; "" for none."""
    for attempt in before.attempts:
        last = attempt.result
        if coming is None or last is None or attempt.sha256 != coming.attempt.sha256:
            continue
        stored = {
            "outcome": last.outcome,
            "score": last.score,
            "max_score": last.max_score,
            "checks": last.checks,
        }
        found = score_change(stored, coming.report, coming.result.why)
        if found is not None:
            return found.why, found.checks
    return "", ()
