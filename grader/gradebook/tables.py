"""Records out of the gradebook's tables, and what is added to them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from grader.assignment.deadline import SubmissionRules
from grader.gradebook.records import (
    Attempt,
    Kind,
    Override,
    Result,
    Revision,
    Student,
    StudentKey,
    StudentRecord,
)
from grader.report.batch.changes import utc_now
from grader.submission.intake.roster import Origin


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignmentRow:
    """An assignment in the gradebook, with the rules of handing in that its marks go by."""

    id: str
    title: str
    max_score: float
    rules: SubmissionRules


def assignments(connection: sqlite3.Connection) -> dict[str, AssignmentRow]:
    """Read every assignment of the gradebook by its id, in the order in which they came."""
    found = connection.execute("SELECT id, title, max_score, rules FROM assignment ORDER BY rowid")
    return {
        id: AssignmentRow(
            id=id, title=title, max_score=most, rules=SubmissionRules.model_validate_json(rules)
        )
        for id, title, most, rules in found
    }


def put_assignment(connection: sqlite3.Connection, one: AssignmentRow, who: str) -> None:
    """Add an assignment, or put what is known of it now in the place of what was."""
    before = assignments(connection).get(one.id)
    if before is not None:
        was, now = differences(before, one)
        _put_revision(connection, one.id, None, who, was, now)
    connection.execute(
        "INSERT INTO assignment VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "title = excluded.title, max_score = excluded.max_score, rules = excluded.rules",
        (one.id, one.title, one.max_score, one.rules.model_dump_json()),
    )


def records(connection: sqlite3.Connection, assignment: str) -> dict[StudentKey, StudentRecord]:
    """Read the records of one assignment, of everyone who has one, in their order."""
    results: dict[int, list[Result]] = {}
    for attempt, result in _results(connection, assignment):
        results.setdefault(attempt, []).append(result)
    attempts: dict[int, list[Attempt]] = {}
    for student, one in _attempts(connection, assignment, results):
        attempts.setdefault(student, []).append(one)
    overrides: dict[int, list[Override]] = {}
    for student, override in _overrides(connection, assignment):
        overrides.setdefault(student, []).append(override)
    return {
        student.key: StudentRecord(
            student=student,
            attempts=tuple(attempts.get(student.id, ())),
            overrides=tuple(overrides.get(student.id, ())),
        )
        for student in students(connection)
        if student.id in attempts or student.id in overrides
    }


def students(connection: sqlite3.Connection) -> list[Student]:
    """Read every student of the gradebook."""
    found = connection.execute("SELECT id, layout, number, scope, name FROM student ORDER BY id")
    return [Student(id=id, key=StudentKey(*key), name=name) for id, *key, name in found]


def put_student(connection: sqlite3.Connection, key: StudentKey, name: str) -> int:
    """Return a student's number; new ones are added, and a name that was "" is filled in."""
    connection.execute(
        "INSERT INTO student (layout, number, scope, name) VALUES (?, ?, ?, ?) ON CONFLICT "
        "(layout, number, scope) DO UPDATE SET name = excluded.name WHERE excluded.name != ''",
        (*key, name),
    )
    where = "layout = ? AND number = ? AND scope = ?"
    return int(connection.execute(f"SELECT id FROM student WHERE {where}", key).fetchone()[0])


def put_attempt(connection: sqlite3.Connection, assignment: str, student: int, one: Attempt) -> int:
    """Add an attempt; returns its number."""
    done = connection.execute(
        "INSERT INTO attempt (assignment, student, sha256, submission, file, origin, at, first, "
        "last, told) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(assignment, student, one.sha256, one.submission, one.file),
            json.dumps(asdict(one.origin), ensure_ascii=False),
            *(one.at, _text(one.first_submitted), _text(one.last_submitted), one.is_corrected),
        ),
    )
    return _new(done)


def put_times(connection: sqlite3.Connection, assignment: str, one: Attempt, who: str) -> None:
    """Note when an attempt was handed in, now that more is known of that."""
    found = "SELECT first, last FROM attempt WHERE id = ?"
    was = dict(zip(("first", "last"), connection.execute(found, (one.id,)).fetchone(), strict=True))
    now = {"first": _text(one.first_submitted), "last": _text(one.last_submitted)}
    _put_revision(connection, assignment, one.id, who, was, now)
    connection.execute(
        "UPDATE attempt SET first = ?, last = ?, told = ? WHERE id = ?",
        (now["first"], now["last"], one.is_corrected, one.id),
    )


