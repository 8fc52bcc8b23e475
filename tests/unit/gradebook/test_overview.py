"""A term as its gradebook shows it: columns, histories, full marks, the command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from grader.assignment.deadline import SubmissionRules
from grader.cli import main
from grader.core.messages import catalogue
from grader.gradebook import sent_log, tables
from grader.gradebook.overview import assignment_marks, marks_by_student, student_history
from grader.gradebook.records import Kind
from grader.gradebook.store import open_gradebook
from tests.support.gradebooks import (
    DUE,
    all_standings,
    report,
    results_in,
    set_by_hand,
    standing_of,
    take_in,
)
from tests.support.graded_folders import canvas, moodle


def test_a_term_has_a_column_for_each_assignment(tmp_path: Path, book: Path) -> None:
    """Canvas's students are told by their numbers; Moodle's, whose numbers differ, by name.

    Where two have the same name in one assignment, nobody is guessed.
    """
    first = {"a": moodle("Ann Lee", "12"), "b": moodle("Bo Ek", "13"), "c": moodle("Bo Ek", "14")}
    second = {"a": moodle("Ann Lee", "77"), "b": moodle("Bo Ek", "78")}
    for id, origins in (("hh", first), ("ih", second)):
        made = {name: report(50, content=name, assignment=id) for name in origins}
        take_in(book, results_in(tmp_path / id, made, origins))
    with open_gradebook(book) as opening, opening.reading() as connection:
        listed = tables.assignments(connection).values()
        term = marks_by_student([assignment_marks(connection, one) for one in listed])
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
    with open_gradebook(book, write=True) as opening:
        [(record, _)] = all_standings(book)
        for state in ("arrived", "refused", "begun"):
            sending = sent_log.begin_delivery(
                opening, target="lti x", assignment="hh", student=record.student.id, user="u1",
                score=80.0, max_score=100.0, who="ta",
            )  # fmt: skip
            if state != "begun":
                sent_log.end_delivery(opening, sending, state, "HTTP 404")
        events = student_history(opening.connection, "hh", record)
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


def test_the_best_is_the_best_of_its_own_full_marks(book: Path, out: Path) -> None:
    """50 of 50 is better than 60 of 100; and a mark that a further attempt changes is named."""
    rules = SubmissionRules(counts="best")
    take_in(book, results_in(out, {"ann": report(60, content="one")}), rules=rules)
    half = replace(report(50, content="two"), max_score=50.0)
    update = take_in(book, results_in(out, {"ann": half}), rules=rules)
    assert (standing_of(book, "ann").score, standing_of(book, "ann").max_score) == (50, 50)
    [(name, old, new)] = update.score_moved
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
