"""Tests of what the batch page is made of: bands of marks, diagnoses, reasons to look."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from grader.core.types import BatchSummary, Diagnosis, GradeReport
from grader.report.batch.histogram import band_of, bands
from grader.report.batch.index_html import index_html
from grader.report.batch.same_mistake import SharedMistake, shared_mistakes
from tests.support.sample_reports import HOSTILE, mark, not_graded, perfect, unreadable
from tests.support.synthetic_class import ALONE, CUBED


def _page(*reports: GradeReport) -> str:
    return index_html(
        BatchSummary(assignment="hh", assignment_title="HH", reports=reports, seconds=1.0)
    )


def _report_failing(id: str, message_id: str, message: str) -> GradeReport:
    return mark(perfect(), id, "fail", 0, message_id=message_id, message=message)


def _keys(found: list[SharedMistake]) -> list[tuple[str, int]]:
    return [(group.key, group.count) for group in found]


@pytest.mark.parametrize(
    ("score", "band"),
    [(0.0, 0), (9.99, 0), (10.0, 1), (29.999999999999996, 3), (89.9, 8), (90.0, 9), (100.0, 9)],
)
def test_a_mark_on_an_edge_is_in_the_upper_band(score: float, band: int) -> None:
    """Bands reach from their lower edge to under the upper one, the last to full marks."""
    assert band_of(replace(perfect(), score=score)) == band


def test_bands_count_what_has_a_score() -> None:
    """Ten bands, the fullest as high as the picture; what is not graded is in none."""
    found = bands([perfect(), perfect(), unreadable(), not_graded()])
    assert [band.count for band in found] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert [band.height for band in found] == [50.0, *[0.0] * 8, 100.0]
    assert bands([not_graded()]) == []


def test_points_out_of_nothing_are_in_the_lowest_band() -> None:
    """An assignment without points divides by nothing."""
    assert band_of(replace(perfect(), score=0.0, max_score=0.0)) == 0


def test_the_same_mistake_is_one_group() -> None:
    """By message and check, or message and state; the most frequent first."""
    sign = _report_failing("hh.parameters.IK.E", "checks.parameter.sign", "E of IK is 77.")
    other = _report_failing("hh.parameters.INa.E", "checks.parameter.sign", "E of INa is -50.")
    cubed = replace(perfect(), diagnoses=(CUBED,))
    both = replace(sign, diagnoses=(CUBED, ALONE))
    in_m = replace(perfect(), diagnoses=(replace(ALONE, state="m", message="In your dm/dt …"),))
    assert _keys(shared_mistakes([sign, other, cubed, both, cubed, in_m])) == [
        ("assignment.mistake.cubed:V", 3),
        ("checks.parameter.sign:hh.parameters.IK.E", 2),
        ("assignment.mistake.alpha_alone:m", 1),
        ("assignment.mistake.alpha_alone:n", 1),
        ("checks.parameter.sign:hh.parameters.INa.E", 1),
    ]


def test_wordings_stand_apart_in_a_group() -> None:
    """The same mistake with another number is another sentence of the same group."""
    reports = [
        _report_failing(
            "hh.parameters.IL.g_max", "checks.parameter.power_of_ten", f"g_max is {value}."
        )
        for value in ("0.003", "0.3", "0.3")
    ]
    (found,) = shared_mistakes(reports)
    assert [(w.sentence, w.places) for w in found.wordings] == [
        ("g_max is 0.3.", (1, 2)),
        ("g_max is 0.003.", (0,)),
    ]


def test_what_only_follows_is_no_diagnosis() -> None:
    """A trace that differs, a check that was skipped or passed, and our own faults name nothing."""
    wrong = _report_failing("hh.simulation.V", "checks.trace.wrong", "It leaves the reference.")
    ours = replace(not_graded(), diagnoses=(CUBED,))
    assert shared_mistakes([wrong, wrong, ours, ours, unreadable(), unreadable(), perfect()]) == []


def test_a_sentence_is_told_once_in_a_report() -> None:
    """Two checks that say the same are one diagnosis."""
    twice = _report_failing("hh.simulation.V", "checks.simulation.fails", "The model does not run.")
    twice = mark(
        twice, "hh.simulation.n", "fail", 0,
        message_id="checks.simulation.fails", message="The model does not run.",
    )  # fmt: skip
    assert _keys(shared_mistakes([twice, twice])) == [
        ("checks.simulation.fails:hh.simulation.V", 2)
    ]


def test_every_member_of_a_group_is_linked() -> None:
    """Each submission of a diagnosis can be opened from there."""
    reports = [replace(perfect(), submission_id=f"s{k}", diagnoses=(CUBED,)) for k in range(30)]
    text = _page(*reports)
    section = text[text.index('id="groups"') : text.index('id="submissions"')]
    assert re.findall(r'href="(s\d+)/teacher.html"', section) == [f"s{k}" for k in range(30)]


def test_every_row_says_what_is_named() -> None:
    """What several have, by its title; what one alone has, its sentence; or that nothing is."""
    sign = _report_failing("hh.parameters.IK.E", "checks.parameter.sign", "E of IK is 77.")
    wrong = _report_failing("hh.simulation.V", "checks.trace.wrong", "It leaves the reference.")
    reports = {
        "full": perfect(),
        "first": sign,
        "second": replace(sign, diagnoses=(ALONE,)),
        "silent": wrong,
        "ours": not_graded(),
        "torn": unreadable(),
    }
    text = _page(*(replace(report, submission_id=name) for name, report in reports.items()))
    section = text[text.index('id="groups"') : text.index('id="submissions"')]
    assert ALONE.message not in html.unescape(section)
    rows = {}
    for row in re.findall(r'<tr role="row" data-t=.*?</tr>', text):
        name = html.unescape(re.search(r"<bdi>(.*?)</bdi>", row)[1])
        named = re.search(r'<span class="told">(.*?)</span>', row)
        tokens = set(re.search(r'data-t="(.*?)"', row)[1].split()) & {"g0", "alone", "unnamed"}
        rows[name] = (html.unescape(named[1]) if named else "", tokens)
    title = next(c.title for c in sign.checks if c.id == "hh.parameters.IK.E")
    assert rows == {
        "full": ("", set()),
        "first": (title, {"g0"}),
        "second": (f"{title}; {ALONE.message.rstrip('.')}", {"g0", "alone"}),
        "silent": ("no likely mistake named", {"unnamed"}),
        "ours": ("", set()),
        "torn": ("", set()),
    }


def test_reasons_to_look_link_to_the_first() -> None:
    """Under each reason twelve links and how many more there are."""
    reports = [
        replace(perfect(), submission_id=f"s{k}", needs_look=("cut",) if k < 15 else ())
        for k in range(20)
    ]
    text = _page(*reports, not_graded())
    section = text[text.index('id="look"') : text.index('id="marks"')]
    assert len(re.findall("teacher.html", section)) == 12 + 1
    assert "and 3 more" in section
    assert 'id="look"' not in _page(perfect())


def test_what_others_wrote_is_escaped() -> None:
    """Names, titles, messages and ids are text in the page, wherever they stand in it."""
    reports = [
        replace(
            _report_failing("hh.channels.IK", f'"><script>{number}', f"{HOSTILE} <b>"),
            submission_id=f"{number} {HOSTILE}",
            needs_look=(HOSTILE,),
            diagnoses=(Diagnosis(message_id='"x', state="<V>", message=HOSTILE),),
        )
        for number in range(2)
    ]
    text = _page(*reports)
    assert text.count("<script") == 1
    assert "<img" not in text
    assert "<b>" not in text
    assert not re.search("[\u202a-\u202e\x00\x1b]", text)
    assert html.unescape(text).count("<script>alert('x')</script>") > 6


def test_names_are_cut() -> None:
    """A name of a thousand characters is shown by its beginning, and linked whole."""
    text = _page(replace(perfect(), submission_id="x" * 1000))
    assert "x" * 1000 + "/teacher.html" in text
    assert "x" * 159 + "…</bdi>" in text
