"""Tests of `result.md`: readable in a terminal, harmless where it is rendered."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from grader.report.page.markdown import student_markdown
from tests.support.sample_reports import (
    ALL,
    HOSTILE,
    SECRETS,
    crashed,
    hostile,
    mark,
    not_graded,
    partly_wrong,
    perfect,
)


def _table(text: str) -> list[list[str]]:
    rows = [line for line in text.split("\n") if line.startswith("|")]
    return [re.split(r"(?<!\\)\|", row)[1:-1] for row in rows]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_student_learns_nothing_of_hidden_checks(name: str, language: str) -> None:
    """The same discretion as on the page."""
    text = student_markdown(ALL[name](language))
    for secret in (*SECRETS, "bwrap", "/opt/box"):
        assert secret not in text


def test_failed_checks_are_a_table() -> None:
    """What cost points is listed, most first; what passed is folded into counts."""
    text = student_markdown(partly_wrong())
    rows = _table(text)
    assert {len(row) for row in rows} == {6}
    assert [row[0].strip() for row in rows[2:5]] == ["failed", "failed", "partly"]
    assert "**Number of spikes**" in rows[2][1]
    assert rows[3][2:] == [" 0.03 ", " 0.3 ", " cell 25, line 7 ", " 0/3 "]
    assert "- Execution: 3 of 3 passed (10 of 10)" in text
    assert "Further checks used in grading: 13.33 of 24 points." in text
    assert text.startswith("# Day 2, advanced: HH model\n\n**Score: 72.83 / 100**")


def test_nothing_in_it_is_markup() -> None:
    """No HTML, no link, no code, no extra cell or line comes out of a student's text."""
    text = student_markdown(
        mark(hostile(), "hh.parameters.IK.E", "fail", 0, message=HOSTILE, found=HOSTILE)
    )
    outside = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert not re.search(r"<[a-z/!]", outside)
    assert not re.search(r"(?<!\\)`", outside)
    assert "\x1b" not in text
    assert "\x00" not in text
    assert "\u202e" not in text
    rows = _table(outside)
    assert {len(row) for row in rows} == {6}
    assert sum(r"=cmd\|'/c calc'" in cell for row in rows for cell in row) == 2


def test_a_fence_cannot_be_closed_from_inside() -> None:
    """An error with a row of backticks is fenced by a longer one."""
    report = crashed()
    run = replace(report.run, error="```\n# not a heading\n`````")
    text = student_markdown(replace(report, run=run))
    assert "``````text\n```\n# not a heading\n`````\n``````" in text


def test_links_and_headings_are_defused() -> None:
    """A note is one line of plain text."""
    report = replace(perfect(), notes=("# [x](http://a.b)\n\n---\n__init__ g_max 1. *a*",))
    text = student_markdown(report)
    note = next(line for line in text.split("\n") if line.startswith("- \\#"))
    assert note == r"- \# \[x\](http\://a.b) --- \__init_\_ g_max 1. \*a\*"


def test_the_error_is_shown_with_its_line() -> None:
    """The error and the lines around the marked one."""
    text = student_markdown(crashed())
    assert "```text\nNameError: name 'Il' is not defined\n```" in text
    assert ">   7      self.IL = Il(" in text
    assert "Not checked, because" in text


def test_not_graded_has_no_score() -> None:
    """Our own fault: no number, and no blame."""
    text = student_markdown(not_graded())
    assert "**No score**" in text
    assert "It is not your fault" in text
    assert "/ 100" not in text
