"""Tests of the plots: nothing lost, nothing invented, and said in words too."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from grader.core.messages import catalogue
from grader.core.types import Curve
from grader.report.plots.axis import axis, format_number, power_of_ten, symmetric_axis
from grader.report.plots.decimate import envelope, gaps
from grader.report.plots.traces_svg import trace_notes, trace_svg
from tests.support.sample_reports import HOSTILE, SCRIPT
from tests.support.sample_traces import TIME, WRONG_LEAK, curves, simulate

EN, ZH = catalogue("en"), catalogue("zh")


def _curve(student: object, reference: object = None, unit: str = "mV") -> Curve:
    base = np.sin(TIME / 10) * 50 if reference is None else np.asarray(reference, dtype=float)
    own = None if student is None else np.asarray(student, dtype=float)
    return Curve(label="V", unit=unit, time=TIME[: base.size], reference=base, student=own)


def _points(svg: str, name: str) -> list[list[tuple[int, int]]]:
    """A path of the SVG as its separate lines of absolute points."""
    path = re.search(rf'class="{name}"[^>]* d="([^"]*)"', svg)
    assert path is not None
    lines: list[list[tuple[int, int]]] = []
    x = y = 0
    for piece in path[1].replace("h0", "").split("m")[1:]:
        numbers = list(map(int, piece.split()))
        lines.append([])
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            lines[-1].append((x, y))
    return lines


def _texts(svg: str) -> list[str]:
    tree = ElementTree.fromstring(svg)
    return ["".join(t.itertext()) for t in tree.iter() if t.tag.endswith("text")]


@pytest.mark.parametrize("words", [EN, ZH])
@pytest.mark.parametrize("g_leak", [None, 0.03, WRONG_LEAK])
def test_a_plot_is_well_formed(words: object, g_leak: float | None) -> None:
    """Every plot is well-formed XML with a title and a description of its own."""
    drawn = curves(simulate(g_leak) if g_leak else None)
    assert len(drawn) == 4
    for number_, curve in enumerate(drawn):
        svg = str(trace_svg(curve, words, f"t{number_}"))  # type: ignore[arg-type]
        tree = ElementTree.fromstring(svg)
        assert tree.get("role") == "img"
        assert tree.get("aria-labelledby") == f"t{number_}-t t{number_}-d"
        assert [child.tag for child in tree][:2] == ["title", "desc"]
        assert all(child.text for child in list(tree)[:2])


def test_a_spike_of_one_sample_is_not_lost() -> None:
    """Two thousand points are thinned, but the one that stands out stays."""
    student = np.zeros(2000)
    student[777] = 30.0
    svg = trace_svg(_curve(student, np.linspace(-1, 31, 2000)), EN)
    (line,) = _points(svg, "own")
    assert len(line) < 1000
    peak = min(line, key=lambda point: point[1])
    assert peak[0] == pytest.approx(TIME[777] / 200 * 4800, abs=1)
    assert sum(y < peak[1] + 100 for _, y in line) == 1


def test_the_envelope_keeps_ends_and_extremes() -> None:
    """Of every column the least and the greatest stay, and a line's first and last point."""
    rng = np.random.default_rng(0)
    x, y = np.arange(5000.0), rng.normal(size=5000)
    kept, begins = envelope(x, y, 100)
    assert kept.size <= 202
    assert kept[0] == 0
    assert kept[-1] == 4999
    assert begins.tolist() == [True] + [False] * (kept.size - 1)
    column = np.minimum((x / x[-1] * 100).astype(int), 99)
    for k in range(100):
        inside = kept[column[kept] == k]
        assert y[inside].max() == y[column == k].max()
        assert y[inside].min() == y[column == k].min()


def test_few_points_are_all_drawn() -> None:
    """Where there are fewer points than pixels none is left out."""
    kept, _ = envelope(np.arange(50.0), np.arange(50.0), 100)
    assert kept.tolist() == list(range(50))


def test_nan_breaks_the_line_and_is_marked() -> None:
    """A stretch without numbers is a gap, a band, a word, and a sentence."""
    student = np.sin(TIME / 10) * 49
    student[500:700] = np.nan
    student[900] = np.inf
    curve = _curve(student)
    svg = trace_svg(curve, EN)
    assert len(_points(svg, "own")) == 3
    assert len(_points(svg, "diff")) == 3
    assert len(_points(svg, "ref")) == 1
    assert svg.count('<rect class="nan"') == 2
    assert _texts(svg).count("NaN") == 1
    assert trace_notes(curve, EN) == (
        "Your trace has no number (NaN or infinite) at 201 of 2000 points, first at 50.1 ms.",
    )


def test_every_other_point_missing_is_still_bounded() -> None:
    """A trace of a thousand holes makes neither a thousand bands nor an error."""
    student = np.where(np.arange(2000) % 2, np.nan, 1.0)
    svg = trace_svg(_curve(student), EN)
    assert svg.count('<rect class="nan"') <= 41
    assert "h0m" in svg


def test_gaps_are_first_and_last_index() -> None:
    """The stretches without numbers, ends included."""
    assert gaps(np.array([np.nan, 1, np.nan, np.inf, 2, np.nan])) == [(0, 0), (2, 3), (5, 5)]
    assert gaps(np.ones(3)) == []


def test_without_a_trace_only_the_reference_is_shown() -> None:
    """No model, no line of the student's, no difference; and it is said."""
    curve = _curve(None)
    svg = trace_svg(curve, EN)
    assert 'class="ref"' in svg
    assert 'class="own"' not in svg
    assert 'class="diff"' not in svg
    assert trace_notes(curve, EN) == (EN.render("report.plot.no_trace"),)


