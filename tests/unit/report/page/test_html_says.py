"""What the HTML pages say: to a student nothing hidden, to a teacher everything."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from grader.core.types import ExecutedNotebook
from grader.report.page.html import student_html, teacher_html
from tests.support.html_pages import Page
from tests.support.sample_reports import (
    ALL,
    SECRETS,
    crashed,
    mark,
    not_graded,
    partly_wrong,
    perfect,
    unreadable,
)
from tests.support.sample_traces import curves


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_student_learns_nothing_of_hidden_checks(name: str, language: str) -> None:
    """No id, name, message or expected value of a hidden check; no detail, seed or path."""
    report = replace(ALL[name](language), needs_look=("LOOK",), teacher_notes=("TELL",))
    text = Page(student_html(report)).text
    for secret in (*SECRETS, "LOOK", "TELL", "bwrap", "/opt/box", "/home/box"):
        assert secret not in text
    assert "ab" * 7 not in text  # no whole checksums either


def test_hidden_checks_are_one_line() -> None:
    """Their points appear as one sum, so that the parts add up to the score."""
    text = Page(student_html(partly_wrong())).text
    assert "Further checks used in grading: 13.33 of 24 points." in text
    without = replace(
        perfect(), checks=tuple(c for c in perfect().checks if c.visibility == "public")
    )
    assert "Further checks" not in Page(student_html(without)).text


def test_a_teacher_sees_everything() -> None:
    """Hidden checks, ids, details, seed, sandbox, notes, looks and every cell's time."""
    report = replace(crashed(), needs_look=("LOOK",), provenance=perfect().provenance)
    text = Page(teacher_html(report)).text
    for wanted in (
        "hh.hidden.3", "Hidden stimulus 3", "777.25", "987654321", "bwrap", "checks.hidden.ok",
        "DETAIL of IK", "DETAIL: the probe saw NameError", "LOOK", "3f" * 32, "ab" * 32,
        "0.24", "name 'Il' is not defined", "/opt/box/env",
    ):  # fmt: skip
        assert wanted in text
    assert "a ramp nobody knows" in Page(teacher_html(partly_wrong())).text
    cells = re.findall(
        r'<tr role="row" class="(ok|error)"><th[^>]*>(\d+)</th>', teacher_html(report)
    )
    assert len(cells) == 15
    assert cells[-1] == ("error", "26")


def test_the_score_is_large_and_exact() -> None:
    """The score, what it is out of, and the points of every part."""
    text = " ".join(Page(student_html(partly_wrong())).text.split())
    assert "72.83 of 100" in text
    assert "Ion channels 17.5 of 20" in text
    assert "15 of 23 checks passed." in text


def test_causes_come_before_what_follows_of_them() -> None:
    """The list of what to look at first goes by families, and by points lost within each."""
    text = student_html(partly_wrong())
    first = text[text.index('id="first"') : text.index('id="checks"')]
    titles = re.findall(r'<a href="#check-\d+">([^<]*)</a>', first)
    assert titles[:3] == ["Leak channel IL", "Maximal conductance of IL", "Number of spikes"]
    assert "cell 25, line 8" not in first
    assert "cell 25, line 7" in first


def test_a_perfect_work_is_told_so() -> None:
    """Nothing to look at first where nothing was lost."""
    text = student_html(perfect())
    assert "Everything is right. Well done." in text
    assert 'id="first"' not in text


def test_passing_what_is_shown_is_not_called_perfect() -> None:
    """Who lost points on hidden checks alone isn't told that everything is right."""
    text = student_html(mark(perfect(), "hh.hidden.2", "fail", 0))
    assert "Everything is right" not in text
    assert "Every check shown here passed." in text


def test_status_is_a_word_and_a_picture() -> None:
    """Colour is never alone: each status has its own icon and its own word."""
    text = student_html(partly_wrong())
    shown = set(re.findall(r'<use href="#(i-\w+)"/></svg> ([\w ]+)</td>', text))
    assert shown == {
        ("i-pass", "passed"), ("i-partial", "partly"), ("i-fail", "failed"),
        ("i-skipped", "not checked"),
    }  # fmt: skip


