"""Progress on the terminal: a live bar, then a short summary; plain lines where no one looks."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from grader.core.messages import Catalogue, catalogue
from grader.core.types import BatchSummary, GradeReport, Note
from grader.report.page.terminal import check_lines


def terminal() -> Console:
    """Return standard output, as wide as it is."""
    return Console(highlight=False, soft_wrap=False)


@contextlib.contextmanager
def batch_progress(
    total: int, notes: Sequence[Note], language: str
) -> Iterator[Callable[[GradeReport], None]]:
    """Give a function to call with each report: done, left, time to go, verdicts so far."""
    messages, console = catalogue(language), terminal()
    for note in notes:
        console.print(Text(messages.render_note(note), style="yellow"))
    tally: Counter[str] = Counter()
    if not total:
        yield lambda report: None
        return
    if not console.is_terminal:

        def line(report: GradeReport) -> None:
            tally[""] += 1
            console.print(
                Text(f"[{tally['']}/{total}] {report.submission_id}: {_mark(report, messages)}")
            )

        yield line
        return
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[verdicts]}"),
        TimeElapsedColumn(),
        TextColumn(messages.render("console.left")),
        TimeRemainingColumn(),
        console=console,
    )
    with progress:
        task = progress.add_task(messages.render("console.grading"), total=total, verdicts="")

        def advance(report: GradeReport) -> None:
            tally[_kind(report)] += 1
            shown = "  ".join(
                f"{messages.render('console.verdict.' + kind)} {tally[kind]}"
                for kind in ("full", "part", "zero", "not_graded")
                if tally[kind]
            )
            progress.update(task, advance=1, verdicts=shown)

        yield advance


def remark(note: Note, language: str) -> None:
    """Print a sentence while a batch is graded; above the bar, where there is one."""
    sentence = catalogue(language).render_note(note)
    terminal().print(Text(sentence, style="yellow"), soft_wrap=True)


def _kind(report: GradeReport) -> str:
    if report.score is None:
        return "not_graded"
    return "full" if report.score >= report.max_score else "part" if report.score > 0 else "zero"


def _mark(report: GradeReport, messages: Catalogue) -> str:
    if report.score is None:
        return messages.render("console.verdict.not_graded")
    return f"{report.score:g}/{report.max_score:g}"


def show_summary(summary: BatchSummary, out: Path) -> None:
    """Say how many were graded, how well, what needs a look, and where the reports are."""
    messages, console = catalogue(summary.language), terminal()
    scores = [r.score for r in summary.reports if r.score is not None]
    console.print()
    if scores:
        console.print(
            messages.render(
                "console.summary",
                graded=len(scores),
                total=len(summary.reports),
                mean=round(sum(scores) / len(scores), 1),
                median=round(median(scores), 1),
                seconds=round(summary.seconds),
            )
        )
    look = [r for r in summary.reports if r.needs_look]
    if look:
        console.print(Text(messages.render("console.needs_look"), style="bold"))
        for report in look[:12]:
            console.print(Text(f"  {report.submission_id}: {'; '.join(report.needs_look)}"))
        if len(look) > 12:
            console.print(Text("  " + messages.render("console.more", count=len(look) - 12)))
    console.print(
        messages.render("console.where", page=str(out / "index.html"), csv=str(out / "grades.csv"))
    )


@contextlib.contextmanager
def working(language: str) -> Iterator[None]:
    """Show a sign of life while a single notebook runs."""
    console = Console(stderr=True)
    with console.status(catalogue(language).render("console.running")):
        yield


def show_check(report: GradeReport, page: Path | None, *, named: bool = True) -> None:
    """Show a student's own result, and where its ``page`` was written, where that is ``named``."""
    console = terminal()
    console.print(check_lines(report, is_page=page is not None))
    if page is not None and named:
        messages = catalogue(report.language)
        console.print(Text(messages.render("console.page", page=str(page))), soft_wrap=True)


@contextlib.contextmanager
def progress(message_id: str, language: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function to call with how much is done, and how much there is."""
    messages, console = catalogue(language), Console(stderr=True)
    bar = Progress(
        SpinnerColumn(),
        TextColumn(messages.render(message_id)),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn(messages.render("console.left")),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