def test_a_difference_of_nothing_is_said_not_drawn() -> None:
    """Rounding noise at 1e-12 is no curve: it would look like an error."""
    reference = np.sin(TIME / 10) * 50
    svg = trace_svg(_curve(reference + 1e-12, reference), EN)
    assert 'class="diff"' not in svg
    assert "Difference below 10⁻⁶ mV everywhere" in _texts(svg)


def test_a_difference_of_a_hair_is_drawn_on_its_own_scale() -> None:
    """Two microvolts over a hundred millivolts: invisible above, plain below."""
    reference = np.sin(TIME / 10) * 50
    svg = trace_svg(_curve(reference + 2e-3 * np.cos(TIME), reference), EN)
    (line,) = _points(svg, "diff")
    heights = [y for _, y in line]
    assert max(heights) - min(heights) > 800
    assert "0.002" in _texts(svg)
    assert "−0.002" in _texts(svg)


def test_the_difference_is_students_minus_reference() -> None:
    """A student's trace above the reference has a difference above zero."""
    svg = trace_svg(_curve(np.full(2000, 5.0), np.zeros(2000)), EN)
    (line,) = _points(svg, "diff")
    assert max(y for _, y in line) < 500
    assert "yours − reference (mV)" in _texts(svg)


def test_a_runaway_trace_does_not_flatten_the_reference() -> None:
    """A model that diverges leaves the plot, and a sentence says how far it goes."""
    student = np.sin(TIME / 10) * 50
    student[1000:] = np.exp(np.linspace(0, 200, 1000))
    curve = _curve(student)
    (line,) = _points(trace_svg(curve, EN), "ref")
    heights = [y for _, y in line]
    assert max(heights) - min(heights) > 300
    assert trace_notes(curve, EN) == (
        "Your trace leaves the plot: it runs from −50 to 7.2×10⁸⁶ mV.",
    )


@pytest.mark.parametrize(
    "student",
    [
        np.full(2000, np.nan), np.full(2000, 1e308), np.full(2000, -1e300), np.zeros(0),
        np.zeros(1), np.full(2000, 5e-324), np.linspace(-1e300, 1e300, 2000), np.zeros(7),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "reference", [np.zeros(2000), np.full(2000, np.nan), np.full(2000, -65.0), np.zeros(0)]
)
@pytest.mark.filterwarnings("error")
def test_odd_numbers_draw_something(student: np.ndarray, reference: np.ndarray) -> None:
    """Constant, huge, tiny, empty or missing traces make a plot without a warning."""
    svg = str(trace_svg(_curve(student, reference), EN))
    ElementTree.fromstring(svg)
    assert re.search(r'="[^"]*(nan|inf)[^"]*"', svg.replace('class="nan"', "")) is None


def test_a_level_line_is_not_magnified() -> None:
    """A resting neuron that drifts by a nanovolt has ticks that fit beside the plot."""
    svg = trace_svg(_curve(-65 + 1e-9 * TIME, np.full(2000, -65.0)), EN)
    labels = [text for text in _texts(svg) if text.startswith("−65")]
    assert labels
    assert max(map(len, labels)) <= 7


def test_labels_are_escaped() -> None:
    """A curve's name can't close a tag."""
    curve = Curve(label=HOSTILE, unit=SCRIPT, time=TIME, reference=TIME, student=TIME * 2)
    svg = str(trace_svg(curve, EN))
    ElementTree.fromstring(svg)
    assert "<script" not in svg
    assert "\x1b" not in svg


def test_the_description_names_the_largest_difference() -> None:
    """Who can't see the plot is told the same."""
    student = np.zeros(2000)
    student[400] = 7.5
    svg = str(trace_svg(_curve(student, np.zeros(2000)), EN))
    assert "The largest difference is 7.5 mV, at 40.1 ms." in svg


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 200, ("0", "50", "100", "150", "200")),
        (-80, 45, ("−80", "−60", "−40", "−20", "0", "20", "40")),
        (0, 1, ("0", "0.2", "0.4", "0.6", "0.8", "1.0")),
        (3, 3, ("2.6", "2.8", "3.0", "3.2", "3.4")),
        (0, 4e-6, ("0", "1×10⁻⁶", "2×10⁻⁶", "3×10⁻⁶", "4×10⁻⁶")),
    ],
)
def test_ticks_are_nice_numbers(low: float, high: float, labels: tuple[str, ...]) -> None:
    """Ticks stand at 1, 2 or 5 times a power of ten, with as many digits as they need."""
    assert axis(low, high, 5).labels == labels


@pytest.mark.parametrize(
    ("largest", "top"),
    [
        (0.9, "1"),
        (1.2, "1.5"),
        (107, "150"),
        (2e-5, "2×10⁻⁵"),
        (1.3e-5, "1.5×10⁻⁵"),
        (0.034, "0.04"),
    ],
)
def test_the_differences_scale_is_symmetric(largest: float, top: str) -> None:
    """The lower panel runs from −D to D, and D is written as it is."""
    scale = symmetric_axis(largest)
    assert scale.labels == ("−" + top, "0", top)
    assert scale.ticks[2] >= largest


def test_numbers_are_written_for_people() -> None:
    """Four digits, a true minus, powers of ten only where they help."""
    assert [format_number(x) for x in (-54.387, 0.0, 1e-7, 123456.0, 0.03)] == [
        "−54.39", "0", "1×10⁻⁷", "1.2×10⁵", "0.03",
    ]  # fmt: skip
    assert (power_of_ten(-6), power_of_ten(-2)) == ("10⁻⁶", "0.01")
