"""The browser that looks at the pages: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.core.types import BatchSummary, GradeReport
from grader.report.batch.index_html import index_html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MARKS = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed"),
    pytest.mark.skipif(
        importlib.util.find_spec("playwright") is None, reason="playwright is not installed"
    ),
]


def opened() -> Iterator[Any]:
    """A headless browser, closed at the end of a module; the body of a fixture.

    Not of a session: while Playwright is open its event loop counts as running, and no test
    of another module could use ``asyncio.run``.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


Open = Callable[..., Any]


def batch(*reports: GradeReport) -> BatchSummary:
    """A batch of these."""
    return BatchSummary(assignment="hh", assignment_title="HH", reports=reports, seconds=1.0)


def batch_pages(browser: Any, folder: Path) -> Iterator[Open]:
    """Opens the page of a batch; at the end nothing may have been said on the console.

    The body of a fixture. What it gives takes a batch, an address's hash and Playwright's
    options of a context.
    """
    messages: list[str] = []
    contexts = []

    def open_page(summary: BatchSummary, hash: str = "", **options: Any) -> Any:
        options = {"viewport": {"width": 1280, "height": 900}, "offline": True} | options
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("dialog", lambda dialog: messages.append(dialog.message))
        file = folder / "index.html"
        file.write_text(index_html(summary), "utf-8", newline="\n")
        page.goto(file.as_uri() + hash)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert messages == []


def column(page: Any, number: int) -> list[str]:
    """What stands in a column of the rows that are shown, from the top."""
    texts: list[str] = page.evaluate(
        """number => [...document.querySelector('table.index').tBodies[0].rows]
            .filter(row => !row.hidden).map(row => row.cells[number])
            .map(cell => (cell.querySelector('bdi') || cell).textContent)""",
        number,
    )
    return texts


def count(page: Any) -> str:
    """What the page says of how many are shown."""
    text: str = page.locator("#shown").inner_text()
    return text


def head(page: Any, name: str) -> Any:
    """The button in a column's header."""
    return page.get_by_role("columnheader").get_by_role("button", name=name)


def sorts(page: Any) -> dict[str, str]:
    """The headers that say how they sort."""
    heads: dict[str, str] = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('[aria-sort]')]
            .map(head => [head.textContent, head.getAttribute('aria-sort')]))"""
    )
    return heads
