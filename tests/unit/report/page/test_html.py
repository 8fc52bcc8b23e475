"""The HTML pages as files: self-contained, escaped, accessible."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from grader.core.types import BatchSummary, GradeReport
from grader.report.batch.index_html import index_html
from grader.report.page import html
from grader.report.page.html import student_html, teacher_html
from tests.support.html_pages import Page
from tests.support.sample_reports import (
    ALL,
    hostile,
)


def _batch(*reports: GradeReport, language: str = "en") -> BatchSummary:
    return BatchSummary(
        assignment="hh", assignment_title="HH", reports=reports, seconds=1.0, language=language
    )


PAGES = {
    f"{name}-{language}-{kind}": (make, language, function)
    for name, make in {**ALL, "hostile": lambda _: hostile()}.items()
    for language in ("en", "zh")
    for kind, function in (
        ("student", student_html),
        ("teacher", teacher_html),
        ("index", lambda report: index_html(_batch(report, language=report.language))),
    )
}


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> Page:
    """Every page of every outcome in every language."""
    return _page(request.param)


@cache
def _page(name: str) -> Page:
    make, language, function = PAGES[name]
    return Page(function(make(language)))


def test_a_page_needs_nothing_but_itself(page: Page) -> None:
    """No frame, no link outside, no handler, no style that the policy forbids; one script at most.

    Only the batch page has that script, and what it needs: it stands in the page.
    """
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"iframe", "link", "object", "embed", "base", "form"}
    batch = any("data-t" in attrs for _, attrs in page.tags)
    assert page.all("script") == ([{}] if batch else [])
    assert batch or not tags & {"input", "button", "select"}
    for tag, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on") or name == "style"]
        if tag in ("img", "use", "a", "image"):
            address = attrs.get("src", attrs.get("href", "#"))
            good = ("data:image/png;base64,", "data:image/jpeg;base64,") if tag == "img" else "#"
            local = tag == "a" and re.fullmatch(r"[^:/?#]+/(result|teacher)\.html", address)
            assert local or address.startswith(good)
    assert "@import" not in page.style
    assert "url(" not in page.style


def test_the_policy_allows_this_style_alone(page: Page) -> None:
    """The policy stands before the style, names its and the script's hash, and nothing else."""
    policy = next(
        attrs["content"]
        for attrs in page.all("meta")
        if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    script = f"script-src '{_hash(page.script)}'; " if page.script else ""
    assert policy == (
        f"default-src 'none'; style-src '{_hash(page.style)}'; {script}img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    names = [tag for tag, _ in page.tags]
    assert names.index("style") > names.index("meta") + 1


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_ids_are_unique_and_links_lead_somewhere(page: Page) -> None:
    """Every anchor and every label points at one element of the page."""
    ids = Counter(attrs["id"] for _, attrs in page.tags if "id" in attrs)
    assert [id for id, count in ids.items() if count > 1] == []
    for _, attrs in page.tags:
        wanted = attrs.get("aria-labelledby", "").split()
        if attrs.get("href", "").startswith("#"):
            wanted.append(attrs["href"][1:])
        assert not [id for id in wanted if id not in ids]


def test_a_page_speaks_to_screen_readers(page: Page) -> None:
    """Language, one heading of the page, landmarks, scoped headers, named pictures."""
    assert page.all("html")[0]["lang"] in ("en", "zh-Hans")
    for landmark in ("main", "h1", "header", "footer", "title"):
        assert len([t for t, a in page.tags if t == landmark and "id" not in a]) == 1
    for attrs in page.all("th"):
        assert attrs.get("scope") in ("col", "row", "rowgroup")
    for attrs in page.all("img"):
        assert attrs["alt"]
        assert int(attrs["width"]) > 0
    for attrs in page.all("svg"):
        named = attrs.get("role") == "img" and attrs.get("aria-labelledby")
        inner = "viewBox" in attrs or "x" in attrs
        assert named or inner or attrs.get("aria-hidden") == "true"


def test_no_unseen_character_is_left(page: Page) -> None:
    """Neither control nor bidirectional characters reach a page."""
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", page.text
    )
    assert "[31m" not in page.text


def test_what_a_student_wrote_is_shown_not_run() -> None:
    """Markup in errors, names and sources appears as text."""
    for text in (student_html(hostile()), teacher_html(hostile())):
        assert "<script" not in text
        assert "<img src=x" not in text
        assert "&lt;script&gt;alert(" in text
        assert "Pictures not shown" in text
        assert len(Page(text).all("img")) == 1
        assert len(text) < 400_000


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _themes() -> list[dict[str, str]]:
    css = (Path(html.__file__).parents[1] / "templates" / "report.css").read_text("utf-8")
    return [
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    ]


@pytest.mark.parametrize("theme", _themes(), ids=["light", "dark"])
def test_text_has_contrast(theme: dict[str, str]) -> None:
    """All text on all grounds reaches AA (4.5), the lines of plots 3 against their ground."""
    for ink in ("ink", "quiet", "link", "pass", "partial", "fail", "skipped", "error"):
        for ground in ("paper", "card"):
            assert _contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
    for ink in ("ink", "fail"):
        assert _contrast(theme[ink], theme["mark"]) >= 4.5
    assert _contrast(theme["ink"], theme["look"]) >= 4.5
    for line in ("own", "diff", "part", "full"):
        assert _contrast(theme[line], theme["card"]) >= 3
    # The two lines of a plot are told apart by lightness alone, so in greyscale too.
    assert _contrast(theme["own"], theme["ref"]) >= 4.5
