"""Output folders with whole results, sealed by the writer itself, for tests of the gradebook."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from grader.assignment.deadline import ANY_TIME, LatePenalty, SubmissionRules
from grader.core.types import GradeReport, ScoreChange
from grader.gradebook import tables
from grader.gradebook.effective_mark import EffectiveMark, effective_mark
from grader.gradebook.merge import Update, apply_update, plan_update
from grader.gradebook.overrides import set_override
from grader.gradebook.read_results import read_graded_folder
from grader.gradebook.records import Kind, StudentRecord
from grader.gradebook.store import open_gradebook
from grader.report.store.result_json import result_json
from grader.submission.intake.roster import Origin, RosterEntry, write_roster
from tests.support.sample_reports import mark, perfect

LOST = "hh.simulation.V"


def report(
    score: float | None = 100.0, *, content: str = "one", why: str = "", assignment: str = "hh"
) -> GradeReport:
    """A report of a notebook with this ``content``; without a score it was not graded.

    What is lost is lost in one check. ``why`` says why it was judged again, if it was.
    """
    digest = hashlib.sha256(content.encode()).hexdigest()
    whole = replace(perfect("en"), sha256=digest, assignment=assignment)
    if score is None:
        return replace(mark(whole, LOST, "error", 0), outcome="not_graded", score=None)
    checks = tuple(
        replace(check, points=check.points * score / 100) if check.id == LOST else check
        for check in whole.checks
    )
    when = "2026-11-24T12:00:00+00:00"
    change = ScoreChange(when=when, why=why, old=0, new=score, old_max=100, new_max=100, checks=())
    return replace(whole, checks=checks, score=score, changes=(change,) if why else ())


def results_in(
    out: Path, reports: Mapping[str, GradeReport], origins: Mapping[str, Origin] | None = None
) -> Path:
    """``out`` as ``grade`` leaves it, as far as a gradebook reads it."""
    rows_of = []
    for id, one in reports.items():
        (folder := out / id).mkdir(parents=True, exist_ok=True)
        evidence = json.dumps({"of": one.sha256}).encode()
        (folder / "probe.json").write_bytes(evidence)
        digest = hashlib.sha256(evidence).hexdigest()
        whole = replace(one, submission_id=id, provenance={**one.provenance, "evidence": digest})
        (folder / "result.json").write_text(result_json(whole), "utf-8")
        origin = (origins or {}).get(id, Origin())
        rows_of.append(RosterEntry(id=id, file=f"{id}.ipynb", origin=origin))
    write_roster(rows_of, out)
    title = {"assignment": {"id": "hh", "title": "The neuron"}, "submissions": []}
    (out / "summary.json").write_text(json.dumps(title))
    return out


def take_in(
    book: Path,
    out: Path,
    *,
    rules: SubmissionRules = ANY_TIME,
    times: Mapping[str, datetime] | None = None,
    again: bool = False,
    look: bool = False,
    correcting: bool = False,
) -> Update:
    """Add results to a gradebook; ``again`` grades again, ``look`` writes nothing."""
    graded = read_graded_folder(out, "ta", times, correcting=correcting)
    with (
        open_gradebook(book, make=True, write=not look) as opening,
        opening.transaction(write=not look) as connection,
    ):
        update = plan_update(connection, graded, rules, "other rules")
        if not look:
            apply_update(connection, update, "ta", regrade=again)
    return update


def standing_of(book: Path, submission: str) -> EffectiveMark:
    """Where one student stands in the only assignment."""
    return {record.submission: at for record, at in all_standings(book)}[submission]


def all_standings(book: Path) -> list[tuple[StudentRecord, EffectiveMark]]:
    """Everyone in the only assignment."""
    with open_gradebook(book) as opening, opening.reading() as connection:
        [listed] = tables.assignments(connection).values()
        return [
            (record, effective_mark(record, listed.rules, listed.max_score))
            for record in tables.records(connection, listed.id).values()
        ]


DUE = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


RULES = SubmissionRules(due=DUE, counts="best", late=LatePenalty(percent_a_day=10))


def set_by_hand(book: Path, name: str, value: str | None, kind: Kind = "mark") -> None:
    with open_gradebook(book, write=True) as opening, opening.writing() as connection:
        [listed] = tables.assignments(connection).values()
        set_override(connection, listed, name, kind, value, "ta", "said so")


def count(book: Path, table: str) -> int:
    with open_gradebook(book) as opening:
        found = opening.connection.execute(f"SELECT count(*) FROM {table}")
        return int(found.fetchone()[0])
