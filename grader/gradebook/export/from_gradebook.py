"""A gradebook's marks as exports take them: what counts, lateness and overrides included."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from grader.assignment.deadline import LatePenalty
from grader.gradebook import tables
from grader.gradebook.effective_mark import EffectiveMark, effective_mark
from grader.gradebook.export.results import GradedSubmission, MarkSheet, name_notes
from grader.gradebook.records import StudentRecord
from grader.gradebook.store import GradebookError
from grader.gradebook.tables import AssignmentRow
from grader.submission.intake.roster import Origin


def mark_sheet(
    connection: sqlite3.Connection, listed: AssignmentRow
) -> tuple[MarkSheet, dict[str, StudentRecord]]:
    """Return the marks of one assignment, and by each submission's id whose it is.

    A student is called after the attempt that counts. Raises ``GradebookError`` for nobody.
    """
    found: dict[str, tuple[GradedSubmission, StudentRecord]] = {}
    standings: dict[str, EffectiveMark] = {}
    for record in tables.records(connection, listed.id).values():
        at = effective_mark(record, listed.rules, listed.max_score)
        one = _graded(record, at)
        if one.id in found:  # two students' files had the same name in two batches
            one = replace(one, id=f"{one.id}#{record.student.id}")
        found[one.id] = (one, record)
        standings[one.id] = at
    if not found:
        raise GradebookError("no_marks", assignment=listed.title)
    unsure = [
        id
        for id, at in standings.items()
        if at.days_late is None and at.score is not None and at.override is None
    ]
    notes = name_notes("late_by", unsure if listed.rules.late != LatePenalty() else ())
    above = [id for id, at in standings.items() if (at.score or 0.0) > at.max_score]
    batch = MarkSheet(
        listed.id,
        listed.title,
        tuple(one for one, _ in found.values()),
        (*notes, *name_notes("above", above)),
    )
    return batch, {id: record for id, (_, record) in found.items()}


def _graded(record: StudentRecord, at: EffectiveMark) -> GradedSubmission:
    attempt = at.attempt or (record.attempts[-1] if record.attempts else None)
    key, name = record.student.key, record.student.name
    if attempt is None:
        layout = key.layout
        origin = Origin(layout=layout, name=name, lms_id=key.number)  # type: ignore[arg-type]  # as it was stored
    else:
        late = at.days_late is None or at.days_late > 0  # an extension counts, too
        origin = replace(attempt.origin, late=late)
    return GradedSubmission(
        id=record.submission if attempt is None else attempt.submission,
        folder=Path(),
        origin=origin,
        file="" if attempt is None else attempt.file,
        outcome=_outcome(at),
        status="" if attempt is None or attempt.result is None else attempt.result.status,
        score=at.score,
        max_score=at.max_score,
    )


def _outcome(at: EffectiveMark) -> str:
    """As a batch has it; "excused" for who is, who has no mark for that."""
    if at.excused:
        return "excused"
    if at.score is not None:
        return "graded"
    return "not_graded" if at.attempt is not None else "missing"
