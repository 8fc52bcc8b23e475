"""What a person decides: a mark, an excuse, another due date; and whom a name means."""

from __future__ import annotations

import difflib
import math
import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from grader.gradebook import tables as rows
from grader.gradebook.records import Kind, Override, Record
from grader.gradebook.store import BookError
from grader.gradebook.tables import Listed
from grader.report.batch.changes import utc_now
from grader.report.batch.csv_json import format_mark


def assignment_of(connection: sqlite3.Connection, id: str | None) -> Listed:
    """The assignment ``id``, or the only one of the gradebook. Raises ``BookError``."""
    known = rows.assignments(connection)
    if id is None and len(known) == 1:
        return next(iter(known.values()))
    if id is None or id not in known:
        ids = ", ".join(known) or "\N{EM DASH}"
        raise BookError("which_assignment" if id is None else "no_assignment", id=id, ids=ids)
    return known[id]


def find(records: Iterable[Record], name: str) -> Record:
    """The one student whom ``name`` means: by submission, number or name, written in full.

    Raises ``BookError`` where that is nobody, or several.
    """
    all_of_them, wanted = list(records), name.strip().casefold()
    found = [record for record in all_of_them if wanted in _names(record)]
    if len(found) > 1:
        names = "; ".join(record.submission for record in found)
        raise BookError("ambiguous", name=name, names=names)
    if not found:
        near = {each: record.submission for record in all_of_them for each in _names(record)}
        close = difflib.get_close_matches(wanted, near, n=3) or sorted(near)[:3]
        names = "; ".join(dict.fromkeys(near[each] for each in close)) or "\N{EM DASH}"
        raise BookError("nobody", name=name, names=names)
    return found[0]


def _names(record: Record) -> set[str]:
    own = {attempt.submission for attempt in record.attempts}
    own |= {record.student.key.number, record.student.name}
    return {each.casefold() for each in own if each}


def as_mark(points: float, most: float) -> str:
    """A mark as an override has it. Raises ``BookError`` for one that can't be."""
    if not (math.isfinite(points) and 0 <= points <= most):
        raise BookError("mark", value=points, most=format_mark(most))
    return format_mark(points)


def decide(
    connection: sqlite3.Connection,
    listed: Listed,
    name: str,
    kind: Kind,
    value: str | None,
    who: str,
    why: str,
) -> Record:
    """Note a decision about ``name``; None undoes the last of its kind. Returns their record.

    ``value`` is as `Override` has it. Raises ``BookError`` for nobody, for no reason, and where
    there is nothing to undo.
    """
    if not why.strip():
        raise BookError("no_reason")
    if not who.strip():
        raise BookError("no_name")
    known = rows.records(connection, listed.id)
    others = (
        Record(student=student)
        for student in rows.students(connection)
        if student.key not in known and student.key.scope in ("", listed.id)
    )
    record = find((*known.values(), *others), name)
    if value is None and record.override(kind) is None:
        raise BookError("nothing_to_undo", name=record.submission)
    one = Override(kind=kind, value=value, at=utc_now(), who=who, why=why.strip())
    rows.put_override(connection, listed.id, record.student.id, one)
    return replace(record, overrides=(*record.overrides, one))
