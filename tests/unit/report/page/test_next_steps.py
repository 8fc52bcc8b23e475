"""Where a student who checks their own work is told to begin."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from grader.core.types import GradeReport
from grader.judge.checks.locate_line import attachment_line, misplaced_line
from grader.report.page.build import student_page
from grader.report.page.html import student_html
from grader.report.page.terminal import next_steps
from tests.support.handout_values import FIRST_LINES
from tests.support.project import ROOT
from tests.support.sample_reports import crashed, mark, partly_wrong, residual
from tests.support.self_checks import as_self_check, one_line, shown

SOURCE = """\
self.Ca = bp.dyn.CalciumDetailed(size, ICaL=bp.dyn.ICaL_IS2008(size))
self.Ca.add_elem(ICaN=bp.dyn.ICaN_IS2008(size))
self.Ca.add_elem(
    ICaHT=bp.dyn.ICaHT_HM1992(size))
self.K = bp.dyn.PotassiumFixed(size)
self.K.add_elem(ICaT=bp.dyn.ICaT_HM1992(size))
self.K.add_elem(leak=1)
self.Ca.add_elem(leak=1)
self.Ca.add_elem(bp.dyn.ICaX_De1994(size))
setattr(self, **{"IAHP": 1})"""


def _stopped(report: GradeReport, *, follows: bool) -> GradeReport:
    """The report with a blank left in cell 25 and a run that stopped in cell 26."""
    report = mark(report, "hh.execution.filled", "partial", 0.5, message="Still blank: self.IL.")
    checks = tuple(
        replace(c, cell=24, line=5) if c.id == "hh.execution.filled" else c for c in report.checks
    )
    return replace(as_self_check(replace(report, checks=checks)), error_is_consequence=follows)


def _steps(report: GradeReport) -> list[str]:
    return [step.what for step in next_steps(student_page(report))]


def test_the_blank_comes_before_what_follows_of_it() -> None:
    """Where given code stopped over it, which is not called the first thing to mend."""
    blank, run = _steps(_stopped(crashed(), follows=True))
    assert blank == "Still blank: self.IL."
    assert "another fault that is named here" in run
    page = student_html(_stopped(crashed(), follows=True))
    assert page.index("Still blank", page.index('id="first"')) < page.index(
        "another fault", page.index('id="first"')
    )


def test_a_students_own_error_comes_first() -> None:
    """What depends on it may look blank or wrong for that alone."""
    run, blank = _steps(_stopped(crashed(), follows=False))
    assert run.endswith("so mend this first.")
    assert blank == "Still blank: self.IL."


def test_nothing_is_said_to_be_named_where_nothing_is() -> None:
    """Then the error itself is all that there is to begin with."""
    (only,) = _steps(replace(as_self_check(crashed()), error_is_consequence=True))
    assert only.endswith("so mend this first.")


def test_a_step_stands_there_once_with_its_part_and_cell() -> None:
    """The same mistake shows in the channel alone, and in the neuron that it is part of."""
    one = replace(residual(), part="Channel (part 3)", cell=18)
    other = replace(one, part="Neuron (part 4)", cell=24)
    report = replace(as_self_check(partly_wrong()), residuals=(one, other))
    text = one_line(shown(report, 140).split("What to try next")[1])
    step = "Channel (part 3): In your dn/dt, α_n is not multiplied by 1−n. (cell 19)"
    assert text.count("α_n is not multiplied") == text.count(step) == 1


def test_the_same_words_of_two_cells_are_two_steps() -> None:
    """In the table, too: "as above" is said of the same place only."""
    report = as_self_check(partly_wrong())
    blank = {"status": "fail", "points": 0.0, "message": "It is empty.", "line": 3}
    of_two = {"hh.channels.IK": 6, "hh.channels.INa": 8}
    report = replace(
        report,
        checks=tuple(
            replace(c, **blank, cell=of_two[c.id], part=f"Part {of_two[c.id]}")  # type: ignore[arg-type]
            if c.id in of_two
            else c
            for c in report.checks
        ),
    )
    text = one_line(shown(report, 140))
    assert "Part 6: It is empty. (cell 7, line 3)" in text
    assert "Part 8: It is empty. (cell 9, line 3)" in text
    assert len(re.findall("It is empty", text)) == 4


@pytest.mark.parametrize(
    ("name", "type_name", "line"),
    [
        ("Ca.ICaL", "", 1),
        ("Ca.ICaN", "", 2),
        ("Ca.ICaHT", "", 4),
        ("Ca.ICaT", "", 6),
        ("Ca.leak", "", 8),
        ("K.leak", "", 7),
        ("Ca.ICaX", "ICaX_De1994", 9),
        ("KCa.IAHP", "", 10),
        ("Ca.Inothing", "Inothing_X", None),
    ],
)
def test_what_hangs_on_an_ion_has_its_own_line(name: str, type_name: str, line: int | None) -> None:
    """The one that hangs it there, however it is written, not the ion's."""
    assert attachment_line(SOURCE, name, type_name) == line
    assert attachment_line("self.Ca = (", name, type_name) is None


def test_a_channel_on_another_ion_is_found() -> None:
    """Only one that hangs nowhere else than there."""
    assert misplaced_line(SOURCE, "Ca.ICaT") == 6
    assert [misplaced_line(SOURCE, name) for name in ("Ca.ICaN", "Ca.leak", "K.nothing")] == [
        None
    ] * 3


def test_every_sample_with_a_beginning_is_there() -> None:
    """The table that the samples are held against speaks of notebooks that are graded."""
    root = ROOT / "submissions"
    assert all((root / id / file).is_file() for id, files in FIRST_LINES.items() for file in files)
