"""``result.md``: the student's report for a terminal or a CI page, GitHub-flavoured."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.report.failure import SourceLine
from grader.report.page import Group, Page, student_page
from grader.report.phrases import Phrases, phrases
from grader.stages import GradeReport

_MOST_LINES = 40
_SPECIAL = re.compile(r"[\\`*\[\]|~$]|(?<!\w)_|_(?!\w)|^[#>+\-](?=\s)|^\d+(?=[.)]\s)")
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|www)([:.])")  # not to become a link


def student_markdown(report: GradeReport) -> str:
    """What the student reads, as Markdown; the same content as the page, without plots."""
    page, said = student_page(report), phrases(report.language)
    blocks = [f"# {_inline(page.title)}", _summary(page, said)]
    if page.told:
        blocks.append(_inline(page.told))
    if not page.graded:
        blocks.append(_inline(said.say("outcome.not_graded_why")))
    if page.graded and not page.unreadable:
        blocks += _checks(page, said)
    blocks += _failure(page, said)
    if page.notes:
        blocks.append(f"## {said.say('notes.heading')}")
        blocks.append("\n".join(f"- {_inline(note)}" for note in page.notes))
    blocks.append("---")
    blocks.append(_footer(page, said))
    return "\n\n".join(blocks) + "\n"


def _summary(page: Page, said: Phrases) -> str:
    score = said.say("score.none")
    if page.graded:
        score = said.say("points", points=page.score, max_points=page.max_score)
    parts = [
        f"**{said.say('markdown.score')}: {score}**",
        f"{said.say('page.submission')}: {_inline(page.submission)}",
        _inline(page.headline),
    ]
    return " · ".join(parts)


def _checks(page: Page, said: Phrases) -> list[str]:
    blocks = []
    rows = [row for group in page.groups for row in group.rows if row.status != "pass"]
    rows.sort(key=lambda row: (row.status == "skipped", -row.lost))
    if rows:
        names = [said.say(f"checks.{n}") for n in ("status", "check", "asked", "found", "where")]
        table = [
            "| " + " | ".join([*names, said.say("checks.points")]) + " |",
            "|---|---|---|---|---|---:|",
        ]
        for row in rows:
            check = _inline(row.title) + (f": {_inline(row.message)}" if row.message else "")
            status = said.say(f"status.{row.status}")
            cells = [status, check, *map(_inline, (row.asked, row.found, row.where)), row.points]
            table.append("| " + " | ".join(cells) + " |")
        blocks += [f"## {said.say('markdown.lost')}", "\n".join(table)]
    passed = [_passed(group) for group in page.groups if _count(group)]
    if passed:
        blocks += [f"## {said.say('markdown.passed')}", "\n".join(passed)]
    if page.further:
        blocks.append(page.further_line)
    return blocks


def _count(group: Group) -> int:
    return sum(row.status == "pass" for row in group.rows)


def _passed(group: Group) -> str:
    return f"- {_inline(group.title)}: {group.counts} ({group.points})"


def _failure(page: Page, said: Phrases) -> list[str]:
    failed = page.failure
    if failed is None:
        return []
    blocks = [f"## {said.say('markdown.error')}"]
    if failed.where:
        blocks.append(failed.where)
    if failed.error:
        blocks.append(_fenced(failed.error, "text"))
    if near := _near(failed.source):
        blocks.append(_fenced(near, "text"))
    return blocks


def _near(source: Sequence[SourceLine]) -> str:
    """The marked line with three lines on each side; "" where none is marked."""
    marked = next((line.number for line in source if line.marked), None)
    if marked is None:
        return ""
    return "\n".join(
        f"{'>' if line.marked else ' '} {line.number:3d}  {line.text}".rstrip()
        for line in source
        if abs(line.number - marked) <= 3
    )


def _footer(page: Page, said: Phrases) -> str:
    parts = [page.made_by, *(f"{label} {value}" for label, value in page.provenance if value)]
    parts.append(said.say("footer.assignment", id=page.assignment, digest=page.digest))
    return _inline(" · ".join(parts))


def _inline(text: str) -> str:
    """Text on one line in which no sign means anything to Markdown or HTML."""
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
