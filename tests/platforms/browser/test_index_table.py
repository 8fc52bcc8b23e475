"""Tests of the batch page's table in a real browser: sorting, filtering, keyboard, address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.report.text.phrases import points_lost
from tests.support import browsing
from tests.support.browsing import Open, batch, column, count, head, sorts
from tests.support.sample_reports import mark, perfect
from tests.support.synthetic_class import CUBED, class_of

pytestmark = browsing.MARKS
CLASS = class_of(300)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless browser, closed at the end."""
    yield from browsing.opened()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of a batch."""
    yield from browsing.batch_pages(browser, tmp_path)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        pytest.param("Score", 1, marks=pytest.mark.default),
        ("Not passed", 2),
        ("Seconds", 4),
    ],
)
def test_numbers_sort_as_numbers(opened: Open, name: str, place: int) -> None:
    """Up, then down; what has no number is last both times, and the header says which it is."""
    page = opened(CLASS)
    for direction, sign in (("ascending", 1), ("descending", -1)):
        head(page, name).click()
        texts = column(page, place)
        numbers = [float(text) for text in texts if re.match(r"\d", text)]
        assert len(texts) == 300
        assert 0 < len(numbers) < 300
        assert numbers == sorted(numbers, key=lambda number: sign * number)
        assert not [text for text in texts[len(numbers) :] if re.match(r"\d", text)]
        assert sorts(page) == {name: direction}
        assert page.locator("#sorted").inner_text() == f"Sorted by {name}, {direction}"


def test_names_sort_as_people_sort_them(opened: Open) -> None:
    """Accents beside their letter, 9 before 10; what stands below a name counts for nothing."""
    names = ["Ada", "w10", "Ärmel", "w9", "zebra", "Adam", "Özil", "王", "orange"]
    reports = [replace(perfect(), submission_id=name) for name in names]
    page = opened(batch(replace(reports[0], needs_look=("zzz",)), *reports[1:]))
    assert column(page, 0) == names
    head(page, "Submission").click()
    up = ["Ada", "Adam", "Ärmel", "orange", "Özil", "w9", "w10", "zebra", "王"]
    assert column(page, 0) == up
    head(page, "Submission").click()
    assert column(page, 0) == up[::-1]


def test_the_run_sorts_by_its_words(opened: Open) -> None:
    """Those of the same word keep the page's order, which the button brings back."""
    page = opened(CLASS)
    names = column(page, 0)
    head(page, "Run").click()
    assert column(page, 3) == sorted(column(page, 3))
    went = [n for n, run in zip(column(page, 0), column(page, 3), strict=True) if "to the" in run]
    assert went == [name for name in names if name in set(went)]
    page.get_by_role("button", name="Show all").click()
    assert column(page, 0) == names
    assert sorts(page) == {}


def _with_check(id: str) -> int:
    return sum(
        points_lost(check) > 0
        for report in CLASS.reports
        if report.outcome == "graded"
        for check in report.checks
        if check.id == id
    )


def _in_band(low: float, high: float) -> int:
    return sum(r.score is not None and low <= r.score < high for r in CLASS.reports)


FILTERS = {
    "band=60": _in_band(60, 70),
    "band=90": _in_band(90, 101),
    "check=hh.simulation.V": _with_check("hh.simulation.V"),
    "mistake=assignment.mistake.cubed:V": sum(CUBED in r.diagnoses for r in CLASS.reports),
    "look=1": sum(bool(r.needs_look) or r.outcome != "graded" for r in CLASS.reports),
}


@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param(name, marks=pytest.mark.default if name.startswith("check=") else ())
        for name in FILTERS
    ],
)
def test_a_click_filters_the_table(opened: Open, chosen: str) -> None:
    """A bar, a line or a diagnosis shows those it counts, and once more all."""
    page = opened(CLASS)
    kind, value = chosen.split("=")
    button = page.locator(f'[data-filter="{kind}"][data-value="{value}"] button')
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    assert 0 < FILTERS[chosen] < 300
    assert len(column(page, 0)) == FILTERS[chosen]
    assert count(page) == f"{FILTERS[chosen]} of 300 submissions"
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert count(page) == "All 300 submissions"
    assert len(column(page, 0)) == 300


