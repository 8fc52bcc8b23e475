"""What goes into a gradebook: attempts, their order and what lateness costs."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from grader.assignment.deadline import LatePenalty, SubmissionRules
from grader.gradebook import tables
from grader.gradebook.export.from_gradebook import mark_sheet
from grader.gradebook.export.plain_csv import marks_csv
from grader.gradebook.store import open_gradebook
from grader.submission.intake.roster import Origin
from tests.support.gradebooks import (
    DUE,
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


def test_taking_the_same_in_again_changes_nothing(book: Path, out: Path) -> None:
    """Each attempt and result is kept once, with the digest of its evidence."""
    results_in(out, {"ann": report(80), "bo": report(100)})
    first, second = take_in(book, out), take_in(book, out)
    assert (len(first.new_attempts), first.same_count) == (2, 0)
    assert (len(second.new_attempts), second.same_count, second.needs_regrade) == (0, 2, False)
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
    update = take_in(book, last, rules=SubmissionRules(counts="best"), again=True)
    [(name, change)] = update.score_changes
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
        take_in(
            book, out, rules=SubmissionRules(due=DUE), times={"ann": DUE + timedelta(days=days)}
        )
    assert standing_of(book, "ann").score == 40
    rules, back = (
        SubmissionRules(due=DUE, late=LatePenalty(percent_a_day=10)),
        {"ann": DUE + timedelta(days=3)},
    )
    take_in(book, tmp_path / "0", rules=rules, times=back, again=True)
    at = standing_of(book, "ann")
    assert (at.score, at.days_late) == (90, 0)


def test_lateness_is_taken_off_and_shown(book: Path, out: Path) -> None:
    """What was earned stays on record beside the mark."""
    results_in(out, {"ann": report(100), "bo": report(70)})
    times = {"ann": DUE + timedelta(hours=25), "bo": DUE - timedelta(hours=1)}
    take_in(book, out, rules=RULES, times=times)
    ann, bo = standing_of(book, "ann"), standing_of(book, "bo")
    assert (ann.score, ann.raw_score, ann.days_late, ann.late_penalty) == (80, 100, 2, 20)
    assert (bo.score, bo.days_late) == (70, 0)


def test_the_best_attempt_is_the_best_after_lateness(tmp_path: Path, book: Path) -> None:
    """A better notebook that came too late does not replace a good one in time."""
    for days, score in ((-1, 75), (3, 100)):
        out = results_in(tmp_path / str(days), {"ann": report(score, content=str(score))})
        take_in(book, out, rules=RULES, times={"ann": DUE + timedelta(days=days)})
    at = standing_of(book, "ann")
    assert (at.score, at.raw_score) == (75, 75)


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
    take_in(book, tmp_path / "1", rules=SubmissionRules(counts="best"), again=True)
    at = standing_of(book, "ann")
    assert (at.score, at.ungraded) == (80, 1)


def test_one_content_twice_in_a_class_is_one_attempt(book: Path, out: Path) -> None:
    """Handed in on two days, graded in one class: one attempt, with both times."""
    both, origin = {"ann_1": report(80), "ann_2": report(80)}, canvas("Ann", "1")
    times = {"ann_1": DUE, "ann_2": DUE + timedelta(days=1)}
    results_in(out, both, dict.fromkeys(both, origin))
    update = take_in(book, out, times=times)
    assert (len(update.new_attempts), update.same_count) == (1, 1)
    [(record, _)] = all_standings(book)
    [attempt] = record.attempts
    assert (attempt.first_submitted, attempt.last_submitted) == (DUE, DUE + timedelta(days=1))
    for _ in range(2):  # what is there says nothing new
        assert not take_in(book, out, times=times, again=True).needs_regrade
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


@pytest.mark.parametrize(("extension", "late"), [(None, "yes"), (DUE + timedelta(days=9), "")])
def test_a_table_says_who_counts_as_late(
    book: Path, out: Path, extension: datetime | None, late: str
) -> None:
    """By the rules and the extensions of the gradebook, whatever a platform's file says."""
    results_in(out, {"ann_1": report(80)}, {"ann_1": canvas("Ann", "1")})
    take_in(book, out, rules=RULES, times={"ann_1": DUE + timedelta(days=1)})
    if extension is not None:
        set_by_hand(book, "ann_1", extension.isoformat(), "due")
    with open_gradebook(book) as opening, opening.reading() as connection:
        [listed] = tables.assignments(connection).values()
        batch, _ = mark_sheet(connection, listed)
    [row] = csv.DictReader(marks_csv(batch, None).content.decode("utf-8-sig").splitlines())
    assert row["late"] == late