def differences(
    before: AssignmentRow, after: AssignmentRow
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Compare what marks go by: how it was and how it is, as far as it differs."""
    was, now = (
        {"max_score": one.max_score, **_flatten(one.rules.model_dump(mode="json"))}
        for one in (before, after)
    )
    names = [name for name in now if was.get(name) != now[name]]
    return {name: was.get(name) for name in names}, {name: now[name] for name in names}


def revisions(connection: sqlite3.Connection, assignment: str) -> list[Revision]:
    """Read what was revised in one assignment, in its order."""
    found = connection.execute(
        "SELECT attempt, at, who, was, now FROM revision WHERE assignment = ? ORDER BY id",
        (assignment,),
    )
    return [
        Revision(attempt=attempt, at=at, who=who, before=json.loads(was), after=json.loads(now))
        for attempt, at, who, was, now in found
    ]


def _put_revision(
    connection: sqlite3.Connection,
    assignment: str,
    attempt: int | None,
    who: str,
    was: dict[str, Any],
    now: dict[str, Any],
) -> None:
    if was != now:
        connection.execute(
            "INSERT INTO revision (assignment, attempt, at, who, was, now) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (assignment, attempt, utc_now(), who, json.dumps(was), json.dumps(now)),
        )


def _flatten(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in table.items():
        own = f"{prefix}{name}"
        found |= _flatten(value, f"{own}.") if isinstance(value, dict) else {own: value}
    return found


def put_result(connection: sqlite3.Connection, attempt: int, one: Result) -> None:
    """Add a judgement of an attempt."""
    connection.execute(
        "INSERT INTO result (attempt, at, who, why, outcome, status, score, max_score, "
        "assignment_digest, evidence, seal, checks) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(attempt, one.at, one.who, one.why, one.outcome, one.status, one.score),
            *(one.max_score, one.assignment_digest, one.evidence, one.seal),
            json.dumps([dict(check) for check in one.checks], ensure_ascii=False),
        ),
    )


def put_override(
    connection: sqlite3.Connection, assignment: str, student: int, one: Override
) -> None:
    """Add what a person decided."""
    connection.execute(
        "INSERT INTO override (assignment, student, kind, value, at, who, why) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (assignment, student, one.kind, one.value, one.at, one.who, one.why),
    )


def _attempts(
    connection: sqlite3.Connection, assignment: str, results: dict[int, list[Result]]
) -> Iterable[tuple[int, Attempt]]:
    found = connection.execute(
        "SELECT student, id, sha256, submission, file, origin, at, first, last, told FROM attempt "
        "WHERE assignment = ? ORDER BY id",
        (assignment,),
    )
    for student, id, sha256, submission, file, origin, at, first, last, told in found:
        yield (
            student,
            Attempt(
                id=id,
                sha256=sha256,
                submission=submission,
                file=file,
                origin=_origin(json.loads(origin)),
                at=at,
                first_submitted=_time(first),
                last_submitted=_time(last),
                is_corrected=bool(told),
                results=tuple(results.get(id, ())),
            ),
        )


def _results(connection: sqlite3.Connection, assignment: str) -> Iterable[tuple[int, Result]]:
    found = connection.execute(
        "SELECT attempt, result.id, result.at, who, why, outcome, status, score, max_score, "
        "assignment_digest, evidence, seal, checks FROM result JOIN attempt "
        "ON attempt.id = result.attempt WHERE assignment = ? ORDER BY result.id",
        (assignment,),
    )
    for attempt, id, at, who, why, outcome, status, score, most, digest, *rest in found:
        evidence, seal, checks = rest
        yield (
            attempt,
            Result(
                id=id,
                at=at,
                who=who,
                why=why,
                outcome=outcome,
                status=status,
                score=score,
                max_score=most,
                assignment_digest=digest,
                evidence=evidence,
                seal=seal,
                checks=tuple(json.loads(checks)),
            ),
        )


def _overrides(connection: sqlite3.Connection, assignment: str) -> Iterable[tuple[int, Override]]:
    found = connection.execute(
        "SELECT student, id, kind, value, at, who, why FROM override WHERE assignment = ? "
        "ORDER BY id",
        (assignment,),
    )
    kind: Kind
    for student, id, kind, value, at, who, why in found:
        yield student, Override(id=id, kind=kind, value=value, at=at, who=who, why=why)


def _origin(table: dict[str, Any]) -> Origin:
    """Read whose it is, as far as this grader knows such things."""
    return Origin(**{one.name: table[one.name] for one in fields(Origin) if one.name in table})


def _new(done: sqlite3.Cursor) -> int:
    assert done.lastrowid is not None
    return done.lastrowid


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
