"""Reports read back from their results, and what is said of marks that changed."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from grader.core.types import BatchSummary, GradeReport
from grader.judge.judge_process import JudgeRequest
from grader.judge.provenance import with_provenance
from grader.report import grades_csv, index_html, summary_json, write
from grader.report.batch.changes import MAX_CHANGES, changes_csv, score_change
from grader.report.store.read import verified_report
from grader.report.store.result_json import ResultError, read_result, result_json
from grader.report.write import write_report
from tests.support.sample_reports import ALL, mark, not_graded, partly_wrong, perfect


def _batch(*reports: GradeReport, language: str = "en") -> BatchSummary:
    return BatchSummary(
        assignment="hh", assignment_title="HH", reports=reports, seconds=1.0, language=language
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_batch_of_kept_reports_is_the_batch_of_fresh_ones(language: str) -> None:
    """Page, gradebook and summary don't tell whether a report is fresh or was read back."""
    fresh = [sample(language) for sample in ALL.values()]
    kept = [verified_report(read_result(result_json(report))) for report in fresh]
    for text in (index_html, grades_csv, summary_json):
        assert text(_batch(*kept, language=language)) == text(_batch(*fresh, language=language))


def test_a_result_of_an_earlier_grader_is_not_taken() -> None:
    """Without the seal, or the keys that a batch needs, a result is no report."""
    result = read_result(result_json(perfect()))
    del result["seal"]
    with pytest.raises(ResultError, match="seal"):
        verified_report(result)


def test_a_change_names_the_checks_and_their_points() -> None:
    """A check with other points is listed, one without isn't; equal reports differ in nothing."""
    result = json.loads(result_json(perfect()))
    assert score_change(result, perfect(), "x") is None
    worse = replace(mark(perfect(), "hh.parameters.IK.E", "fail", 0), score=95.0)
    found = score_change(result, worse, "rubric.toml changed")
    assert found is not None
    assert (found.old, found.new, found.why) == (100, 95, "rubric.toml changed")
    assert [(one.id, one.new) for one in found.checks] == [("hh.parameters.IK.E", 0)]


def test_checks_that_come_and_go_are_changes() -> None:
    """A check that is new has no old points, one that is gone no new ones."""
    result = json.loads(result_json(perfect()))
    first, second, *rest = perfect().checks
    other = replace(perfect(), checks=(replace(first, id="hh.new"), second, *rest))
    assert score_change(result, other, "") is None  # the mark is the same
    found = score_change(result, replace(other, score=99.0), "")
    assert found is not None
    assert [(c.id, c.old, c.new) for c in found.checks] == [
        ("hh.new", None, first.points),
        (first.id, first.points, None),
    ]


def test_a_mark_that_could_not_be_given_is_a_change_without_checks() -> None:
    """From a mark to "not graded" no check is blamed, and there is no new mark."""
    found = score_change(json.loads(result_json(perfect())), not_graded(), "")
    assert found is not None
    assert (found.old, found.new, found.checks) == (100, None, ())


def test_changes_are_remembered_across_gradings(tmp_path: Path) -> None:
    """Each grading adds its change to those before; the table has all, and no formula."""
    case = JudgeRequest(
        folder=tmp_path, file="n.ipynb", submission_id="=1+1", language="en", reason="first"
    )
    for report in (perfect(), partly_wrong(), perfect()):
        write_report(with_provenance(replace(report, submission_id="=1+1"), case), tmp_path)
    kept = verified_report(read_result((tmp_path / "result.json").read_text("utf-8")))
    assert [(one.old, one.new) for one in kept.changes] == [
        (100, partly_wrong().score),
        (partly_wrong().score, 100),
    ]
    rows = list(csv.DictReader(io.StringIO(changes_csv([kept]).lstrip("\ufeff"))))
    assert len(rows) == sum(len(one.checks) for one in kept.changes)
    assert {row["submission"] for row in rows} == {"'=1+1"}
    many = replace(kept, changes=kept.changes * MAX_CHANGES)
    write_report(many, tmp_path)
    assert len(with_provenance(partly_wrong(), case).changes) == MAX_CHANGES
    assert changes_csv([perfect()]) == ""


def test_a_mark_is_remembered_by_a_grading_that_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between taking the old result away and writing the new one, the old mark is known."""
    case = JudgeRequest(folder=tmp_path, file="n.ipynb", submission_id="a", language="en")
    write_report(perfect(), tmp_path)
    with monkeypatch.context() as killed:
        killed.setattr(write, "write_atomic", lambda file, content: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_report(partly_wrong(), tmp_path)
    assert not (tmp_path / "result.json").exists()
    again = with_provenance(partly_wrong(), case)
    assert [(one.old, one.new) for one in again.changes] == [(100, partly_wrong().score)]
    write_report(again, tmp_path)
    assert [file.name for file in tmp_path.glob(".*")] == []
