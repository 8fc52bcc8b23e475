"""Which mark was sent where, as whose, with which timestamp, and whether it arrived.

A sending is on record before it leaves. So after a crash it stands there as begun, and is sent
again with the same timestamp, or found to have arrived.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from grader.gradebook.store import Book

State = Literal["begun", "arrived", "refused"]
_STEP = timedelta(seconds=1)  # the finest that Moodle tells timestamps apart by


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """One mark on its way. ``stamp`` is its timestamp; ``told`` what the platform said of it."""

    id: int
    assignment: str
    user: str
    score: float
    max_score: float
    stamp: datetime
    who: str
    state: State
    told: str = ""
    resumed: bool = False  # begun by an earlier run, with this timestamp

    def goes_on_as(self, user: str, score: float, max_score: float) -> bool:
        """Whether it was begun, did not end, and says the same."""
        same = (self.user, self.score, self.max_score) == (user, score, max_score)
        return same and self.state == "begun"


@dataclass(frozen=True, slots=True)
class History:
    """What was sent of one student's marks to one place, the latest last."""

    sendings: tuple[Sending, ...] = ()

    @property
    def last(self) -> Sending | None:
        """The latest one."""
        return self.sendings[-1] if self.sendings else None

    @property
    def arrived(self) -> Sending | None:
        """The latest one that is known to have arrived."""
        return next((one for one in reversed(self.sendings) if one.state == "arrived"), None)


def histories(connection: sqlite3.Connection, target: str, assignment: str) -> dict[int, History]:
    """What was sent to ``target`` of an assignment, by the gradebook's number of the student."""
    found = connection.execute(
        "SELECT student, id, assignment, user, score, max_score, stamp, who, state, told "
        "FROM sending WHERE target = ? AND assignment = ? ORDER BY id",
        (target, assignment),
    )
    lists: dict[int, list[Sending]] = {}
    for student, *row in found:
        lists.setdefault(student, []).append(_sending(row))
    return {student: History(tuple(sendings)) for student, sendings in lists.items()}


def of_student(connection: sqlite3.Connection, student: int) -> list[tuple[str, Sending]]:
    """All that was sent of one student's marks, with where to."""
    found = connection.execute(
        "SELECT target, id, assignment, user, score, max_score, stamp, who, state, told "
        "FROM sending WHERE student = ? ORDER BY id",
        (student,),
    )
    return [(target, _sending(row)) for target, *row in found]


def begin(
    book: Book,
    *,
    target: str,
    assignment: str,
    student: int,
    user: str,
    score: float,
    max_score: float,
    who: str,
) -> Sending:
    """Note that a mark is about to be sent, with a timestamp later than all before.

    One that was begun before, and says the same, goes on with its own timestamp.
    """
    with book.writing() as connection:
        last = histories(connection, target, assignment).get(student, History()).last
        if last is not None and last.goes_on_as(user, score, max_score):
            return replace(last, resumed=True)
        stamp = datetime.now(UTC)
        if last is not None:
            stamp = max(stamp, last.stamp + _STEP)
        done = connection.execute(
            "INSERT INTO sending (target, assignment, student, user, score, max_score, stamp, "
            "who, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'begun')",
            (target, assignment, student, user, score, max_score, stamp.isoformat(), who),
        )
        assert done.lastrowid is not None
        return Sending(
            id=done.lastrowid,
            assignment=assignment,
            user=user,
            score=score,
            max_score=max_score,
            stamp=stamp,
            who=who,
            state="begun",
        )


def end(book: Book, sending: Sending, state: State, told: str = "") -> None:
    """Note what became of it."""
    with book.writing() as connection:
        connection.execute(
            "UPDATE sending SET state = ?, told = ? WHERE id = ?", (state, told, sending.id)
        )


def _sending(row: list[Any]) -> Sending:
    id, assignment, user, score, max_score, stamp, who, state, told = row
    return Sending(
        id=id,
        assignment=assignment,
        user=user,
        score=score,
        max_score=max_score,
        stamp=datetime.fromisoformat(str(stamp)),
        who=who,
        state=state,
        told=told,
    )
