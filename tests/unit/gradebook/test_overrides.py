"""Decisions by hand: none without a reason, and each outlives grading again."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.assignment.deadline import LatePenalty, SubmissionRules
from grader.cli import main
from grader.core.messages import catalogue
from grader.gradebook import tables
from grader.gradebook.export.from_gradebook import mark_sheet
from grader.gradebook.overrides import find_student, set_override, validate_mark
from grader.gradebook.overview import student_history
from grader.gradebook.store import GradebookError, open_gradebook
from tests.support.gradebooks import (
    DUE,
    LOST,
    RULES,
    all_standings,
    count,
    report,
    results_in,
    set_by_hand,
    standing_of,
    take_in,
)
from tests.support.graded_folders import canvas


def sentence_of(problem: GradebookError) -> str:
    catalogue("zh").render(problem.note.message_id, **problem.note.values)
    return catalogue("en").render(problem.note.message_id, **problem.note.values)


def test_grading_again_shows_before_it_changes(book: Path, out: Path) -> None:
    """A mark that is there changes only when asked for; earlier results stay on record."""
    results_in(out, {"ann": report(80), "bo": report(60)})
    take_in(book, out)
    before = book.read_bytes()
    results_in(out, {"ann": report(90, why="a tolerance changed"), "bo": report(60)})
    shown = take_in(book, out, look=True)
    assert book.read_bytes() == before
    [(name, change)] = shown.score_changes
    assert (name, change.old, change.new, change.why) == ("ann", 80, 90, "a tolerance changed")
    assert [check.id for check in change.checks] == [LOST]
    assert take_in(book, out).needs_regrade  # adding alone leaves the mark
    assert standing_of(book, "ann").score == 80
    [(name, done)] = take_in(book, out, again=True).score_changes
    assert (name, done.old, done.new, done.checks) == ("ann", 80, 90, change.checks)
    assert standing_of(book, "ann").score == 90
    assert not take_in(book, out, look=True).needs_regrade
    [(record, _), _] = all_standings(book)
    assert [result.score for result in record.attempts[0].results] == [80, 90]


def test_an_override_survives_grading_again(book: Path, out: Path) -> None:
    """It stands over whatever is computed, says who, when and why, and can be undone."""
    results_in(out, {"ann": report(80)})
    take_in(book, out)
    set_by_hand(book, "ann", "95")
    results_in(out, {"ann": report(60, why="a tolerance changed")})
    update = take_in(book, out, again=True)
    [kept] = update.overridden
    assert (kept.submission, kept.old, kept.new, update.score_changes) == ("ann", 80, 60, ())
    at = standing_of(book, "ann")
    assert (at.score, at.computed_score) == (95, 60)
    assert at.override is not None
    assert (at.override.who, at.override.why) == ("ta", "said so")
    assert datetime.fromisoformat(at.override.at).tzinfo is not None
    set_by_hand(book, "ann", None)
    assert standing_of(book, "ann").score == 60
    assert count(book, "override") == 2


def test_excused_has_no_mark_and_another_due_date_forgives(book: Path, out: Path) -> None:
    """Both are decisions about one student, and leave the others as they are."""
    results_in(out, {"ann": report(90), "bo": report(90), "cem": report(90)})
    late = DUE + timedelta(days=2)
    take_in(book, out, rules=RULES, times=dict.fromkeys(("ann", "bo", "cem"), late))
    set_by_hand(book, "ann", "yes", "excused")
    set_by_hand(book, "bo", late.isoformat(), "due")
    scores = {r.submission: at.score for r, at in all_standings(book)}
    assert scores == {"ann": None, "bo": 90, "cem": 70}
    with open_gradebook(book) as opening, opening.reading() as connection:
        [listed] = tables.assignments(connection).values()
        batch, _ = mark_sheet(connection, listed)
    assert {g.id: g.mark() for g in batch.submissions} == {"ann": "", "bo": "90", "cem": "70"}
    assert batch.submissions[0].outcome == "excused"


def test_a_decision_without_a_reason_is_none(book: Path, out: Path) -> None:
    """Nor is a mark beyond full marks, nor one about somebody who is not told apart."""
    results_in(out, {"ann_1": report(80), "ann_2": report(80)},
               {"ann_1": canvas("Ann", "1"), "ann_2": canvas("Ann", "2")})  # fmt: skip
    take_in(book, out)
    with open_gradebook(book, write=True) as opening:
        connection = opening.connection
        [listed] = tables.assignments(connection).values()
        for name, reason, said in (
            ("ann_1", "  ", "Say why, with --why"),
            ("Ann", "x", "Ann may be several: ann_1; ann_2."),
            ("an_1", "x", "Nobody in the gradebook is called an_1. Near: ann_1"),
        ):
            with pytest.raises(GradebookError) as caught:
                set_override(connection, listed, name, "mark", "50", "ta", reason)
            assert said in sentence_of(caught.value)
        with pytest.raises(GradebookError, match="nothing to undo"):
            set_override(connection, listed, "ann_1", "mark", None, "ta", "x")
        assert find_student(tables.records(connection, "hh").values(), "2").submission == "ann_2"
    for points in (100.5, -1, float("nan"), float("inf")):
        with pytest.raises(GradebookError) as caught:
            validate_mark(points, 100)
        assert "from 0 to 100" in sentence_of(caught.value)


def test_what_was_written_is_never_changed(book: Path, out: Path) -> None:
    """SQLite itself refuses to change or remove a result or an override."""
    take_in(book, results_in(out, {"ann": report(80)}))
    set_by_hand(book, "ann", "50")
    with sqlite3.connect(book) as connection:
        for statement in (
            "UPDATE result SET score = 100",
            "DELETE FROM result",
            "UPDATE override SET value = '100'",
            "DELETE FROM override",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="is never"):
                connection.execute(statement)


def test_rules_and_times_leave_what_they_were(book: Path, out: Path) -> None:
    """Other rules, and another time of handing in: what they were, who and when, for good."""
    take_in(book, results_in(out, {"ann": report(80)}), rules=SubmissionRules(due=DUE))
    later = SubmissionRules(due=DUE + timedelta(days=1))
    for _ in range(2):  # the second one finds nothing new
        take_in(book, out, rules=later, times={"ann": DUE}, again=True)
    with open_gradebook(book) as opening, opening.reading() as connection:
        rules, times = tables.revisions(connection, "hh")
        [record] = tables.records(connection, "hh").values()
        events = student_history(connection, "hh", record)
    assert (rules.before["due"], rules.after["due"]) == (
        "2026-11-30T12:00:00Z",
        "2026-12-01T12:00:00Z",
    )
    assert (times.before["first"], times.after["first"]) == (None, DUE.isoformat())
    assert {rules.who, times.who} == {"ta"}
    kinds = {event.what.message_id.rpartition(".")[2] for event in events}
    assert kinds == {"attempt", "result", "rules", "times"}
    with sqlite3.connect(book) as connection:
        for statement in (
            "DELETE FROM revision",
            "UPDATE attempt SET submission = 'x'",
            "DELETE FROM attempt",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="is never"):
                connection.execute(statement)


def test_a_teachers_word_on_time_is_corrected_by_another(book: Path, out: Path) -> None:
    """A time that was wrong is replaced, also by a later one, and no download undoes it."""
    early, late = DUE - timedelta(days=1), DUE + timedelta(hours=20)
    rules = SubmissionRules(due=DUE, late=LatePenalty(percent_a_day=10))
    noted = replace(canvas("Ann", "1"), submitted=early.isoformat())
    results_in(out, {"ann_1": report(80)}, {"ann_1": noted})
    take_in(book, out, rules=rules)
    assert standing_of(book, "ann_1").score == 80
    for told, mark in ((late, 70), (None, 70), (early, 80)):
        times = {"ann_1": told} if told else None
        take_in(book, out, rules=rules, times=times, again=True, correcting=True)
        assert standing_of(book, "ann_1").score == mark


def test_an_override_of_other_full_marks_is_named(book: Path, out: Path) -> None:
    """A mark that was set stays as it is, and it is said that full marks are others now."""
    take_in(book, results_in(out, {"ann": report(80)}))
    set_by_hand(book, "ann", "85")
    results_in(out, {"ann": replace(report(40), max_score=50.0)})
    shown = CliRunner().invoke(
        main, ("gradebook", "regrade", str(out), "-g", str(book), "--apply", "--lang", "en")
    )
    said = " ".join(shown.output.split())
    assert "full marks were 100 and are 50 now, and 85 stays 85" in said
    table = str(out / "marks.csv")
    done = CliRunner().invoke(main, ("export", "csv", "-g", str(book), "--lang", "en", "-o", table))
    assert "Set by hand to more than full marks (1): ann" in done.output


def test_a_day_alone_is_an_extension_to_its_end(book: Path, out: Path) -> None:
    """Who may hand in by the third may do so on the third; and a name is asked for."""
    take_in(book, results_in(out, {"ann": report(80)}), rules=RULES)
    command = (
        "gradebook",
        "override",
        "ann",
        "--due",
        "2026-12-03",
        "--why",
        "ill",
        "-g",
        str(book),
    )
    unnamed = CliRunner().invoke(main, (*command, "--by", " ", "--lang", "en"))
    assert unnamed.exit_code == 2
    assert "--by" in unnamed.output
    done = CliRunner().invoke(main, (*command, "--lang", "en"))
    assert "2026-12-03T23:59:59+00:00" in done.output
