"""A term's gradebook: nothing that was ever given is lost, and a mark says how it came about."""

from __future__ import annotations

import csv
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.assignment.deadline import HandingIn, Late
from grader.cli import main
from grader.core.messages import catalogue
from grader.gradebook import sent_log as journal
from grader.gradebook import tables as rows
from grader.gradebook.export.from_gradebook import booked
from grader.gradebook.export.plain_csv import table
from grader.gradebook.overrides import as_mark, decide, find
from grader.gradebook.overview import history, people, standings
from grader.gradebook.records import Kind
from grader.gradebook.store import BookError, opened
from grader.submission.intake.roster import Origin
from tests.support.gradebooks import LOST, all_standings, report, results_in, standing_of, take_in
from tests.support.graded_folders import canvas, moodle

DUE = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
RULES = HandingIn(due=DUE, counts="best", late=Late(percent_a_day=10))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "term.sqlite"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def set_by_hand(book: Path, name: str, value: str | None, kind: Kind = "mark") -> None:
    with opened(book, write=True) as opening, opening.writing() as connection:
        [listed] = rows.assignments(connection).values()
        decide(connection, listed, name, kind, value, "ta", "said so")


def count(book: Path, table: str) -> int:
    with opened(book) as opening:
        found = opening.connection.execute(f"SELECT count(*) FROM {table}")
        return int(found.fetchone()[0])


def sentence_of(problem: BookError) -> str:
    catalogue("zh").render(problem.note.message_id, **problem.note.values)
    return catalogue("en").render(problem.note.message_id, **problem.note.values)


def test_taking_the_same_in_again_changes_nothing(book: Path, out: Path) -> None:
    """Each attempt and result is kept once, with the digest of its evidence."""
    results_in(out, {"ann": report(80), "bo": report(100)})
    first, second = take_in(book, out), take_in(book, out)
    assert (len(first.added), first.same) == (2, 0)
    assert (len(second.added), second.same, second.waits) == (0, 2, False)
    assert (count(book, "attempt"), count(book, "result")) == (2, 2)
    [(record, at), _] = all_standings(book)
    assert (record.submission, at.score, at.max_score) == ("ann", 80, 100)
    assert at.attempt is not None
    assert at.attempt.result is not None
    assert len(at.attempt.result.evidence) == 64


def test_a_result_that_was_edited_is_not_taken(book: Path, out: Path) -> None:
    """Neither a mark written in by hand nor evidence of something else gets in."""
    results_in(out, {name: report(80) for name in ("ann", "bo", "cem")})
    edited = out / "ann" / "result.json"
    edited.write_text(edited.read_text("utf-8").replace('"score": 80', '"score": 99'), "utf-8")
    (out / "bo" / "probe.json").write_text("{}")
    update = take_in(book, out)
    assert update.left_out == ("ann", "bo")
    assert [record.submission for record, _ in all_standings(book)] == ["cem"]


def test_the_best_or_the_last_attempt_counts(tmp_path: Path, book: Path) -> None:
    """Every attempt is kept; the assignment says which one makes the mark."""
    for number, score in enumerate((70, 90, 60)):
        handed_in = {"ann": report(score, content=str(number))}
        take_in(book, results_in(tmp_path / str(number), handed_in))
    assert standing_of(book, "ann").score == 60
    assert count(book, "attempt") == 3
    last = tmp_path / "2"
    update = take_in(book, last, rules=HandingIn(counts="best"), again=True)
    [(name, change)] = update.changes
    assert (name, change.old, change.new, change.why) == ("ann", 60, 90, "other rules")
    assert standing_of(book, "ann").score == 90


def test_attempts_stand_in_the_order_of_their_times(tmp_path: Path, book: Path) -> None:
    """An earlier attempt that is graded later is not the last one."""
    for number, hours in (("new", 2), ("old", 1)):
        out = results_in(tmp_path / number, {"ann": report(50 + hours, content=number)})
        take_in(book, out, times={"ann": DUE - timedelta(days=1) + timedelta(hours=hours)})
    assert standing_of(book, "ann").score == 52