def test_the_controls_filter_too(opened: Open) -> None:
    """Words of a name in any case and width, a run's status, and what needs a look, together."""
    page = opened(CLASS)
    page.get_by_label("Name contains").fill("ＭÜLLER  mara")
    names = column(page, 0)
    assert names == [n for n in names if "Müller" in n and "Mara" in n]
    assert count(page) == f"{len(names)} of 300 submissions"
    assert len(names) == sum(
        "Müller" in r.submission_id and "Mara" in r.submission_id for r in CLASS.reports
    )
    page.get_by_label("Name contains").fill("")
    page.get_by_label("Run").select_option("timeout")
    assert set(column(page, 3)) == {"ran too long and was stopped"}
    page.get_by_label("Run").select_option("ungraded")
    assert set(column(page, 1)) == {"not graded"}
    page.get_by_role("checkbox", name="Needs a look").check()
    assert set(column(page, 1)) == {"not graded"}
    page.get_by_label("Name contains").fill("not graded")
    assert column(page, 0) == []
    assert page.get_by_text("No submission fits what was chosen.").is_visible()
    page.get_by_role("button", name="Show all").click()
    assert count(page) == "All 300 submissions"
    assert page.get_by_label("Name contains").input_value() == ""


def test_what_is_chosen_stays_in_sight(opened: Open) -> None:
    """The count comes to the lower edge while the table is below it, and leads to it."""
    page = opened(CLASS)
    page.locator('[data-filter="band"] button').last.click()
    box = page.locator(".state").bounding_box()
    assert box["y"] + box["height"] <= 900
    assert not page.locator("#submissions").evaluate(
        "heading => heading.getBoundingClientRect().top < innerHeight"
    )
    page.get_by_role("button", name="To the table").click()
    assert page.evaluate("document.activeElement.id") == "submissions"
    assert page.locator("table.index tbody tr:not([hidden])").first.is_visible()


def _tab_to(page: Any, test: str, most: int = 60) -> None:
    """Presses Tab until the focused element is the one; fails where it isn't reached."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(f"(() => {{ const e = document.activeElement; return {test} }})()"):
            return
    pytest.fail(f"not reached: {test}")


def test_the_keyboard_is_enough(opened: Open) -> None:
    """Skip to the table, sort, search, filter by a bar, take the filter off: no mouse."""
    page = opened(CLASS)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    _tab_to(page, "e.id === 'search'")
    page.keyboard.type("müller")
    assert count(page).endswith("of 300 submissions")
    _tab_to(page, "e.closest('th')?.dataset.sort === 'score'")
    page.keyboard.press("Space")
    assert sorts(page) == {"Score": "ascending"}
    page.keyboard.press("Enter")
    assert sorts(page) == {"Score": "descending"}
    page.reload()
    assert sorts(page) == {"Score": "descending"}
    _tab_to(page, "e.closest('[data-value=\"90\"]')")
    page.keyboard.press("Enter")
    both = count(page)
    _tab_to(page, "e.closest('#chosen')")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == (
        "Remove the filter 90–100%"
    )
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('[data-value]').dataset.value") == "90"
    assert count(page) != both


def test_a_screen_reader_is_told(opened: Open) -> None:
    """Names and roles: a table with its rows, bars as sentences, buttons that say their state."""
    page = opened(CLASS)
    many = _in_band(60, 70)
    bar = page.get_by_role("button", name=f"From 60 to under 70%: {many}")
    bar.click()
    assert page.get_by_role("button", name=f"From 60 to under 70%: {many}", pressed=True).count()
    assert page.get_by_role("table").get_by_role("row").count() == many + 1
    assert page.get_by_role("table").get_by_role("rowheader").count() == many
    assert page.get_by_role("search").is_visible()
    assert page.get_by_role("status").first.inner_text() == f"{many} of 300 submissions"
    assert page.get_by_role("button", name="Your potassium current grows with n³").count() == 1


def test_every_link_has_a_name_of_its_own(opened: Open) -> None:
    """In a list of links each page of a student's is told from the others by whose it is."""
    page = opened(CLASS)
    names = column(page, 0)
    assert len(set(names)) == 300
    for name in names[:3]:
        assert page.get_by_role("link", name=f"student's page of {name}", exact=True).count() == 1
    labels = page.evaluate(
        """[...document.querySelectorAll('table.index td a')]
            .map(link => link.getAttribute('aria-label'))"""
    )
    assert labels == [f"student's page of {name}" for name in names]


