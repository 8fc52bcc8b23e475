"""What taking results in would change in a gradebook, and doing so.

New attempts are added at once. A mark that is there becomes another one only by grading again
(``regrade``), which shows what would change before it is done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from grader.assignment.deadline import ANY_TIME, HandingIn
from grader.core.types import CheckChange, ScoreChange
from grader.gradebook import tables as rows
from grader.gradebook.effective_mark import Standing, standing
from grader.gradebook.read_results import Coming, Graded
from grader.gradebook.records import Attempt, Key, Override, Record, Result, Student
from grader.gradebook.tables import Listed
from grader.report.batch.changes import score_change, utc_now

_Records = Mapping[Key, Record]


@dataclass(frozen=True, slots=True)
class Kept:
    """An override that stands although what was computed changes beneath it, and of how much."""

    submission: str
    override: Override
    old: float | None
    new: float | None
    old_max: float
    new_max: float


@dataclass(frozen=True, slots=True)
class Update:
    """What there is to do with the results of one output folder.

    ``added`` and ``quiet`` are done at once: further attempts, and judgements that say the same.
    The others wait for grading again: ``changes`` are the marks that it changes, and ``kept``
    the overrides because of which it changes others not. ``moved`` are marks that are others
    by a further attempt, with what they were and are. ``before`` is the assignment as it was.
    """

    assignment: Listed
    before: Listed | None
    added: tuple[Coming, ...]
    quiet: tuple[tuple[int, Result], ...]
    regraded: tuple[tuple[int, Result], ...]
    times: tuple[Attempt, ...]
    changes: tuple[tuple[str, ScoreChange], ...]
    kept: tuple[Kept, ...]
    moved: tuple[tuple[str, Standing, Standing], ...]
    same: int
    left_out: tuple[str, ...]

    @property
    def is_new(self) -> bool:
        """Whether the gradebook has nothing of this assignment yet."""
        return self.before is None

    @property
    def other_rules(self) -> bool:
        """Whether the rules of handing in are others."""
        return self.before is not None and self.before.rules != self.assignment.rules

    @property
    def waits(self) -> bool:
        """Whether there is something that only grading again does."""
        return bool(self.regraded or self.times or self.other_rules)


def compared(
    connection: sqlite3.Connection, graded: Graded, rules: HandingIn | None, why_rules: str
) -> Update:
    """What ``graded`` and the assignment's ``rules`` would change; nothing is written.

    Without ``rules`` those of the gradebook stay. ``why_rules`` is the reason of a mark that
    no judgement changes, but the rules or the time of handing in.
    """
    known = rows.assignments(connection).get(graded.assignment)
    old_rules = known.rules if known else rules or ANY_TIME
    rules = rules or old_rules
    most = graded.max_score or (known.max_score if known else 0.0)
    before = rows.records(connection, graded.assignment)
    piles = _Piles(dict(before), dict(before))
    each = _one_each(graded.coming)
    for coming in each:
        piles.take(coming)
    changes, kept = _held_against(piles, graded, (old_rules, rules), most, why_rules)
    further = dict.fromkeys(one.key for one in piles.added if one.key in before)
    moved = [
        (
            piles.at_once[key].submission,
            standing(before[key], old_rules, most),
            standing(piles.at_once[key], old_rules, most),
        )
        for key in further
    ]
    return Update(
        assignment=Listed(id=graded.assignment, title=graded.title, max_score=most, rules=rules),
        before=known,
        added=tuple(piles.added),
        quiet=tuple(piles.quiet),
        regraded=tuple(piles.regraded),
        times=tuple(piles.times),
        changes=tuple(changes),
        kept=tuple(kept),
        moved=tuple(one for one in moved if one[1].score != one[2].score),
        same=piles.same + len(graded.coming) - len(each),
        left_out=graded.left_out,
    )


def write(connection: sqlite3.Connection, update: Update, who: str, *, again: bool) -> None:
    """Do it, for ``who``; without ``again`` only what is done at once."""
    if update.is_new or again:
        rows.put_assignment(connection, update.assignment, who)
    for coming in update.added:
        student = rows.put_student(connection, coming.key, coming.name)
        attempt = rows.put_attempt(connection, update.assignment.id, student, coming.attempt)
        rows.put_result(connection, attempt, coming.result)
    for id, result in (*update.quiet, *(update.regraded if again else ())):
        rows.put_result(connection, id, result)
    for one in update.times if again else ():
        rows.put_times(connection, update.assignment.id, one, who)


@dataclass(slots=True)
class _Piles:
    """Results by what becomes of them.

    ``at_once`` is what the gradebook holds when that is done which doesn't wait, ``again``
    what it holds after grading again.
    """

    at_once: dict[Key, Record]
    again: dict[Key, Record]
    added: list[Coming] = field(default_factory=list)
    quiet: list[tuple[int, Result]] = field(default_factory=list)
    regraded: list[tuple[int, Result]] = field(default_factory=list)
    times: list[Attempt] = field(default_factory=list)
    same: int = 0

    def take(self, coming: Coming) -> None:
        """Put one where it belongs."""
        nobody = Record(student=Student(key=coming.key, name=coming.name))
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
        if told.told:  # a correction stands in the place of what stood there
            new = replace(known, first=told.first, last=told.last, told=True)
        if new != known:
            self.times.append(new)
        last, result = known.result, coming.result
        if last is not None and last.essence == result.essence:
            self.same += 1
            if last.seal != result.seal:
                self.quiet.append((known.id, result))
        else:
            self.regraded.append((known.id, result))
            new = replace(new, results=(*new.results, result))
        attempts = tuple(new if a is known else a for a in record.attempts)
        self.again[coming.key] = replace(record, attempts=attempts)


def _one_each(coming: Sequence[Coming]) -> list[Coming]:
    """Of one content that a student handed in twice the result that was graded, and both times."""
    found: dict[tuple[Key, str], Coming] = {}
    for one in coming:
        at = (one.key, one.attempt.sha256)
        first = found.setdefault(at, one)
        if first is not one:
            better = one if first.result.outcome == "not_graded" else first
            times = _with_times(*sorted((first.attempt, one.attempt), key=lambda a: not a.told))
            attempt = replace(better.attempt, first=times.first, last=times.last, told=times.told)
            found[at] = replace(better, attempt=attempt)
    return list(found.values())


def _with_times(known: Attempt, coming: Attempt) -> Attempt:
    """The earliest and the latest time at which one content was handed in."""
    if known.told and not coming.told:
        return known
    firsts = [time for time in (known.first, coming.first) if time is not None]
    lasts = [time for time in (known.last, coming.last) if time is not None]
    return replace(known, first=min(firsts, default=None), last=max(lasts, default=None))


def _held_against(
    piles: _Piles, graded: Graded, rules: tuple[HandingIn, HandingIn], most: float, why: str
) -> tuple[list[tuple[str, ScoreChange]], list[Kept]]:
    """The marks that grading again changes, and the overrides that stand all the same."""
    judged = {one.key: one for one in graded.coming}
    changes, kept = [], []
    for key, after in piles.again.items():
        before = piles.at_once[key]
        old, new = standing(before, rules[0], most), standing(after, rules[1], most)
        if (old.computed, old.max_score) == (new.computed, new.max_score):
            continue
        name = after.submission
        if new.override is not None:
            points = old.computed, new.computed, old.max_score, new.max_score
            kept.append(Kept(name, new.override, *points))
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


def _judged(before: Record, coming: Coming | None) -> tuple[str, tuple[CheckChange, ...]]:
    """The reason and the checks of another judgement of an attempt; "" where there is none."""
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
