"""Tests of the teacher's files over a batch."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from urllib.parse import unquote

import pytest

from grader.core.types import BatchSummary, GradeReport
from grader.report.batch.csv_json import grades_csv, summary_json
from grader.report.batch.index_html import index_html
from tests.support.sample_reports import (
    crashed,
    hostile,
    not_graded,
    partly_wrong,
    perfect,
    unreadable,
)

NAMES = [
    "a b",
    "张伟#1",
    "50%/x?",
    "50%25",
    "..",
    "javascript:alert(1)",
    "ü&\"'<b>",
    "=1+2",
    "x\udcff",
]


def _batch(*reports: GradeReport, language: str = "en") -> BatchSummary:
    return BatchSummary(
        assignment="hh", assignment_title="HH", reports=reports, seconds=2.5, language=language
    )


def _mixed() -> BatchSummary:
    return _batch(
        replace(perfect(), submission_id="one"),
        replace(crashed(), submission_id="two", needs_look=("late",)),
        replace(not_graded(), submission_id="three"),
        replace(unreadable("zh"), submission_id="四"),
        replace(partly_wrong(), submission_id="five"),
    )


def _rows(text: str) -> list[dict[str, str]]:
    assert text[0] == "\ufeff"
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_the_gradebook_has_a_line_for_each() -> None:
    """One row a submission, families as columns, in the batch's order."""
    rows = _rows(grades_csv(_mixed()))
    assert list(rows[0]) == [
        "submission", "file", "outcome", "status", "score", "max_score",
        "execution", "channels", "parameters", "master_type", "simulation", "error",
    ]  # fmt: skip
    assert [row["submission"] for row in rows] == ["one", "two", "three", "四", "five"]
    assert [row["score"] for row in rows] == ["100", "8", "", "0", "72.833333"]
    assert rows[0]["simulation"] == "40"
    assert rows[1]["status"] == "cell_error"
    assert rows[1]["error"] == "NameError: name 'Il' is not defined"


def test_what_is_not_graded_has_no_marks() -> None:
    """An empty cell, not 0: a spreadsheet's mean leaves it out."""
    row = _rows(grades_csv(_mixed()))[2]
    assert row["outcome"] == "not_graded"
    assert [row[f] for f in ("score", "execution", "simulation")] == ["", "", ""]
    assert row["error"] == "A check broke: hh.simulation.V"


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|'/c calc'!A1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\x00=1",
        "＝1",
        "a;=1",
        "a,=1",
    ],
)
def test_no_text_is_a_formula(text: str) -> None:
    """Neither at the beginning nor after what another country's Excel takes for a separator."""
    report = replace(
        perfect(), submission_id=text, file=text, run=replace(perfect().run, error=text)
    )
    row = _rows(grades_csv(_batch(report)))[0]
    for name in ("submission", "file", "error"):
        assert "1" in row[name]
        assert not re.search(r"(^|[;,])\s*[=+\-@＝]", row[name])


def test_a_gradebook_stays_a_table() -> None:
    """Quotes, line breaks and a megabyte of error keep to their cell."""
    rows = _rows(grades_csv(_batch(hostile(), perfect())))
    assert len(rows) == 2
    assert len(rows[0]["error"]) < 400
    assert "\n" not in rows[0]["error"]


def test_the_summary_counts() -> None:
    """Counts, marks over what has one, submissions, and the checks that cost most."""
    result = json.loads(summary_json(_mixed()), parse_constant=pytest.fail)
    assert list(result) == [
        "schema_version", "assignment", "seconds", "counts", "scores", "submissions", "most_lost",
    ]  # fmt: skip
    assert result["counts"] == {
        "submissions": 5,
        "outcome": {"graded": 4, "not_graded": 1},
        "status": {"cell_error": 1, "ok": 3, "unreadable": 1},
        "needs_look": 3,
    }
    assert result["scores"] == {
        "mean": pytest.approx((100 + 8 + 0 + 72.833333333) / 4),
        "median": pytest.approx((72.833333333 + 8) / 2),
        "min": 0.0,
        "max": 100.0,
    }
    assert result["submissions"][1] == {
        "id": "two", "file": "mara-lindqvist/homework final (2).ipynb", "score": 8.0,
        "outcome": "graded", "status": "cell_error", "needs_look": ["late"],
    }  # fmt: skip
    lost = result["most_lost"]
    assert lost[0]["id"] == "hh.channels.IL"
    assert (lost[0]["points"], lost[0]["submissions"]) == (12.5, 3)
    assert [loss["points"] for loss in lost] == sorted((x["points"] for x in lost), reverse=True)


def test_an_empty_batch_has_no_mean() -> None:
    """Nothing to divide by is null, not an error."""
    result = json.loads(summary_json(_batch()))
    assert result["scores"] == {"mean": None, "median": None, "min": None, "max": None}
    assert "There are no submissions." in index_html(_batch())
    assert len(_rows(grades_csv(_batch()))) == 0


def test_a_broken_check_is_in_no_mean() -> None:
    """A score beside an error of ours doesn't count."""
    broken = replace(not_graded(), outcome="graded", score=1.0)
    result = json.loads(summary_json(_batch(perfect(), broken)))
    assert result["scores"]["mean"] == 100.0
    assert result["counts"]["outcome"] == {"graded": 1, "not_graded": 1}


def test_those_that_need_a_look_come_first() -> None:
    """Unreadable, then not graded, then the rest with a reason, then the batch's order."""
    table = index_html(_mixed()).partition("<tbody")[2]
    names = re.findall(r'<a href="[^"]*/teacher.html"><bdi>([^<]*)</bdi>', table)
    assert names == ["四", "three", "two", "one", "five"]


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_the_folder(name: str) -> None:
    """Spaces, Chinese, #, %, quotes and colons are encoded: a link is always one folder down."""
    text = index_html(_batch(replace(perfect(), submission_id=name)))
    links = re.findall(r'href="([^"#]*)"', text)
    assert len(links) == 2
    for link in links:
        assert re.fullmatch(r"[A-Za-z0-9%._~-]+/(teacher|result)\.html", link)
        folder = link.rsplit("/", 1)[0]
        assert unquote(folder, errors="surrogateescape") == name
    text.encode("utf-8")


def test_the_list_shows_scores_and_reasons() -> None:
    """Score, status, and why a teacher should look."""
    text = index_html(_mixed())
    assert "late" in text
    assert "not graded" in text
    assert "72.83" in text
    assert "Where points were lost most" in text
