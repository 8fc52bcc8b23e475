"""A whole gradebook at a glance: everyone's standing, and one student's history."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from grader.core.types import Note, Value
from grader.gradebook import sent_log, tables
from grader.gradebook.effective_mark import EffectiveMark, effective_mark
from grader.gradebook.records import Revision, StudentKey, StudentRecord
from grader.gradebook.tables import AssignmentRow
from grader.report.batch.csv_json import format_mark

_DIGITS = 12  # of a digest, as many as tell files apart for people


@dataclass(frozen=True, slots=True)
class AssignmentMarks:
    """One assignment: whose marks are which."""

    assignment: AssignmentRow
    marks: Mapping[StudentKey, tuple[StudentRecord, EffectiveMark]]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, when and by whom."""

    at: str
    who: str
    what: Note


def assignment_marks(connection: sqlite3.Connection, listed: AssignmentRow) -> AssignmentMarks:
    """Work out the marks of one assignment as they count now."""
    found = tables.records(connection, listed.id)
    return AssignmentMarks(
        listed,
        {k: (one, effective_mark(one, listed.rules, listed.max_score)) for k, one in found.items()},
    )


def marks_by_student(term: list[AssignmentMarks]) -> list[tuple[str, dict[str, EffectiveMark]]]:
    """Everyone's name and standings by assignment.

    Moodle's numbers are an assignment's own: there the name tells who is who, unless two in one
    assignment have the same.
    """
    alike: set[str] = set()
    for one in term:
        named = Counter(record.student.name for record, _ in one.marks.values())
        alike |= {name for name, count in named.items() if count > 1}
    found: dict[object, tuple[str, dict[str, EffectiveMark]]] = {}
    for one in term:
        for key, (record, at) in one.marks.items():
            name = record.student.name
            who = (key.layout, name) if key.scope and name and name not in alike else key
            shown = record.submission if not name or name in alike else name
            found.setdefault(who, (shown, {}))[1][one.assignment.id] = at
    return list(found.values())


def student_history(
    connection: sqlite3.Connection, assignment: str, record: StudentRecord
) -> list[Event]:
    """Read all that is known of one student's work for one assignment, in its order."""
    revisions = tables.revisions(connection, assignment)
    events = [*_attempts(assignment, record, revisions), *_overrides(assignment, record)]
    events += _revisions(assignment, record, revisions)
    for target, sending in sent_log.student_deliveries(connection, record.student.id):
        if sending.assignment == assignment:
            values: dict[str, Value] = {
                "assignment": assignment,
                "mark": f"{format_mark(sending.score)}/{format_mark(sending.max_score)}",
                "target": target,
                "user": sending.user,
            }
            if sending.state == "refused":
                values["told"] = sending.response
            at = sending.timestamp.isoformat(timespec="seconds")
            events.append(Event(at, sending.who, _event(sending.state, values)))
    return sorted(events, key=lambda event: event.at)


def _attempts(
    assignment: str, record: StudentRecord, revisions: Sequence[Revision]
) -> Iterator[Event]:
    for attempt in record.attempts:
        earlier = next((one for one in revisions if one.attempt == attempt.id), None)
        first = _minute(earlier.before["first"] if earlier else attempt.first_submitted)
        values: dict[str, Value] = {
            "assignment": assignment,
            "file": attempt.file,
            "digest": attempt.sha256[:_DIGITS],
            "submission": attempt.submission,
        }
        if first:
            values["first"] = first
        who = attempt.results[0].who if attempt.results else ""
        yield Event(attempt.at, who, _event("attempt_at" if first else "attempt", values))
        for result in attempt.results:
            told: dict[str, Value] = {
                "assignment": assignment,
                "why": f" ({result.why})" if result.why else "",
            }
            if result.score is not None:
                told["mark"] = f"{format_mark(result.score)}/{format_mark(result.max_score)}"
                told["evidence"] = result.evidence[:_DIGITS]
            kind = "not_graded" if result.score is None else "result"
            yield Event(result.at, result.who, _event(kind, told))


def _overrides(assignment: str, record: StudentRecord) -> Iterator[Event]:
    for one in record.overrides:
        values: dict[str, Value] = {"assignment": assignment, "why": one.why}
        if one.value is not None and one.kind != "excused":
            values["value"] = one.value
        kind = f"undone_{one.kind}" if one.value is None else one.kind
        yield Event(one.at, one.who, _event(kind, values))


def _revisions(
    assignment: str, record: StudentRecord, revisions: Sequence[Revision]
) -> Iterator[Event]:
    own = {attempt.id: attempt.submission for attempt in record.attempts}
    for one in revisions:
        values: dict[str, Value] = {"assignment": assignment}
        if one.attempt is None:
            values["what"] = describe_differences(one.before, one.after)
            yield Event(one.at, one.who, _event("rules", values))
        elif one.attempt in own:
            which = "first" if one.before["first"] != one.after["first"] else "last"
            was, now = (_minute(times[which]) or "\N{EM DASH}" for times in (one.before, one.after))
            values |= {"was": was, "now": now, "submission": own[one.attempt]}
            yield Event(one.at, one.who, _event("times", values))


def describe_differences(was: Mapping[str, object], now: Mapping[str, object]) -> str:
    """Write what differs as an assignment writes it."""
    return "; ".join(f"{name} {_plain(was[name])} → {_plain(now[name])}" for name in now)


def _plain(value: object) -> str:
    if value is None:
        return "\N{EM DASH}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _minute(time: datetime | str | None) -> str:
    """Write a time as people read it; "" for none."""
    if time is None:
        return ""
    moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    return moment.isoformat(" ", "minutes")


def _event(kind: str, values: Mapping[str, Value]) -> Note:
    return Note(message_id=f"gradebook.event.{kind}", values=values)
