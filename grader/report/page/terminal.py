"""A student's own check as a terminal shows it: a table of all checks, and what to try next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.core.types import GradeReport
from grader.report.page.build import student_page
from grader.report.page.model import Page
from grader.report.text.phrases import Phrases, load_phrases

_MARKS: Final = {
    "pass": ("\N{CHECK MARK}", "green"),
    "partial": ("\N{ALMOST EQUAL TO}", "yellow"),
    "fail": ("\N{BALLOT X}", "red"),
    "skipped": ("\N{EN DASH}", "dim"),
    "error": ("!", "magenta"),
}
_MOST_STEPS: Final = 3


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing to fix, its place, and its part of the notebook, "" where it has none."""

    where: str
    what: str
    part: str = ""


def check_lines(report: GradeReport, *, is_page: bool) -> RenderableType:
    """List what passes, what fails and where, what to try next, and how many pass of all.

    Where no page is written, ``is_page`` false, a line says that there could be one.
    """
    page, phrases = student_page(report), load_phrases(report.language, own=True)
    parts: list[RenderableType] = []
    if page.graded and not page.unreadable:
        parts += [_table(page, phrases), Text()]
    parts += [Text(f"\N{BULLET} {note}", style="yellow") for note in page.notes]
    if page.failure is not None and page.failure.error:
        parts.append(_failure(page, phrases))
    if steps := [*dict.fromkeys(next_steps(page))][:_MOST_STEPS]:
        parts.append(Text(phrases.render("first.heading"), style="bold"))
        parts += [_step(number, step, phrases) for number, step in enumerate(steps, start=1)]
    if steps and page.plots and not is_page:
        parts += [Text(), Text(phrases.render("terminal.plots"), style="dim")]
    return Lines(*parts, Text(), _outcome(page, phrases))


def next_steps(page: Page) -> Iterator[NextStep]:
    """List what to fix, causes before their consequences, each once.

    Checks that stand in one line, mistakes that the equations show, and a run that stopped:
    before these where it is no consequence of them. Without any of these, what fails first.
    """
    run = (
        [NextStep(page.failure.where if page.failure else "", page.run_message)]
        if page.run_message
        else []
    )
    causes = [NextStep(row.where, row.message, row.part) for row in page.causes]
    named = {d.mistake: d for d in reversed(page.residual_plots) if d.mistake}
    causes += [NextStep(d.where, d.mistake, d.part) for d in reversed(named.values())]
    yield from [*causes, *run] if page.error_is_consequence else [*run, *causes]
    if not run and not causes:
        yield from (NextStep(row.where, row.message, row.part) for row in page.costly_rows)


def _table(page: Page, phrases: Phrases) -> Table:
    """List all checks by family. A message that several have stands there once."""
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    seen: set[tuple[str, str]] = set()
    for group in page.groups:
        table.add_row("", Text(group.title, style="bold"), Text(group.counts, style="dim"))
        for row in group.rows:
            sign, style = _MARKS[row.status]
            again = (row.message, row.where) in seen and row.status != "pass"
            seen.add((row.message, row.where))
            text = row.message if row.status == "pass" else _placed(row.where, row.message, phrases)
            message = Text(phrases.render("terminal.again"), style="dim") if again else Text(text)
            table.add_row(Text(sign, style=style), Text(row.title), message)
    return table


def _placed(where: str, message: str, phrases: Phrases) -> str:
    return phrases.render("terminal.placed", message=message, where=where) if where else message


def _failure(page: Page, phrases: Phrases) -> RenderableType:
    """Show the error itself, and the line of the cell where it stopped."""
    assert page.failure is not None
    lines = [Text(page.failure.error.strip(), style="red")]
    lines += [Text(f"{one.number:>4}  {one.text}") for one in page.failure.source if one.marked]
    heading = Text(
        _placed(page.failure.where, phrases.render("failure.heading"), phrases), style="bold"
    )
    return Lines(heading, Padding(Lines(*lines), (0, 0, 1, 2)))


def _step(number: int, step: NextStep, phrases: Phrases) -> RenderableType:
    what = _placed(step.where, step.what, phrases)
    if step.part:
        what = phrases.render("residual.of_part", part=step.part, title=what)
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(width=2)
    table.add_column(overflow="fold")
    table.add_row(f"{number}.", Text(what))
    return table


def _outcome(page: Page, phrases: Phrases) -> Text:
    if not page.graded:
        return Text(
            f"{page.headline} {phrases.render('outcome.not_graded_why')}", style="bold magenta"
        )
    if page.unreadable:
        return Text(page.headline, style="bold red")
    count = phrases.render("score.spoken", score=page.score, max_score=page.max_score)
    if page.score == page.max_score:
        return Text(page.headline, style="bold green")
    return Text(phrases.render("terminal.some", count=count), style="bold")
