"""What the terminal shows: a live bar, then a short summary; plain lines where no one looks."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

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
from rich.table import Table
from rich.text import Text

from grader.box.choose import Found
from grader.stages import BatchSummary, CheckResult, GradeReport, Note
from grader.words import Catalogue, catalogue

_MARKS = {
    "pass": ("\N{CHECK MARK}", "green"),
    "partial": ("\N{ALMOST EQUAL TO}", "yellow"),
    "fail": ("\N{BALLOT X}", "red"),
    "skipped": ("\N{EN DASH}", "dim"),
    "error": ("!", "magenta"),
}


def terminal() -> Console:
    """Standard output, as wide as it is."""
    return Console(highlight=False, soft_wrap=False)


@contextlib.contextmanager
def batch_progress(
    total: int, notes: Sequence[Note], language: str
) -> Iterator[Callable[[GradeReport], None]]:
    """Give a function to call with each report: done, left, time to go, verdicts so far."""
    words, console = catalogue(language), terminal()
    for note in notes:
        console.print(Text(words.say(note.message_id, **note.values), style="yellow"))
    tally: Counter[str] = Counter()
    if not total:
        yield lambda report: None
        return
    if not console.is_terminal:

        def line(report: GradeReport) -> None:
            tally[""] += 1
            console.print(
                Text(f"[{tally['']}/{total}] {report.submission_id}: {_mark(report, words)}")
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
        TextColumn(words.say("console.left")),
        TimeRemainingColumn(),
        console=console,
    )
    with progress:
        task = progress.add_task(words.say("console.grading"), total=total, verdicts="")

        def advance(report: GradeReport) -> None:
            tally[_kind(report)] += 1
            shown = "  ".join(
                f"{words.say('console.verdict.' + kind)} {tally[kind]}"
                for kind in ("full", "part", "zero", "not_graded")
                if tally[kind]
            )
            progress.update(task, advance=1, verdicts=shown)

        yield advance


def _kind(report: GradeReport) -> str:
    if report.score is None:
        return "not_graded"
    return "full" if report.score >= report.max_score else "part" if report.score > 0 else "zero"


def _mark(report: GradeReport, words: Catalogue) -> str:
    if report.score is None:
        return words.say("console.verdict.not_graded")
    return f"{report.score:g}/{report.max_score:g}"


def show_summary(summary: BatchSummary, out: Path) -> None:
    """How many, how well, what needs a look, and where the reports are."""
    words, console = catalogue(summary.language), terminal()
    scores = sorted(r.score for r in summary.reports if r.score is not None)
    console.print()
    if scores:
        middle = (
            scores[len(scores) // 2]
            if len(scores) % 2
            else sum(scores[len(scores) // 2 - 1 : len(scores) // 2 + 1]) / 2
        )
        console.print(
            words.say(
                "console.summary",
                graded=len(scores),
                total=len(summary.reports),
                mean=round(sum(scores) / len(scores), 1),
                median=round(middle, 1),
                seconds=round(summary.seconds),
            )
        )
    look = [r for r in summary.reports if r.needs_look]
    if look:
        console.print(Text(words.say("console.needs_look"), style="bold"))
        for report in look[:12]:
            console.print(Text(f"  {report.submission_id}: {'; '.join(report.needs_look)}"))
        if len(look) > 12:
            console.print(Text("  " + words.say("console.more", count=len(look) - 12)))
    console.print(
        words.say("console.where", page=str(out / "index.html"), csv=str(out / "grades.csv"))
    )


@contextlib.contextmanager
def working(language: str) -> Iterator[None]:
    """A sign of life while a single notebook runs."""
    console = Console(stderr=True)
    with console.status(catalogue(language).say("console.running")):
        yield


def show_check(report: GradeReport) -> None:
    """A student's own result as a table, failures in full."""
    words, console = catalogue(report.language), terminal()
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in report.checks:
        sign, style = _MARKS[check.status]
        table.add_row(
            Text(sign, style=style), Text(check.title), Text(check.message + _where(check, words))
        )
    console.print(table)
    for note in report.notes:
        console.print(Text("\N{BULLET} " + note, style="yellow"))
    passed = sum(check.status == "pass" for check in report.checks)
    console.print()
    if passed == len(report.checks):
        console.print(Text(words.say("console.all_pass"), style="bold green"))
    else:
        message = words.say("console.some_fail", passed=passed, total=len(report.checks))
        console.print(Text(message, style="bold"))


def _where(check: CheckResult, words: Catalogue) -> str:
    if check.status == "pass" or check.cell is None:
        return ""
    if check.line is None:
        return " " + words.say("console.in_cell", cell=check.cell + 1)
    return " " + words.say("console.in_line", cell=check.cell + 1, line=check.line)


@contextlib.contextmanager
def progress(message_id: str, language: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function to call with how much is done, and how much there is."""
    words, console = catalogue(language), Console(stderr=True)
    bar = Progress(
        SpinnerColumn(),
        TextColumn(words.say(message_id)),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn(words.say("console.left")),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def about_box(found: Sequence[Found], language: str) -> list[str]:
    """A line or two for each sandbox: whether it works here, and why not."""
    words = catalogue(language)
    lines = []
    for one in found:
        if one.why_not is None:
            lines.append(words.say("doctor.works", name=one.name))
            continue
        why = words.say(one.why_not.message_id, **one.why_not.values)
        lines.append(words.say("doctor.does_not", name=one.name, why=why))
        if one.detail:
            lines.append(words.say("doctor.detail", text=one.detail.splitlines()[-1]))
    return lines


def no_box(found: Sequence[Found], language: str) -> str:
    """Why nothing is graded when no sandbox works here, and what to do."""
    words = catalogue(language)
    why = [words.say("doctor.none"), *about_box(found, language), words.say("doctor.remedies")]
    return "\n".join(why)
