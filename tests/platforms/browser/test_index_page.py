"""Tests of the batch page as a whole in a real browser: links, hostile names, no script, size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from grader.report import write_batch
from grader.report.batch.index_html import index_html
from tests.support import browsing
from tests.support.browsing import Open, batch, column, count, head
from tests.support.sample_reports import HOSTILE, not_graded, partly_wrong, perfect, unreadable
from tests.support.synthetic_class import CUBED, class_of

pytestmark = browsing.MARKS
CLASS = class_of(300)
NAMES = [
    "a b", "张伟#1", "50%?x", "ü&\"'<b>", "\u202egnp.exe", "=1+2", "x" * 200, "javascript:alert(1)",
    "<script>alert(1)</script>".replace("/", "\N{DIVISION SLASH}"),
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless browser, closed at the end."""
    yield from browsing.opened()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of a batch."""
    yield from browsing.batch_pages(browser, tmp_path)


@pytest.mark.default
def test_links_lead_to_the_reports(opened: Open, browser: Any, tmp_path: Path) -> None:
    """Whatever a submission is called, its links are those of its files."""
    reports = [replace(perfect(), submission_id=name, needs_look=("look",)) for name in NAMES]
    for report in reports:
        (tmp_path / report.submission_id).mkdir()
        for name in ("teacher", "result"):
            (tmp_path / report.submission_id / f"{name}.html").write_text(name, "utf-8")
    write_batch(batch(*reports), tmp_path)
    page = opened(batch(*reports))
    links = page.evaluate("[...document.links].map(link => link.href)")
    files = {Path(unquote(urlsplit(link).path)) for link in links if "#submissions" not in link}
    assert files == {
        tmp_path / name / file for name in NAMES for file in ("teacher.html", "result.html")
    }
    assert all(file.is_file() for file in files)
    page.get_by_role("rowheader").get_by_role("link").first.click()
    assert page.inner_text("body") == "teacher"


def test_the_page_is_whole_without_its_script(opened: Open) -> None:
    """Every row, bar, diagnosis and link is there; what only the script can do is not."""
    page = opened(CLASS, java_script_enabled=False)
    assert page.locator("table.index tbody tr").count() == 300
    assert page.locator("table.index tbody tr").last.is_visible()
    assert page.locator(".marks li").count() == 10
    assert page.get_by_text("Where points were lost most").is_visible()
    page.locator(".groups summary").first.click()
    assert page.locator(".groups .members a").first.is_visible()
    for only in ("button", "input", "select"):
        assert page.locator(f"{only}:visible").count() == 0


@pytest.mark.parametrize("width", [360, 1280])
def test_hostile_names_are_names(opened: Open, width: int) -> None:
    """Markup is text, other writing directions stay in their cell, long names wrap."""
    names = [*NAMES, HOSTILE, "שלום (עולם)", "a" * 50 + " " + "\u0301" * 300]
    reports = [
        replace(make(), submission_id=f"{name}{k}", diagnoses=(replace(CUBED, message=HOSTILE),))
        for name in names
        for k, make in enumerate((partly_wrong, unreadable, not_graded))
    ]
    page = opened(batch(*reports), viewport={"width": width, "height": 800})
    assert page.evaluate("document.scripts.length") == 1
    assert page.evaluate("document.images.length") == 0
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.get_by_label("Name contains").fill("<script>alert(")
    assert count(page) == f"6 of {len(reports)} submissions"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_class_fits_on_a_phone(opened: Open, language: str, scheme: str) -> None:
    """No sideways scroll with filters on, and the table can be sorted there too."""
    page = opened(
        class_of(60, language), viewport={"width": 360, "height": 740}, color_scheme=scheme
    )
    page.locator('[data-filter="check"] button').first.click()
    page.locator('[data-filter="mistake"] button').first.click()
    page.locator("th[data-sort=score] button").click()
    assert page.locator("[aria-sort]").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.default
def test_no_other_script_runs(browser: Any, tmp_path: Path) -> None:
    """The policy refuses what is put into the page: scripts, handlers, styles, addresses."""
    text = index_html(CLASS).replace(
        "</main>",
        "<script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\">"
        "<p id=odd style='color: red'></p></main>",
    )
    (tmp_path / "index.html").write_text(text, "utf-8", newline="\n")
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    assert page.title() == "Graded submissions · Day 2, advanced: HH model"
    assert count(page) == "All 300 submissions"
    assert page.evaluate("getComputedStyle(document.getElementById('odd')).color") != (
        "rgb(255, 0, 0)"
    )
    page.close()


def test_three_thousand_submissions(opened: Open) -> None:
    """The page of a very large class stays small, and sorts and filters as any other."""
    large = class_of(3000)
    assert len(index_html(large).encode()) < 2_000_000
    page = opened(large)
    assert page.evaluate("document.querySelectorAll('*').length") < 40_000
    head(page, "Score").click()
    texts = column(page, 1)
    numbers = [float(text) for text in texts if text != "not graded"]
    assert len(texts) == 3000
    assert numbers == sorted(numbers)
    assert set(texts[len(numbers) :]) == {"not graded"}
    page.get_by_label("Name contains").fill("novák zoë")
    names = column(page, 0)
    assert len(names) == sum("Novák Zoë" in r.submission_id for r in large.reports)
    assert count(page) == f"{len(names)} of 3000 submissions"
