"""Decisions of a person: a mark, an excuse, another due date; and whom a name means."""

from __future__ import annotations

import difflib
import math
import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from grader.gradebook import tables
from grader.gradebook.records import Kind, Override, StudentRecord
from grader.gradebook.store import GradebookError
from grader.gradebook.tables import AssignmentRow
from grader.report.batch.changes import utc_now
from grader.report.batch.csv_json import format_mark


def find_assignment(connection: sqlite3.Connection, id: str | None) -> AssignmentRow:
    """Return the assignment ``id``, or the only one there is. Raises ``GradebookError``."""
    known = tables.assignments(connection)
    if id is None and len(known) == 1:
        return next(iter(known.values()))
    if id is None or id not in known:
        ids = ", ".join(known) or "\N{EM DASH}"
        raise GradebookError("which_assignment" if id is None else "no_assignment", id=id, ids=ids)
    return known[id]


def find_student(records: Iterable[StudentRecord], name: str) -> StudentRecord:
    """Find the one student whom ``name`` means: by submission, number or name, in full.

    Raises ``GradebookError`` where that is nobody, or several.
    """
    all_of_them, wanted = list(records), name.strip().casefold()
    found = [record for record in all_of_them if wanted in _names(record)]
    if len(found) > 1:
        names = "; ".join(record.submission for record in found)
        raise GradebookError("ambiguous", name=name, names=names)
    if not found:
        near = {each: record.submission for record in all_of_them for each in _names(record)}
        close = difflib.get_close_matches(wanted, near, n=3) or sorted(near)[:3]
        names = "; ".join(dict.fromkeys(near[each] for each in close)) or "\N{EM DASH}"
        raise GradebookError("nobody", name=name, names=names)
    return found[0]


def _names(record: StudentRecord) -> set[str]:
    own = {attempt.submission for attempt in record.attempts}
    own |= {record.student.key.number, record.student.name}
    return {each.casefold() for each in own if each}


def validate_mark(points: float, most: float) -> str:
    """Write a mark as an override has it. Raises ``GradebookError`` for one that can't be."""
    if not (math.isfinite(points) and 0 <= points <= most):
        raise GradebookError("mark", value=points, most=format_mark(most))
    return format_mark(points)


def set_override(
    connection: sqlite3.Connection,
    listed: AssignmentRow,
    name: str,
    kind: Kind,
    value: str | None,
    who: str,
    why: str,
) -> StudentRecord:
    """Note a decision about ``name``; None undoes the last of its kind. Returns their record.

    ``value`` is as `Override` has it. Raises ``GradebookError`` for nobody, for no reason,
    and where there is nothing to undo.
    """
    if not why.strip():
        raise GradebookError("no_reason")
    if not who.strip():
        raise GradebookError("no_name")
    known = tables.records(connection, listed.id)
    others = (
        StudentRecord(student=student)
        for student in tables.students(connection)
        if student.key not in known and student.key.scope in ("", listed.id)
    )
    record = find_student((*known.values(), *others), name)
    if value is None and record.override(kind) is None:
        raise GradebookError("nothing_to_undo", name=record.submission)
    one = Override(kind=kind, value=value, at=utc_now(), who=who, why=why.strip())
    tables.put_override(connection, listed.id, record.student.id, one)
    return replace(record, overrides=(*record.overrides, one))
