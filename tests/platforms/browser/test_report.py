"""Tests of the pages in a real browser, where one is installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.core.types import BatchSummary, Curve
from grader.report.batch.index_html import index_html
from grader.report.page.html import student_html, teacher_html
from tests.support import browsing
from tests.support.sample_matrices import page_to_cite
from tests.support.sample_reports import ALL, hostile, mistaken, perfect
from tests.support.sample_traces import TIME, curves

pytestmark = browsing.MARKS


def _pages() -> dict[str, str]:
    reports = {
        f"{name}-{language}": make(language)
        for name, make in ALL.items()
        for language in ("en", "zh")
    }
    reports["hostile"] = hostile()
    reports["hair"] = replace(reports["perfect-en"], curves=(_hair(),))
    reports["mistaken"], reports["mistaken-zh"] = mistaken(), mistaken("zh")
    texts = {f"{name}-student": student_html(report) for name, report in reports.items()}
    texts |= {f"{name}-teacher": teacher_html(report) for name, report in reports.items()}
    summary = BatchSummary(
        assignment="hh", assignment_title="HH", reports=tuple(reports.values()), seconds=1.0
    )
    texts |= {f"verify-{language}": page_to_cite(language) for language in ("en", "zh")}
    return texts | {"index": index_html(summary)}


def _hair() -> Curve:
    """A curve whose tick labels are as wide as they get."""
    V = curves(None)[0].reference
    return Curve(
        label="V, stimulus 1", unit="mV", time=TIME, reference=V, student=V + 1.5e-5 * np.sin(TIME)
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless browser, closed at the end."""
    yield from browsing.opened()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every page as a file."""
    folder = tmp_path_factory.mktemp("pages")
    _write(folder, _pages())
    return folder


def _write(folder: Path, pages: Mapping[str, str]) -> list[Path]:
    files = [folder / f"{name}.html" for name in sorted(pages)]
    for file in files:
        file.write_text(pages[file.stem], "utf-8", newline="\n")
    return files


def _assert_fit(browser: Any, files: list[Path], width: int, scheme: str, plots: int) -> None:
    """No sideways scroll, nothing refused or fetched, and in all plots no text cut or covered."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    messages: list[str] = []
    fetched: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("request", lambda request: fetched.append(request.url))
    faults, drawn = [], 0
    for file in files:
        page.goto(file.as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            faults.append((file.name, wide))
        drawn += page.locator(".plot:has(text)").count()
        faults += page.evaluate(
            """() => [...document.querySelectorAll('.plot')].flatMap(plot => {
                const edge = plot.getBoundingClientRect();
                return [...plot.querySelectorAll('text')].filter(text => {
                    const box = text.getBoundingClientRect();
                    const others = [...plot.querySelectorAll('.key, .unit')].filter(other => {
                        const o = other.getBoundingClientRect();
                        return other !== text && box.left < o.right && o.left < box.right
                            && box.top + 3 < o.bottom && o.top + 3 < box.bottom;
                    });
                    return box.left < edge.left || box.right > edge.right
                        || box.bottom > edge.bottom || others.length;
                }).map(text => text.textContent);
            })"""
        )
    context.close()
    assert faults == []
    assert messages == []
    assert drawn == plots
    assert [url for url in fetched if not url.startswith(("file:", "data:"))] == []


@pytest.mark.default
def test_a_students_page_fits_and_loads_nothing(browser: Any, tmp_path: Path) -> None:
    """On a phone: no sideways scroll, nothing refused or fetched, no text cut or covered."""
    files = _write(tmp_path, {"mistaken": student_html(mistaken())})
    _assert_fit(browser, files, 360, "light", plots=6)


@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "light"), (760, "light"), (760, "dark"), (1280, "light")]
)
def test_all_pages_fit_and_load_nothing(
    browser: Any, folder: Path, width: int, scheme: str
) -> None:
    """Every page of every outcome; in the dark, which changes colours only, at one width."""
    files = sorted(folder.glob("*.html"))
    assert len(files) == 31
    _assert_fit(browser, files, width, scheme, plots=84)


@pytest.mark.default
def test_the_style_is_applied(browser: Any, tmp_path: Path) -> None:
    """The policy's hash fits the style: without it a page would be bare."""
    (file,) = _write(tmp_path, {"perfect": student_html(perfect())})
    page = browser.new_page(color_scheme="dark")
    page.goto(file.as_uri())
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.close()
    assert ground == "rgb(20, 23, 28)"
