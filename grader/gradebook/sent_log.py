"""A log of marks sent: where, as whose, with which timestamp, and if they arrived.

A sending is on record before it leaves. So after a crash it stands there as begun, and is sent
again with the same timestamp, or found to have arrived.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from grader.gradebook.store import Gradebook

DeliveryState = Literal["begun", "arrived", "refused"]
_STEP = timedelta(seconds=1)  # the finest that Moodle tells timestamps apart by


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One mark on its way. ``stamp`` is its timestamp; ``told`` what the platform said of it."""

    id: int
    assignment: str
    user: str
    score: float
    max_score: float
    timestamp: datetime
    who: str
    state: DeliveryState
    response: str = ""
    is_resumed: bool = False  # begun by an earlier run, with this timestamp

    def continues_as(self, user: str, score: float, max_score: float) -> bool:
        """Return True where it was begun, did not end, and says the same."""
        same = (self.user, self.score, self.max_score) == (user, score, max_score)
        return same and self.state == "begun"


@dataclass(frozen=True, slots=True)
class DeliveryHistory:
    """The deliveries of one student's marks to one place, the latest last."""

    deliveries: tuple[Delivery, ...] = ()

    @property
    def last(self) -> Delivery | None:
        """The latest one."""
        return self.deliveries[-1] if self.deliveries else None

    @property
    def last_arrived(self) -> Delivery | None:
        """The latest one that is known to have arrived."""
        return next((one for one in reversed(self.deliveries) if one.state == "arrived"), None)


def delivery_histories(
    connection: sqlite3.Connection, target: str, assignment: str
) -> dict[int, DeliveryHistory]:
    """Read what was sent to ``target`` of an assignment, by the gradebook's student number."""
    found = connection.execute(
        "SELECT student, id, assignment, user, score, max_score, stamp, who, state, told "
        "FROM sending WHERE target = ? AND assignment = ? ORDER BY id",
        (target, assignment),
    )
    lists: dict[int, list[Delivery]] = {}
    for student, *row in found:
        lists.setdefault(student, []).append(_sending(row))
    return {student: DeliveryHistory(tuple(sendings)) for student, sendings in lists.items()}


def student_deliveries(connection: sqlite3.Connection, student: int) -> list[tuple[str, Delivery]]:
    """Read all deliveries of one student's marks, with where to."""
    found = connection.execute(
        "SELECT target, id, assignment, user, score, max_score, stamp, who, state, told "
        "FROM sending WHERE student = ? ORDER BY id",
        (student,),
    )
    return [(target, _sending(row)) for target, *row in found]


def begin_delivery(
    book: Gradebook,
    *,
    target: str,
    assignment: str,
    student: int,
    user: str,
    score: float,
    max_score: float,
    who: str,
) -> Delivery:
    """Note that a mark is about to be sent, with a timestamp later than all before.

    One that was begun before, and says the same, goes on with its own timestamp.
    """
    with book.writing() as connection:
        last = (
            delivery_histories(connection, target, assignment).get(student, DeliveryHistory()).last
        )
        if last is not None and last.continues_as(user, score, max_score):
            return replace(last, is_resumed=True)
        stamp = datetime.now(UTC)
        if last is not None:
            stamp = max(stamp, last.timestamp + _STEP)
        done = connection.execute(
            "INSERT INTO sending (target, assignment, student, user, score, max_score, stamp, "
            "who, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'begun')",
            (target, assignment, student, user, score, max_score, stamp.isoformat(), who),
        )
        assert done.lastrowid is not None
        return Delivery(
            id=done.lastrowid,
            assignment=assignment,
            user=user,
            score=score,
            max_score=max_score,
            timestamp=stamp,
            who=who,
            state="begun",
        )


def end_delivery(
    book: Gradebook, delivery: Delivery, state: DeliveryState, response: str = ""
) -> None:
    """Note what became of it."""
    with book.writing() as connection:
        connection.execute(
            "UPDATE sending SET state = ?, told = ? WHERE id = ?", (state, response, delivery.id)
        )


def _sending(row: list[Any]) -> Delivery:
    id, assignment, user, score, max_score, stamp, who, state, told = row
    return Delivery(
        id=id,
        assignment=assignment,
        user=user,
        score=score,
        max_score=max_score,
        timestamp=datetime.fromisoformat(str(stamp)),
        who=who,
        state=state,
        response=told,
    )