def test_an_old_notebook_handed_in_again_is_the_last_attempt(tmp_path: Path, book: Path) -> None:
    """Who goes back to an earlier notebook gets its mark, and is no later than at first."""
    one, two = report(90, content="one"), report(40, content="two")
    for number, (made, days) in enumerate(((one, -2), (two, -1))):
        out = results_in(tmp_path / str(number), {"ann": made})
        take_in(book, out, rules=HandingIn(due=DUE), times={"ann": DUE + timedelta(days=days)})
    assert standing_of(book, "ann").score == 40
    rules, back = HandingIn(due=DUE, late=Late(percent_a_day=10)), {"ann": DUE + timedelta(days=3)}
    take_in(book, tmp_path / "0", rules=rules, times=back, again=True)
    at = standing_of(book, "ann")
    assert (at.score, at.days_late) == (90, 0)


def test_lateness_is_taken_off_and_shown(book: Path, out: Path) -> None:
    """What was earned stays on record beside the mark."""
    results_in(out, {"ann": report(100), "bo": report(70)})
    times = {"ann": DUE + timedelta(hours=25), "bo": DUE - timedelta(hours=1)}
    take_in(book, out, rules=RULES, times=times)
    ann, bo = standing_of(book, "ann"), standing_of(book, "bo")
    assert (ann.score, ann.earned, ann.days_late, ann.lost) == (80, 100, 2, 20)
    assert (bo.score, bo.days_late) == (70, 0)


def test_the_best_attempt_is_the_best_after_lateness(tmp_path: Path, book: Path) -> None:
    """A better notebook that came too late does not replace a good one in time."""
    for days, score in ((-1, 75), (3, 100)):
        out = results_in(tmp_path / str(days), {"ann": report(score, content=str(score))})
        take_in(book, out, rules=RULES, times={"ann": DUE + timedelta(days=days)})
    at = standing_of(book, "ann")
    assert (at.score, at.earned) == (75, 75)


def test_a_flag_alone_costs_nothing_and_is_said(book: Path, out: Path) -> None:
    """Where a platform says late and nobody by how much, the mark stays and a person is asked."""
    origins = {"ann": canvas("ann", "12", late=True), "bo": canvas("bo", "13", late=True)}
    results_in(out, {"ann": report(90), "bo": report(90)}, origins)
    take_in(book, out, rules=RULES, times={"bo": DUE})
    ann, bo = standing_of(book, "ann"), standing_of(book, "bo")
    assert (ann.score, ann.days_late) == (90, None)
    assert (bo.score, bo.days_late) == (90, 0)  # our own clock knows better


def test_a_download_that_says_when_is_believed(book: Path, out: Path) -> None:
    """As nbgrader's does; a table given beside it knows better."""
    origins = {
        name: Origin(
            layout="nbgrader", lms_id=name, submitted=(DUE + timedelta(hours=1)).isoformat()
        )
        for name in ("ann", "bo")
    }
    results_in(out, dict.fromkeys(origins, report(90)), origins)
    take_in(book, out, rules=RULES, times={"bo": DUE})
    assert {r.submission: at.score for r, at in all_standings(book)} == {"ann": 80, "bo": 90}


def test_what_was_not_graded_has_no_mark(tmp_path: Path, book: Path) -> None:
    """A fault of ours is no 0; of several attempts the best is among those that were graded."""
    take_in(book, results_in(tmp_path / "0", {"ann": report(80, content="a")}))
    take_in(book, results_in(tmp_path / "1", {"ann": report(None, content="b")}))
    at = standing_of(book, "ann")
    assert (at.score, at.ungraded) == (None, 1)
    take_in(book, tmp_path / "1", rules=HandingIn(counts="best"), again=True)
    at = standing_of(book, "ann")
    assert (at.score, at.ungraded) == (80, 1)


def test_grading_again_shows_before_it_changes(book: Path, out: Path) -> None:
    """A mark that is there changes only when asked for; earlier results stay on record."""
    results_in(out, {"ann": report(80), "bo": report(60)})
    take_in(book, out)
    before = book.read_bytes()
    results_in(out, {"ann": report(90, why="a tolerance changed"), "bo": report(60)})
    shown = take_in(book, out, look=True)
    assert book.read_bytes() == before
    [(name, change)] = shown.changes
    assert (name, change.old, change.new, change.why) == ("ann", 80, 90, "a tolerance changed")
    assert [check.id for check in change.checks] == [LOST]
    assert take_in(book, out).waits  # adding alone leaves the mark
    assert standing_of(book, "ann").score == 80
    [(name, done)] = take_in(book, out, again=True).changes
    assert (name, done.old, done.new, done.checks) == ("ann", 80, 90, change.checks)
    assert standing_of(book, "ann").score == 90
    assert not take_in(book, out, look=True).waits
    [(record, _), _] = all_standings(book)
    assert [result.score for result in record.attempts[0].results] == [80, 90]