def test_an_empty_band_is_no_stop(opened: Open) -> None:
    """A bar that counts nobody is read, but there is nothing to press."""
    low = [r for r in CLASS.reports if r.score is not None and r.score >= 50]
    page = opened(batch(*low))
    assert page.locator(".marks li").count() == 10
    assert page.get_by_text("From 0 to under 10%: 0").count() == 1
    assert page.locator(".marks button").count() == len({min(9, int(r.score // 10)) for r in low})
    assert page.get_by_role("button", name="From 0 to under 10%").count() == 0


@pytest.mark.parametrize("chosen", ["alone", "unnamed"])
def test_what_is_in_no_group_can_be_found(opened: Open, chosen: str) -> None:
    """Submissions with a mistake of their own, or with none named, are one choice away."""
    wrong = {"message_id": "checks.trace.wrong", "message": "It leaves the reference."}
    own = replace(perfect(), diagnoses=(replace(CUBED, state="m", message="Only here."),))
    one = {
        "alone": replace(own, submission_id="alone"),
        "unnamed": replace(
            mark(perfect(), "hh.simulation.V", "fail", 0, **wrong), submission_id="unnamed"
        ),
    }
    shared = [replace(perfect(), submission_id=f"s{k}", diagnoses=(CUBED,)) for k in range(2)]
    page = opened(batch(*one.values(), *shared))
    page.get_by_label("Named mistake").select_option(chosen)
    assert column(page, 0) == [chosen]
    again = opened(batch(*one.values(), *shared), hash=f"#named={chosen}")
    assert column(again, 0) == [chosen]
    assert again.get_by_label("Named mistake").input_value() == chosen


def test_the_address_holds_what_is_chosen(opened: Open) -> None:
    """A copied address shows the same rows in the same order, and may be changed by hand."""
    page = opened(CLASS)
    page.get_by_label("Name contains").fill("müller")
    page.locator('[data-filter="mistake"] button').first.click()
    head(page, "Score").click()
    head(page, "Score").click()
    names, hash = column(page, 0), "#" + page.url.partition("#")[2]
    assert len(names) > 1
    again = opened(CLASS, hash=hash)
    assert column(again, 0) == names
    assert again.get_by_label("Name contains").input_value() == "müller"
    assert again.locator("[aria-pressed=true]").count() == 1
    assert sorts(again) == {"Score": "descending"}
    again.evaluate("location.hash = '#look=1'")
    again.wait_for_function("document.getElementById('only-look').checked")
    assert count(again) == f"{FILTERS['look=1']} of 300 submissions"
    assert sorts(again) == {}


def test_an_address_that_means_nothing_changes_nothing(opened: Open) -> None:
    """Unknown names, values and hostile ones are left out."""
    page = opened(
        CLASS,
        hash="#band=7&check=<script>&sort=-constructor&status=x&look=2&__proto__=1&toString=1",
    )
    assert count(page) == "All 300 submissions"
    assert sorts(page) == {}
