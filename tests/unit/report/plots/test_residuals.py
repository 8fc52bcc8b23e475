"""Tests of the plot of a wrong derivative: a dot a state, rings only where a mistake is named."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from grader.core.types import Residual
from grader.report.page.html import student_html, teacher_html
from grader.report.page.markdown import student_markdown
from grader.report.plots.residuals_svg import residual_plots, residual_svg
from grader.report.plots.svg import ACROSS, DOWN
from grader.report.text.phrases import Phrases, load_phrases
from tests.support.sample_reports import HOSTILE, SCRIPT, mark, mistaken, residual

EN, ZH, TEACHER = load_phrases("en"), load_phrases("zh"), load_phrases("en", teacher=True)


def _points(svg: str, name: str) -> list[tuple[int, int]]:
    """The dots of a layer within the plot, in units of its panel."""
    path = re.search(rf'class="{name}"[^>]*effect="non-scaling-stroke" d="([^"]*)"', svg)
    assert path is not None
    return [(int(x), int(y)) for x, y in re.findall(r"M(-?\d+) (-?\d+)h0", path[1])]


def _texts(svg: str) -> list[str]:
    tree = ElementTree.fromstring(svg)
    return ["".join(t.itertext()) for t in tree.iter() if t.tag.endswith("text")]


@pytest.mark.parametrize("sentences", [EN, ZH, TEACHER])
@pytest.mark.parametrize("named", [True, False])
def test_a_residual_is_well_formed(sentences: Phrases, named: bool) -> None:
    """Every plot is well-formed XML with a title and a description of its own."""
    tree = ElementTree.fromstring(str(residual_svg(residual(named=named), sentences, "r1")))
    assert tree.get("role") == "img"
    assert tree.get("aria-labelledby") == "r1-t r1-d"
    assert [child.tag for child in tree][:2] == ["title", "desc"]
    assert all(child.text for child in list(tree)[:2])


def test_every_state_is_a_dot_in_its_ring() -> None:
    """As many dots as states, each where its V and its difference stand, the ring around it."""
    drawn = residual()
    svg = str(residual_svg(drawn, EN))
    dots, rings = _points(svg, "dot"), _points(svg, "ring")
    assert len(dots) == drawn.V.size
    assert dots == rings
    highest = dots[int(np.argmax(drawn.difference))]
    assert highest[1] == min(y for _, y in dots)
    order = np.argsort(drawn.V)
    assert [dots[k][0] for k in order] == sorted(x for x, _ in dots)
    assert all(0 < x < ACROSS and 0 < y < DOWN for x, y in dots)


def test_the_axes_have_units() -> None:
    """Across stands V in mV; above, whose derivative it is and its unit."""
    V = replace(residual(), state="V", unit="mV/ms")
    assert {"V (mV)", "dV/dt: yours − asked (mV/ms)"} <= set(_texts(str(residual_svg(V, EN))))
    assert "dn/dt: student − asked (1/ms)" in _texts(str(residual_svg(residual(), TEACHER)))
    assert "dn/dt：你的 − 要求的 (1/ms)" in _texts(str(residual_svg(residual(), ZH)))


def test_zero_is_always_on_the_plot() -> None:
    """Where all differences are large the line of the right ones is still there."""
    far = replace(residual(named=False), difference=residual().difference + 100.0)
    assert "0" in _texts(str(residual_svg(far, TEACHER)))


def test_without_a_named_mistake_there_are_no_rings() -> None:
    """Nothing is claimed by the picture that no sentence claims, to whomever it is shown."""
    bare = residual(named=False)
    svg = str(residual_svg(bare, TEACHER))
    assert 'class="ring"' not in svg
    assert "with this mistake" not in _texts(svg)
    for sentences in (TEACHER, EN):
        (shown,) = residual_plots([bare], sentences)
        assert shown.mistake == ""
        assert "No single likely mistake" in shown.caption


def test_what_a_check_names_is_not_said_to_have_no_cause() -> None:
    """Where a check that the reader sees names a cause, that is said; a hidden one stays hidden."""
    report = mark(
        mistaken(), "hh.parameters.IL.E", "fail", 0,
        message_id="checks.parameter.wrong", title="E of IL",
    )  # fmt: skip
    named, bare = report.residuals
    for check, found in (("hh.parameters.IL.E", 1), ("hh.hidden.0", 0)):
        found_by_check = replace(bare, explained_by=(check,))
        shown = replace(report, residuals=(named, found_by_check))
        for text in (student_html(shown), student_markdown(shown)):
            assert text.count("named among the checks: E of IL.") == found
            assert text.count("o single likely mistake") == 1 - found
        assert "named among the checks" in teacher_html(shown)
        assert "No single likely mistake" not in teacher_html(shown)


def test_a_student_sees_two_that_no_mistake_explains_after_the_named() -> None:
    """What is named comes first; of the others two are enough, where a teacher sees all."""
    bare = [replace(residual(named=False), state=state) for state in "abc"]
    shown = residual_plots([*bare, residual()], EN)
    assert [bool(one.mistake) for one in shown] == [True, False, False]
    assert [s in shown[k].svg for k, s in ((0, "dn/dt"), (1, "da/dt"), (2, "db/dt"))] == [True] * 3
    assert len(residual_plots([*bare, residual()], TEACHER)) == 4


def test_the_dots_in_their_rings_are_counted() -> None:
    """The sentence says what one sees: all of them, or how many."""
    drawn = residual()
    found = drawn.difference.copy()
    found[:2] += 0.5
    (all_in,), (some,) = (
        residual_plots([drawn], EN),
        residual_plots([replace(drawn, difference=found)], EN),
    )
    assert all_in.mistake == drawn.mistake
    assert all_in.caption.endswith("All 256 of yours lie in theirs.")
    assert some.caption.endswith("Of your 256 dots, 254 lie in theirs.")
    assert some.text.startswith("At 254 of 256 states dn/dt is")


@pytest.mark.parametrize(
    "found",
    [
        np.full(256, np.nan), np.full(256, 1e308), np.linspace(-1e300, 1e300, 256), np.zeros(256),
        np.zeros(0), np.zeros(1), np.full(256, 5e-324), np.linspace(-1e199, 1e199, 256),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("error")
def test_odd_numbers_draw_something(found: np.ndarray) -> None:
    """Huge, tiny, empty or missing differences make a plot without a warning."""
    drawn = residual()
    for explained in (None, drawn.explained):
        svg = str(residual_svg(replace(drawn, difference=found, explained=explained), TEACHER))
        ElementTree.fromstring(svg)
        assert re.search(r'="[^"]*(nan|inf)[^"]*"', svg) is None


def test_words_from_outside_are_escaped() -> None:
    """A state's name can't close a tag."""
    odd = Residual(state=HOSTILE, unit=SCRIPT, V=np.arange(3.0), difference=np.arange(3.0))
    svg = str(residual_svg(odd, TEACHER))
    ElementTree.fromstring(svg)
    assert "<script" not in svg
    assert "\x1b" not in svg


def test_both_pages_show_the_evidence() -> None:
    """The mistake's sentence stands beside its plot, once; what isn't named comes after it."""
    report = mistaken()
    named, bare = report.residuals
    student, teacher = student_html(report), teacher_html(report)
    for page in (student, teacher):
        assert page.count(named.mistake) == 1
        assert page.count('<figure class="plot difference">') == 2
    assert "Where your equations differ" in student
    assert "Where the student&#39;s equations differ" in teacher
    assert bare.state == "V"
    assert student.index("dn/dt: yours") < student.index("dV/dt: yours")


def test_markdown_has_the_sentence_and_no_plot() -> None:
    """In a terminal the evidence is a sentence."""
    text = student_markdown(mistaken())
    assert "At 256 of 256 states dn/dt is what a model with this mistake gives." in text
    assert text.count("is not multiplied by 1") == 1
    assert "dV/dt differs from the one asked for, by no single likely mistake" in text


def test_a_submission_that_was_not_graded_shows_no_evidence() -> None:
    """Where our own tool broke a student is shown no claim; the note alone stays."""
    report = replace(mistaken(), outcome="not_graded", score=None)
    page = student_html(report)
    assert "Where your equations differ" not in page
    assert page.count(report.residuals[0].mistake) == 1