def test_an_override_survives_grading_again(book: Path, out: Path) -> None:
    """It stands over whatever is computed, says who, when and why, and can be undone."""
    results_in(out, {"ann": report(80)})
    take_in(book, out)
    set_by_hand(book, "ann", "95")
    results_in(out, {"ann": report(60, why="a tolerance changed")})
    update = take_in(book, out, again=True)
    [kept] = update.kept
    assert (kept.submission, kept.old, kept.new, update.changes) == ("ann", 80, 60, ())
    at = standing_of(book, "ann")
    assert (at.score, at.computed) == (95, 60)
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
    with opened(book) as opening, opening.reading() as connection:
        [listed] = rows.assignments(connection).values()
        batch, _ = booked(connection, listed)
    assert {g.id: g.mark() for g in batch.submissions} == {"ann": "", "bo": "90", "cem": "70"}
    assert batch.submissions[0].outcome == "excused"


def test_a_decision_without_a_reason_is_none(book: Path, out: Path) -> None:
    """Nor is a mark beyond full marks, nor one about somebody who is not told apart."""
    results_in(out, {"ann_1": report(80), "ann_2": report(80)},
               {"ann_1": canvas("Ann", "1"), "ann_2": canvas("Ann", "2")})  # fmt: skip
    take_in(book, out)
    with opened(book, write=True) as opening:
        connection = opening.connection
        [listed] = rows.assignments(connection).values()
        for name, reason, said in (
            ("ann_1", "  ", "Say why, with --why"),
            ("Ann", "x", "Ann may be several: ann_1; ann_2."),
            ("an_1", "x", "Nobody in the gradebook is called an_1. Near: ann_1"),
        ):
            with pytest.raises(BookError) as caught:
                decide(connection, listed, name, "mark", "50", "ta", reason)
            assert said in sentence_of(caught.value)
        with pytest.raises(BookError, match="nothing_to_undo"):
            decide(connection, listed, "ann_1", "mark", None, "ta", "x")
        assert find(rows.records(connection, "hh").values(), "2").submission == "ann_2"
    for points in (100.5, -1, float("nan"), float("inf")):
        with pytest.raises(BookError) as caught:
            as_mark(points, 100)
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


def test_a_term_has_a_column_for_each_assignment(tmp_path: Path, book: Path) -> None:
    """Canvas's students are told by their numbers; Moodle's, whose numbers differ, by name.

    Where two have the same name in one assignment, nobody is guessed.
    """
    first = {"a": moodle("Ann Lee", "12"), "b": moodle("Bo Ek", "13"), "c": moodle("Bo Ek", "14")}
    second = {"a": moodle("Ann Lee", "77"), "b": moodle("Bo Ek", "78")}
    for id, origins in (("hh", first), ("ih", second)):
        made = {name: report(50, content=name, assignment=id) for name in origins}
        take_in(book, results_in(tmp_path / id, made, origins))
    with opened(book) as opening, opening.reading() as connection:
        listed = rows.assignments(connection).values()
        term = people([standings(connection, one) for one in listed])
    assert [(name, sorted(of)) for name, of in term] == [
        ("Ann Lee", ["hh", "ih"]),
        ("b", ["hh"]),
        ("c", ["hh"]),
        ("b", ["ih"]),
    ]


def test_a_history_says_everything_in_both_languages(book: Path, tmp_path: Path) -> None:
    """Attempts, results, decisions and what was sent, each with who and when."""
    one = results_in(tmp_path / "1", {"ann": report(80)})
    take_in(book, one, times={"ann": DUE})
    take_in(book, results_in(tmp_path / "2", {"ann": report(None, content="two")}))
    decisions: list[tuple[Kind, str | None]] = [("mark", "90"), ("excused", "yes")]
    for kind, value in [*decisions, ("due", DUE.isoformat()), ("mark", None)]:
        set_by_hand(book, "ann", value, kind)
    with opened(book, write=True) as opening:
        [(record, _)] = all_standings(book)
        for state in ("arrived", "refused", "begun"):
            sending = journal.begin(
                opening, target="lti x", assignment="hh", student=record.student.id, user="u1",
                score=80.0, max_score=100.0, who="ta",
            )  # fmt: skip
            if state != "begun":
                journal.end(opening, sending, state, "HTTP 404")
        events = history(opening.connection, "hh", record)
    kinds = {event.what.message_id.rpartition(".")[2] for event in events}
    assert kinds == {
        *("attempt_at", "attempt", "result", "not_graded", "mark", "excused", "due"),
        "undone_mark",
        *("arrived", "refused", "begun"),
    }
    for language in ("en", "zh"):
        said = [catalogue(language).render(e.what.message_id, **e.what.values) for e in events]
        assert all(event.who == "ta" for event in events)
        assert any("80/100" in text and "lti x" in text for text in said)


