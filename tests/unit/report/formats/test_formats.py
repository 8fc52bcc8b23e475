"""Tests of `grader.report.formats`: platforms can read them, and nothing hidden is in them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from grader.core.types import GradeReport
from grader.report.formats import FORMATS, Feedback
from grader.report.page.build import student_page
from grader.report.page.markdown import student_markdown
from grader.report.store.read import stored_report
from grader.report.store.result_json import read_result, result_json
from tests.support.project import ROOT
from tests.support.sample_reports import (
    ALL,
    SECRETS,
    hostile,
    mark,
    not_graded,
    partly_wrong,
    perfect,
)

LINES = (*((),) * 24, (400, 401, 402, 403, 404, 405, 406))
CUT = replace(partly_wrong(), run=replace(partly_wrong().run, status="timeout", failed_cell=24))


def feedback(report: GradeReport, **changes: Any) -> Feedback:
    """What the writers get of a report that was stored."""
    stored = stored_report(read_result(result_json(report)))
    return Feedback(page=student_page(stored), text=student_markdown(report), **changes)


def written(format: str, *reports: GradeReport, **changes: Any) -> str:
    return FORMATS[format].write([feedback(report, **changes) for report in reports])


def suites(*reports: GradeReport) -> Sequence[ElementTree.Element]:
    return [*ElementTree.fromstring(written("junit", *reports))]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_student_learns_nothing_of_hidden_checks(format: str, name: str, language: str) -> None:
    """The same discretion in every format as on the page."""
    text = written(format, ALL[name](language), path="homework.ipynb", lines=LINES)
    for secret in (*SECRETS, "bwrap", "/opt/box", "DETAIL"):
        assert secret not in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_junit_passes_the_schema_of_jenkins(language: str) -> None:
    """Every outcome, a hostile one too, is valid for the schema of Jenkins's xUnit plugin."""
    import xmlschema

    schema = xmlschema.XMLSchema(ROOT / "tests" / "data" / "schemas" / "junit-10.xsd")
    reports = [make(language) for make in ALL.values()]
    schema.validate(written("junit", *reports, CUT, hostile()))
    schema.validate(written("junit"))


def test_junit_tells_failure_from_error() -> None:
    """A failure is the work's; an error is a run that was cut, or ours; no check is both."""
    right, wrong, cut, ours = suites(perfect(), partly_wrong(), CUT, not_graded())
    counts = [{key: suite.get(key) for key in ("failures", "errors")} for suite in (right, ours)]
    assert counts == [{"failures": "0", "errors": "0"}, {"failures": "0", "errors": "1"}]
    assert [case.find("error") is not None for case in ours.iter("testcase")] == [True]
    assert int(wrong.get("failures", "")) == 7 + 1  # the hidden ones together are one
    assert wrong.get("skipped") == "1"
    assert [case.find("error").get("type") for case in cut if case.find("error") is not None] == [
        "timeout"
    ]
    for suite in (right, wrong, cut, ours):
        assert suite.get("tests") == str(len(suite.findall("testcase")))


def test_junit_shows_points_and_where_to_look() -> None:
    """What GitLab shows of a failed case says what was found, where, and its points."""
    (suite,) = suites(partly_wrong())
    case = next(c for c in suite.iter("testcase") if c.get("name") == "Maximal conductance of IL")
    assert case.get("classname") == "hh.mara-lindqvist.Parameters"
    failure = case.find("failure")
    assert failure is not None
    assert failure.text == (
        "g_max is 0.3 mS/cm² where 0.03 was asked for: ten times too high.\n"
        "Asked: 0.03\nFound: 0.3\ncell 25, line 7\n0/3"
    )
    further = [*suite.iter("testcase")][-1]
    assert further.get("name") == "Further checks"
    assert further.find("failure") is not None


def test_junit_holds_no_control_characters() -> None:
    """XML can't hold them at all; what a student wrote stays text."""
    text = written("junit", hostile())
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202e]", text)
    assert "<script>" not in text
    assert ElementTree.fromstring(text) is not None


def test_gradescope_adds_up_and_hides_no_test() -> None:
    """The points of the tests are the score, and nothing hidden keeps the total from a student."""
    results = json.loads(written("gradescope", partly_wrong()))
    assert results["score"] == pytest.approx(partly_wrong().score)
    assert sum(test["score"] for test in results["tests"]) == pytest.approx(results["score"])
    assert sum(test["max_score"] for test in results["tests"]) == pytest.approx(100)
    assert {test["visibility"] for test in results["tests"]} == {"visible"}
    assert {test["status"] for test in results["tests"]} == {"passed", "failed"}
    assert results["stdout_visibility"] == "hidden"
    assert results["tests"][-1]["output"] == "Further checks used in grading: 13.33 of 24 points."
    allowed = {"score", "max_score", "status", "name", "number", "output", "output_format"}
    assert {key for test in results["tests"] for key in test} <= {*allowed, "tags", "visibility"}


@pytest.mark.parametrize("format", ["gradescope", "prairielearn"])
def test_our_own_fault_is_never_a_score(format: str) -> None:
    """Neither a score nor points: Gradescope gives none, PrairieLearn takes no attempt."""
    results = json.loads(written(format, not_graded()))
    assert not {"score", "tests"} & set(results)
    assert "It is not your fault" in json.dumps(results)
    assert results.get("gradable") == (False if format == "prairielearn" else None)


