"""The plan of a passback: what would be sent to whom, what not, and why. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from grader.core.types import Note
from grader.gradebook.effective_mark import EffectiveMark, effective_mark
from grader.gradebook.export.fill_column import check_max_score, mark_notes
from grader.gradebook.export.match_people import Person, match_people
from grader.gradebook.export.results import GradedSubmission, MarkSheet, name_notes
from grader.gradebook.passback.platform import PlatformState, RemoteScore, is_same_score
from grader.gradebook.passback.secret import PassbackError
from grader.gradebook.records import StudentRecord
from grader.gradebook.sent_log import DeliveryHistory
from grader.gradebook.tables import AssignmentRow

Reason = Literal["new", "changed", "unsure", "refused", "overwritten"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedMark:
    """One mark that is to go out; ``last_arrived`` is the last known to have arrived."""

    graded: GradedSubmission
    student: int
    user: str
    name: str  # of the user there
    score: float
    max_score: float
    last_arrived: float | None
    remote_score: float | None
    reason: Reason
    days_late: int = 0
    late_penalty: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PassbackPlan:
    """The marks of one assignment that go to a platform, and those that don't."""

    assignment: str
    to_send: tuple[PlannedMark, ...]
    on_platform: tuple[PlannedMark, ...]
    """Marks that are there already, whatever the log of deliveries says."""
    same_count: int
    """The number of marks of which nothing is new."""
    notes: tuple[Note, ...]
    is_complete: bool
    """False where somebody's mark is neither there nor going."""


def plan_passback(
    batch: MarkSheet,
    records: Mapping[str, StudentRecord],
    listed: AssignmentRow,
    histories: Mapping[int, DeliveryHistory],
    look: PlatformState,
    layout: str,
    *,
    points: float | None = None,
    overwrite: bool = False,
) -> PassbackPlan:
    """Hold the gradebook against the journal and the platform.

    A mark that somebody else gave there, or changed there, stays unless ``overwrite``. Raises
    ``PassbackError`` where nobody can be told, ``ExportError`` where full marks differ.
    """
    check_max_score(look.max_score, batch, points, batch.title)
    people = look.people or _by_number(batch, layout)
    if not people:
        raise PassbackError("nobody")
    matching = match_people(batch.submissions, people, layout)
    users = {person.line: person for person in people}
    sorted_out = _Sorted(overwrite, look.reports_at_once)
    for line, graded in sorted(matching.submissions.items()):
        if not graded.mark():
            continue
        record = records[graded.id]
        at = effective_mark(record, listed.rules, listed.max_score)
        most = graded.max_score if points is None else points
        item = _item(graded, record, users[line], at, float(graded.mark(points)), most)
        if at.days_late is None:
            sorted_out.unsure_late.append(graded.id)
        held = (
            None
            if look.remote_scores is None
            else look.remote_scores.get(item.user, RemoteScore(score=None))
        )
        sorted_out.take(item, histories.get(item.student, DeliveryHistory()), held)
    done = len(sorted_out.send) + len(sorted_out.there) + sorted_out.same
    wanted = sum(graded.outcome != "excused" for graded in batch.submissions)
    return PassbackPlan(
        assignment=listed.id,
        to_send=tuple(sorted_out.send),
        on_platform=tuple(sorted_out.there),
        same_count=sorted_out.same,
        notes=(
            *mark_notes(batch.submissions),
            *name_notes("unmatched", matching.unmatched),
            *name_notes("doubtful", matching.doubtful),
            *_said("excused_there", sorted_out.excused),
            *name_notes("by_name", matching.by_name),
            *_said("changed_there", sorted_out.changed_there),
            *_said("late_by", sorted_out.unsure_late),
        ),
        is_complete=done + len(sorted_out.excused) >= wanted,
    )


@dataclass(slots=True)
class _Sorted:
    """Marks by what becomes of them."""

    overwrite: bool
    at_once: bool  # whether the platform tells of every mark as soon as that is there
    send: list[PlannedMark] = field(default_factory=list)
    there: list[PlannedMark] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)
    changed_there: list[str] = field(default_factory=list)
    unsure_late: list[str] = field(default_factory=list)
    same: int = 0

    def take(self, item: PlannedMark, history: DeliveryHistory, held: RemoteScore | None) -> None:
        """``held`` is None where the platform doesn't tell."""
        last, arrived = history.last, history.last_arrived
        there = None if held is None else held.score
        item = replace(
            item, remote_score=there, last_arrived=None if arrived is None else arrived.score
        )
        if held is not None and held.excused:
            self.excused.append(item.graded.id)
            return
        known = last is not None and last.state == "arrived" and _says(item, last.score, last.user)
        if (
            held is not None
            and there is not None
            and is_same_score(there, item.score, item.max_score)
        ):
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
            item = replace(item, reason="overwritten")
        elif known and not self.overwrite:  # some platforms tell of a mark only later
            self.same += 1
            return
        elif last is not None:
            why: Reason = "unsure" if last.state == "begun" else "changed"
            item = replace(item, reason="refused" if last.state == "refused" else why)
        self.send.append(item)

    def _ours(self, history: DeliveryHistory, there: float, item: PlannedMark) -> bool:
        """Return True where what stands there is ours, the last that arrived or one since."""
        since = []
        for sending in reversed(history.deliveries):
            since.append(sending)
            if sending.state == "arrived":
                break
        return any(is_same_score(there, one.score, item.max_score) for one in since)


def _says(item: PlannedMark, score: float, user: str) -> bool:
    return user == item.user and score == item.score


def _item(
    graded: GradedSubmission,
    record: StudentRecord,
    user: Person,
    at: EffectiveMark,
    score: float,
    most: float,
) -> PlannedMark:
    by_lateness = at.override is None and at.days_late
    return PlannedMark(
        graded=graded,
        student=record.student.id,
        user=user.number,
        name=user.name,
        score=score,
        max_score=most,
        last_arrived=None,
        remote_score=None,
        reason="new",
        days_late=at.days_late or 0 if by_lateness else 0,
        late_penalty=at.late_penalty * most / graded.max_score if by_lateness else 0.0,
    )


def _by_number(batch: MarkSheet, layout: str) -> tuple[Person, ...]:
    """Return the people whose number stands in the download that their work came in."""
    if not layout:
        return ()
    own = [g for g in batch.submissions if g.origin.layout == layout and not g.origin.anonymous]
    return tuple(
        Person(line=line, number=g.origin.lms_id, name=g.origin.name) for line, g in enumerate(own)
    )


def _said(message: str, names: list[str]) -> list[Note]:
    return [
        Note(message_id=f"passback.{message}", values=note.values)
        for note in name_notes(message, names)
    ]