def test_the_error_stands_with_its_line() -> None:
    """The failed cell's source, the line marked, the traceback without colours or paths."""
    text = student_html(crashed())
    marked = re.findall(r'<div class="line marked"><span class="ln">(\d+)</span>', text)
    assert marked == ["7"]
    assert "# &lt;b&gt;leak&lt;/b&gt;" in text
    assert "…/brainpy/_src/dynsys.py:62, in __init__(self)" in text
    assert "secret place" not in text
    assert "Cell 26 stopped with an error." in text


def test_cells_that_failed_for_our_fault_are_not_listed() -> None:
    """A failure that the machine is to blame for isn't held against the student."""
    report = crashed()
    cells = tuple(
        replace(cell, status="error", excused="run.excused.x")
        if cell.index == 3
        else replace(cell, status="error")
        if cell.index == 4
        else cell
        for cell in report.run.cells
    )
    text = student_html(replace(report, run=replace(report.run, cells=cells)))
    assert "Cells that failed as well: cell 5<" in text


def test_not_graded_has_no_score_and_no_blame() -> None:
    """Our own fault: no number, no checks, no plots, and the student is told it isn't theirs."""
    text = Page(student_html(not_graded())).text
    assert "It is not your fault" in text
    assert "of 100" not in text
    assert "Number of spikes" not in text
    assert "reference broke" not in text
    teachers = Page(teacher_html(not_graded())).text
    assert "our error" in teachers
    assert "ZeroDivisionError" in teachers
    assert "of 100" not in teachers


def test_an_error_of_ours_is_never_a_low_score() -> None:
    """Even if a caller hands over a score beside a broken check, the page shows none."""
    text = student_html(replace(not_graded(), outcome="graded", score=50.0))
    assert "It is not your fault" in text


def test_unreadable_files_are_explained() -> None:
    """0 points, what the reader said, and what to do."""
    text = Page(student_html(unreadable())).text
    assert re.search(r"\b0 of 100", text)
    assert "not JSON: line 1, column 1" in text
    assert "save it, and hand in the .ipynb file itself" in text


@pytest.mark.parametrize("status", ["timeout", "memory", "kernel_died"])
@pytest.mark.parametrize("cell", [None, 25])
def test_a_cut_run_is_explained(status: str, cell: int | None) -> None:
    """Time, memory and crashes each have a sentence, with the cell where it is known."""
    run = ExecutedNotebook(status=status, failed_cell=cell, error="x")  # type: ignore[arg-type]
    text = Page(student_html(replace(perfect(), run=run))).text
    assert ("ell 26" in text) == (cell is not None)
    assert {"timeout": "endless loop", "memory": "large arrays", "kernel_died": "kernel"}[
        status
    ] in text


def test_an_unknown_family_has_its_own_name() -> None:
    """An assignment may name families that no sentence knows."""
    report = perfect()
    checks = tuple(replace(check, family="phase_plane") for check in report.checks)
    assert "Phase plane" in Page(student_html(replace(report, checks=checks))).text


def test_a_report_of_nothing_is_still_a_page() -> None:
    """No checks, no cells, no curves, an unknown language."""
    empty = replace(
        perfect(), checks=(), curves=(), notes=(), provenance={}, language="xx",
        run=ExecutedNotebook(status="ok"), max_score=0.0, score=0.0,
    )  # fmt: skip
    Page(student_html(empty))
    assert "No cell was run." in Page(teacher_html(empty)).text


def test_without_traces_it_is_said_once() -> None:
    """Four plots of the reference alone don't repeat the same sentence four times."""
    text = student_html(crashed())
    visible = re.sub(r"<desc.*?</desc>", "", text)
    assert visible.count("Your model gave no trace to compare") == 1
    mixed = replace(crashed(), curves=curves(None)[:1] + partly_wrong().curves[1:])
    assert "thin line" in student_html(mixed)


def test_each_reader_is_addressed_as_such() -> None:
    """A student reads "yours", a teacher "student"."""
    assert ">yours</text>" in student_html(partly_wrong())
    assert ">yours</text>" not in teacher_html(partly_wrong())
    assert ">student</text>" in teacher_html(partly_wrong())


def test_our_own_errors_lead_the_teachers_list() -> None:
    """What broke on our side comes before what the student lost most by."""
    text = teacher_html(not_graded())
    first = text[text.index('id="first"') :]
    assert re.findall(r'<a href="#check-\d+">([^<]*)</a>', first)[0] == "Membrane potential V"
