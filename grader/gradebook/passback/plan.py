"""What would be sent to whom, and what not, and why; nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from grader.core.types import Note
from grader.gradebook.effective_mark import Standing, standing
from grader.gradebook.export.fill_column import about_marks, in_points
from grader.gradebook.export.match_people import Person, match
from grader.gradebook.export.results import Batch, Graded, said
from grader.gradebook.passback.platform import Held, Look, same
from grader.gradebook.passback.secret import PassbackError
from grader.gradebook.records import Record
from grader.gradebook.sent_log import History
from grader.gradebook.tables import Listed

Why = Literal["new", "changed", "unsure", "refused", "overwritten"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One mark that is to go out; ``before`` is the last that is known to have arrived."""

    graded: Graded
    student: int
    user: str
    name: str  # of the user there
    score: float
    max_score: float
    before: float | None
    there: float | None
    why: Why
    days_late: int = 0
    lost: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Passback:
    """``send`` goes out; ``there`` is on the platform already, whatever the journal says.

    ``same`` counts those of which nothing is new. ``complete`` is False where somebody's mark
    is neither there nor going.
    """

    assignment: str
    send: tuple[Item, ...]
    there: tuple[Item, ...]
    same: int
    notes: tuple[Note, ...]
    complete: bool


def planned(
    batch: Batch,
    records: Mapping[str, Record],
    listed: Listed,
    histories: Mapping[int, History],
    look: Look,
    layout: str,
    *,
    points: float | None = None,
    overwrite: bool = False,
) -> Passback:
    """Hold the gradebook against the journal and the platform.

    A mark that somebody else gave there, or changed there, stays unless ``overwrite``. Raises
    ``PassbackError`` where nobody can be told, ``ExportError`` where full marks differ.
    """
    in_points(look.most, batch, points, batch.title)
    people = look.people or _by_number(batch, layout)
    if not people:
        raise PassbackError("nobody")
    matching = match(batch.submissions, people, layout)
    users = {person.line: person for person in people}
    sorted_out = _Sorted(overwrite, look.at_once)
    for line, graded in sorted(matching.found.items()):
        if not graded.mark():
            continue
        record = records[graded.id]
        at = standing(record, listed.rules, listed.max_score)
        most = graded.max_score if points is None else points
        item = _item(graded, record, users[line], at, float(graded.mark(points)), most)
        if at.days_late is None:
            sorted_out.unsure_late.append(graded.id)
        held = None if look.held is None else look.held.get(item.user, Held(score=None))
        sorted_out.take(item, histories.get(item.student, History()), held)
    done = len(sorted_out.send) + len(sorted_out.there) + sorted_out.same
    wanted = sum(graded.outcome != "excused" for graded in batch.submissions)
    return Passback(
        assignment=listed.id,
        send=tuple(sorted_out.send),
        there=tuple(sorted_out.there),
        same=sorted_out.same,
        notes=(
            *about_marks(batch.submissions),
            *said("unmatched", matching.unmatched),
            *said("doubtful", matching.doubtful),
            *_said("excused_there", sorted_out.excused),
            *said("by_name", matching.by_name),
            *_said("changed_there", sorted_out.changed_there),
            *_said("late_by", sorted_out.unsure_late),
        ),
        complete=done + len(sorted_out.excused) >= wanted,
    )


@dataclass(slots=True)
class _Sorted:
    """Marks by what becomes of them."""

    overwrite: bool
    at_once: bool  # whether the platform tells of every mark as soon as that is there
    send: list[Item] = field(default_factory=list)
    there: list[Item] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)
    changed_there: list[str] = field(default_factory=list)
    unsure_late: list[str] = field(default_factory=list)
    same: int = 0

    def take(self, item: Item, history: History, held: Held | None) -> None:
        """``held`` is None where the platform doesn't tell."""
        last, arrived = history.last, history.arrived
        there = None if held is None else held.score
        item = replace(item, there=there, before=None if arrived is None else arrived.score)
        if held is not None and held.excused:
            self.excused.append(item.graded.id)
            return
        known = last is not None and last.state == "arrived" and _says(item, last.score, last.user)
        if held is not None and there is not None and same(there, item.score, item.max_score):
            if known:
                self.same += 1
            else:
                self.there.append(item)
            return
        is_cleared = held is not None and there is None and arrived is not None and self.at_once
        if is_cleared or (there is not None and not self._ours(history, there, item)):
            was = "\N{EM DASH}" if there is None else f"{there:g}"
            shown = f"{item.graded.id} ({was} \N{RIGHTWARDS ARROW} {item.score:g})"
            self.changed_there.append(shown)
            if not self.overwrite:
                return
            item = replace(item, why="overwritten")
        elif known and not self.overwrite:  # some platforms tell of a mark only later
            self.same += 1
            return
        elif last is not None:
            why: Why = "unsure" if last.state == "begun" else "changed"
            item = replace(item, why="refused" if last.state == "refused" else why)
        self.send.append(item)

    def _ours(self, history: History, there: float, item: Item) -> bool:
        """Whether what stands there was sent by us, the last that arrived or one since."""
        since = []
        for sending in reversed(history.sendings):
            since.append(sending)
            if sending.state == "arrived":
                break
        return any(same(there, one.score, item.max_score) for one in since)


def _says(item: Item, score: float, user: str) -> bool:
    return user == item.user and score == item.score


def _item(
    graded: Graded, record: Record, user: Person, at: Standing, score: float, most: float
) -> Item:
    by_lateness = at.override is None and at.days_late
    return Item(
        graded=graded,
        student=record.student.id,
        user=user.number,
        name=user.name,
        score=score,
        max_score=most,
        before=None,
        there=None,
        why="new",
        days_late=at.days_late or 0 if by_lateness else 0,
        lost=at.lost * most / graded.max_score if by_lateness else 0.0,
    )


def _by_number(batch: Batch, layout: str) -> tuple[Person, ...]:
    """Those whose number stands in the download that their work came in."""
    if not layout:
        return ()
    own = [g for g in batch.submissions if g.origin.layout == layout and not g.origin.anonymous]
    return tuple(
        Person(line=line, number=g.origin.lms_id, name=g.origin.name) for line, g in enumerate(own)
    )


def _said(message: str, names: list[str]) -> list[Note]:
    return [
        Note(message_id=f"passback.{message}", values=note.values) for note in said(message, names)
    ]