def test_the_command_line_keeps_a_term(book: Path, out: Path, tmp_path: Path) -> None:
    """Add, show, override, history, grade again, export: as a TA does it, in both languages."""

    def grader(*arguments: str | Path) -> str:
        done = CliRunner().invoke(main, [*map(str, arguments)], env={"COLUMNS": "100"})
        assert done.exit_code == 0, done.output
        return done.stdout

    origins = {"lee_12": canvas("leeann", "12"), "kim_13": canvas("kimjo", "13")}
    results_in(out, {"lee_12": report(80), "kim_13": report(100)}, origins)
    given = ("-g", book, "--lang", "en")
    said = " ".join(grader("gradebook", "add", out, *given).split())  # a long path breaks lines
    assert "a new gradebook" in said
    assert "2 new attempts" in said
    grader("gradebook", "override", "lee_12", "85", "--why", "explained it", "--by", "Kim", *given)
    assert "85*" in grader("gradebook", "show", *given)
    other = {"lee_12": report(70, why="a tolerance"), "kim_13": report(90, why="x")}
    results_in(out, other, origins)
    assert "grader gradebook regrade" in grader("gradebook", "add", out, *given)
    shown = grader("gradebook", "regrade", out, *given)
    assert "100/100 → 90/100" in shown
    assert "lee_12 keeps 85, set by Kim: explained it (computed: 80, now 70)" in shown
    assert "Nothing was changed" in shown
    assert "1 marks changed" in grader("gradebook", "regrade", out, "--apply", *given)
    history = " ".join(grader("gradebook", "history", "lee_12", *given).split())
    assert "hh: 80/100; evidence" in history
    assert "hh: 70/100 (a tolerance); evidence" in history
    assert "hh: mark 85: explained it" in history
    zh = grader("gradebook", "show", "-a", "hh", "-g", book, "--lang", "zh")
    assert "由 Kim 设定：explained it" in zh.replace("\n", "")
    table = tmp_path / "marks.csv"
    grader("export", "csv", "-g", book, "-o", table, "--lang", "en")
    marks = table.read_text("utf-8-sig").splitlines()[1:]
    assert [line.split(",")[8] for line in marks] == ["85", "90"]


def test_one_content_twice_in_a_class_is_one_attempt(book: Path, out: Path) -> None:
    """Handed in on two days, graded in one class: one attempt, with both times."""
    both, origin = {"ann_1": report(80), "ann_2": report(80)}, canvas("Ann", "1")
    times = {"ann_1": DUE, "ann_2": DUE + timedelta(days=1)}
    results_in(out, both, dict.fromkeys(both, origin))
    update = take_in(book, out, times=times)
    assert (len(update.added), update.same) == (1, 1)
    [(record, _)] = all_standings(book)
    [attempt] = record.attempts
    assert (attempt.first, attempt.last) == (DUE, DUE + timedelta(days=1))
    for _ in range(2):  # what is there says nothing new
        assert not take_in(book, out, times=times, again=True).waits
    assert count(book, "result") == 1


def test_of_one_content_twice_what_was_graded_counts(book: Path, out: Path) -> None:
    """A fault of ours in one of the two runs costs no mark, now or when it is added again."""
    both = {"ann_1": report(None), "ann_2": report(80)}
    results_in(out, both, dict.fromkeys(both, canvas("Ann", "1")))
    for again in (False, True, True):
        take_in(book, out, again=again)
        [(_, standing)] = all_standings(book)
        assert standing.score == 80
    assert count(book, "result") == 1