def test_prairielearn_scores_between_0_and_1() -> None:
    """The share of the points; the tests have them one by one."""
    results = json.loads(written("prairielearn", partly_wrong()))
    assert results["gradable"] is True
    assert results["score"] == pytest.approx(partly_wrong().score / 100)
    assert sum(test["points"] for test in results["tests"]) == pytest.approx(partly_wrong().score)
    assert {key for test in results["tests"] for key in test} == {
        "name", "description", "points", "max_points", "message", "output",
    }  # fmt: skip
    assert json.loads(written("prairielearn", perfect()))["score"] == 1.0


def test_prairielearn_takes_one_megabyte() -> None:
    """A report that is too long is cut, and stays JSON."""
    long = replace(feedback(perfect()), text="\N{GRINNING FACE}" * 500_000)
    text = FORMATS["prairielearn"].write([long])
    assert len(text.encode()) <= 1_000_000
    assert json.loads(text)["score"] == 1.0


def annotations(*reports: GradeReport, **changes: Any) -> list[tuple[str, dict[str, str], str]]:
    """Level, properties and text of each command, read as GitHub's runner reads it."""
    found = []
    for line in written("github", *reports, **changes).splitlines():
        match = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        assert match, line
        properties = dict(part.split("=", 1) for part in match[2].split(","))
        signs = (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%"))
        for code, sign in signs:
            properties = {key: value.replace(code, sign) for key, value in properties.items()}
        text = match[3]
        for code, sign in signs[2:]:
            text = text.replace(code, sign)
        found.append((match[1], properties, text))
    return found


def test_annotations_stand_on_the_files_lines() -> None:
    """An annotation names the file's own line; its text says which cell a student looks for."""
    found = annotations(partly_wrong(), path="a, b/hw: 50%.ipynb", lines=LINES)
    level, properties, text = next(one for one in found if "ten times" in one[2])
    assert level == "error"
    assert properties == {
        "file": "a, b/hw: 50%.ipynb",
        "line": "406",
        "title": "Maximal conductance of IL",
    }
    assert text.endswith("\ncell 25, line 7\n0/3")
    partial = next(one for one in found if one[1]["title"] == "Leak channel IL")
    assert partial[0] == "warning"
    assert found[-1][0] == "notice"
    assert found[-1][1]["title"] == "mara-lindqvist: 72.83 of 100 points"


def test_a_place_that_is_not_known_is_not_made_up() -> None:
    """Without the file there is neither a file nor a line; a cell out of reach has no line."""
    assert not any({"file", "line"} & set(one[1]) for one in annotations(partly_wrong()))
    found = annotations(partly_wrong(), path="hw.ipynb", lines=LINES[:3])
    assert not any("line" in one[1] for one in found)
    assert all(one[1]["file"] == "hw.ipynb" for one in found)


def test_a_student_can_give_no_command() -> None:
    """Whatever a name or an error holds, it stays within its own line."""
    name = "x\n::stop-commands::y\r\n::add-mask::z"
    reports = [replace(hostile(), submission_id=name), replace(CUT, submission_id=name)]
    assert len(annotations(*reports, path=name, lines=LINES)) > 10


def test_every_submission_is_seen_among_the_first_ten() -> None:
    """GitHub shows ten errors: each submission's first comes before any other's second."""
    wrong = [replace(partly_wrong(), submission_id=f"s{number}") for number in range(4)]
    first = [one for one in annotations(*wrong) if one[0] != "notice"][:4]
    assert len({one[1]["title"] for one in first}) == 1


def test_our_own_fault_is_a_warning() -> None:
    """It is said, and is no error of the work's."""
    assert [one[0] for one in annotations(not_graded())] == ["warning"]


def test_markdown_of_one_is_the_report() -> None:
    """A student's job shows the report itself; a class's a table of marks before the reports."""
    assert written("markdown", perfect()) == student_markdown(perfect())
    text = written("markdown", perfect(), not_graded())
    assert "| mara-lindqvist | 100 / 100 | Everything is right. Well done. |" in text
    assert "| mara-lindqvist | not graded | This submission could not be graded. |" in text
    assert text.endswith(student_markdown(not_graded()))


def test_markdown_fits_a_job_summary() -> None:
    """GitHub refuses more than 1 MiB: whole reports are left out, and it says how many."""
    long = replace(feedback(perfect()), text="# x\n" + "\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 200_000)
    text = FORMATS["markdown"].write([long] * 3)
    assert len(text.encode()) < 1_048_576
    assert text.endswith("Reports left out because there is no room for them: 2\n")


def test_a_stored_result_says_the_same() -> None:
    """What the writers print of a page survives being stored and read again."""
    for make in ALL.values():
        report = make("zh")
        fresh, stored = student_page(report), feedback(report).page
        for name in (
            "title",
            "submission",
            "score",
            "headline",
            "run_message",
            "hidden_line",
            "costly_rows",
        ):
            assert getattr(stored, name) == getattr(fresh, name)
        assert [group.rows for group in stored.groups] == [group.rows for group in fresh.groups]


def test_results_without_titles_can_be_read() -> None:
    """A result of an earlier grader shows a check's id where a title is missing."""
    result = json.loads(result_json(mark(perfect(), "hh.channels.IK", "fail", 0)))
    del result["language"], result["assignment"]["title"]
    for check in result["checks"]:
        del check["title"]
    page = student_page(stored_report(read_result(json.dumps(result))))
    assert page.title == "hh"
    assert page.costly_rows[0].title == "hh.channels.IK"
