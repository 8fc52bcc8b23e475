"""``result.md``: the student's report for a terminal or a CI page, GitHub-flavoured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from grader.core.types import GradeReport
from grader.report.page.build import student_page
from grader.report.page.model import CheckGroup, Page
from grader.report.page.traceback import SourceLine
from grader.report.text.phrases import Phrases, format_points, load_phrases

_MOST_LINES = 40
_SPECIAL = re.compile(r"[\\`*\[\]|~$]|(?<!\w)_|_(?!\w)|^[#>+\-](?=\s)|^\d+(?=[.)]\s)")
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|www)([:.])")  # not to become a link


def student_markdown(report: GradeReport) -> str:
    """Write the student's report as Markdown: the content of the page, without plots."""
    pictureless = replace(report, curves=(), run=replace(report.run, figures=()))
    page, phrases = student_page(pictureless), load_phrases(report.language)
    blocks = [f"# {inline(page.title)}", _summary(page, phrases)]
    if page.run_message:
        blocks.append(inline(page.run_message))
    if not page.graded:
        blocks.append(inline(phrases.render("outcome.not_graded_why")))
    if page.graded and not page.unreadable:
        blocks += _checks(page, phrases)
    blocks += _failure(page, phrases)
    if page.residual_plots:
        lines = [
            f"- {inline(phrases.render('residual.line', mistake=plot.mistake, text=plot.text))}"
            for plot in page.residual_plots
        ]
        blocks.append(f"## {phrases.render('residual.heading')}")
        blocks += [inline(phrases.render("residual.lead_text")), "\n".join(lines)]
    if page.notes:
        blocks.append(f"## {phrases.render('notes.heading')}")
        blocks.append("\n".join(f"- {inline(note)}" for note in page.notes))
    blocks.append("---")
    blocks.append(_footer(page, phrases))
    return "\n\n".join(blocks) + "\n"


def _summary(page: Page, phrases: Phrases) -> str:
    mark = phrases.render("score.none")
    if page.graded:
        mark = phrases.pair("score.heading", f"{page.score} / {page.max_score}")
    parts = [f"**{mark}**", phrases.pair("page.submission", inline(page.submission))]
    if not page.unreadable:
        parts.append(inline(page.headline))
    return " · ".join(parts)


def _checks(page: Page, phrases: Phrases) -> list[str]:
    blocks = []
    rows = [row for group in page.groups for row in group.rows]
    missing = sorted(
        (row for row in rows if row.status not in ("pass", "skipped")),
        key=lambda row: -row.points_lost,
    )
    if missing:
        names = ("status", "check", "asked", "found", "where", "points")
        table = [
            _line([phrases.render(f"checks.{name}") for name in names]),
            "|---|---|---|---|---|---:|",
        ]
        for row in missing:
            title = f"**{inline(row.title)}** {inline(row.message)}".rstrip()
            status = phrases.render(f"status.{row.status}")
            values = map(inline, (row.expected, row.found, row.where))
            table.append(_line([status, title, *values, row.points_text]))
        blocks += [f"## {phrases.render('markdown.lost')}", "\n".join(table)]
    if skipped := [inline(row.title) for row in rows if row.status == "skipped"]:
        titles, cost = phrases.render("joined").join(skipped), format_points(page.skipped_points)
        blocks.append(phrases.render("markdown.skipped", points=cost, titles=titles))
    if passed := [_passed(group, phrases) for group in page.groups if group.passed]:
        blocks += [f"## {phrases.render('markdown.passed')}", "\n".join(passed)]
    if page.hidden_group:
        blocks.append(page.hidden_line)
    return blocks


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _passed(group: CheckGroup, phrases: Phrases) -> str:
    counts = f"{group.counts} ({group.points_text})"
    return "- " + phrases.render("markdown.pair", name=inline(group.title), value=counts)


def _failure(page: Page, phrases: Phrases) -> list[str]:
    failed = page.failure
    if failed is None:
        return []
    blocks = [f"## {phrases.render('failure.heading')}"]
    if failed.where:
        blocks.append(failed.where)
    if failed.error:
        blocks.append(_fenced(failed.error, "text"))
    if near := _near(failed.source):
        blocks.append(_fenced(near, "text"))
    return blocks


def _near(source: Sequence[SourceLine]) -> str:
    """Return the marked line with three lines on each side; "" where none is marked."""
    marked = next((line.number for line in source if line.marked), None)
    if marked is None:
        return ""
    return "\n".join(
        f"{'>' if line.marked else ' '} {line.number:3d}  {line.text}".rstrip()
        for line in source
        if abs(line.number - marked) <= 3
    )


def _footer(page: Page, phrases: Phrases) -> str:
    parts = [page.made_by, *(f"{label} {value}" for label, value in page.provenance if value)]
    parts.append(phrases.render("footer.assignment", id=page.assignment, digest=page.digest))
    return inline(" · ".join(parts))


def inline(text: str) -> str:
    """Return text on one line in which no sign means anything to Markdown or HTML."""
    text = _SPECIAL.sub(lambda m: m[0] if m[0].isdigit() else "\\" + m[0], " ".join(text.split()))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _ADDRESS.sub(r"\1\\\2", text)


def _fenced(text: str, kind: str) -> str:
    lines = text.split("\n")
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], "\N{VERTICAL ELLIPSIS}"]
    text = "\n".join(lines)
    longest = max((len(ticks) for ticks in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{kind}\n{text}\n{fence}"