def test_rules_and_times_leave_what_they_were(book: Path, out: Path) -> None:
    """Other rules, and another time of handing in: what they were, who and when, for good."""
    take_in(book, results_in(out, {"ann": report(80)}), rules=HandingIn(due=DUE))
    later = HandingIn(due=DUE + timedelta(days=1))
    for _ in range(2):  # the second one finds nothing new
        take_in(book, out, rules=later, times={"ann": DUE}, again=True)
    with opened(book) as opening, opening.reading() as connection:
        rules, times = rows.revisions(connection, "hh")
        [record] = rows.records(connection, "hh").values()
        events = history(connection, "hh", record)
    assert (rules.was["due"], rules.now["due"]) == ("2026-11-30T12:00:00Z", "2026-12-01T12:00:00Z")
    assert (times.was["first"], times.now["first"]) == (None, DUE.isoformat())
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
    rules = HandingIn(due=DUE, late=Late(percent_a_day=10))
    noted = replace(canvas("Ann", "1"), submitted=early.isoformat())
    results_in(out, {"ann_1": report(80)}, {"ann_1": noted})
    take_in(book, out, rules=rules)
    assert standing_of(book, "ann_1").score == 80
    for told, mark in ((late, 70), (None, 70), (early, 80)):
        times = {"ann_1": told} if told else None
        take_in(book, out, rules=rules, times=times, again=True, correcting=True)
        assert standing_of(book, "ann_1").score == mark


def test_the_best_is_the_best_of_its_own_full_marks(book: Path, out: Path) -> None:
    """50 of 50 is better than 60 of 100; and a mark that a further attempt changes is named."""
    rules = HandingIn(counts="best")
    take_in(book, results_in(out, {"ann": report(60, content="one")}), rules=rules)
    half = replace(report(50, content="two"), max_score=50.0)
    update = take_in(book, results_in(out, {"ann": half}), rules=rules)
    assert (standing_of(book, "ann").score, standing_of(book, "ann").max_score) == (50, 50)
    [(name, old, new)] = update.moved
    assert (name, old.score, new.score) == ("ann", 60, 50)


def test_marks_of_several_full_marks_fill_no_column(book: Path, out: Path) -> None:
    """Where a part of a class was judged by other points, an export says so and of whom."""
    origins = {"ann_1": canvas("Ann", "1"), "bo_2": canvas("Bo", "2")}
    results_in(out, dict.fromkeys(origins, report(80)), origins)
    take_in(book, out)
    half = replace(report(40), max_score=50.0)
    take_in(book, results_in(out, {"bo_2": half}, origins), again=True)
    arguments = ("export", "canvas", "-g", str(book), "--lang", "en", "-o", str(out / "c.csv"))
    refused = CliRunner().invoke(main, arguments)
    assert refused.exit_code == 2
    assert "fewer than 100 points (1): bo_2" in " ".join(refused.output.split())
    done = CliRunner().invoke(main, (*arguments, "--points", "10"))
    assert done.exit_code == 0, done.output
    lines = (out / "c.csv").read_text("utf-8-sig").splitlines()
    assert [line.rpartition(",")[2] for line in lines[2:]] == ["8", "8"]


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


@pytest.mark.parametrize(("extension", "late"), [(None, "yes"), (DUE + timedelta(days=9), "")])
def test_a_table_says_who_counts_as_late(
    book: Path, out: Path, extension: datetime | None, late: str
) -> None:
    """By the rules and the extensions of the gradebook, whatever a platform's file says."""
    results_in(out, {"ann_1": report(80)}, {"ann_1": canvas("Ann", "1")})
    take_in(book, out, rules=RULES, times={"ann_1": DUE + timedelta(days=1)})
    if extension is not None:
        set_by_hand(book, "ann_1", extension.isoformat(), "due")
    with opened(book) as opening, opening.reading() as connection:
        [listed] = rows.assignments(connection).values()
        batch, _ = booked(connection, listed)
    [row] = csv.DictReader(table(batch, None).content.decode("utf-8-sig").splitlines())
    assert row["late"] == late


def test_who_was_not_graded_has_no_other_full_marks(book: Path, out: Path) -> None:
    """A fault of ours keeps nobody's mark out of a column, and is not named as other points."""
    origins = {"ann_1": canvas("Ann", "1"), "bo_2": canvas("Bo", "2"), "cy_3": canvas("Cy", "3")}
    results_in(out, {id: report(None if id == "cy_3" else 80) for id in origins}, origins)
    take_in(book, out)
    command = ("export", "canvas", "-g", str(book), "--lang", "en", "-o", str(out / "c.csv"))
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 1
    assert "without a mark (1). Grade them again: cy_3" in done.output
    half = replace(report(40), max_score=50.0)
    take_in(book, results_in(out, {"bo_2": half}, origins), again=True)
    refused = CliRunner().invoke(main, (*command, "--overwrite"))
    assert "fewer than 100 points (1): bo_2" in " ".join(refused.output.split())
