"""A plan on the terminal: what is kept and what is not, and marks that change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from rich.table import Table
from rich.text import Text

from grader.cli.console.progress import batch_progress, progress, remark, terminal
from grader.core.messages import Catalogue, catalogue
from grader.core.types import GradeReport, Note, ScoreChange
from grader.grading.plan.plan import Plan
from grader.report.batch.changes import FILE
from grader.report.batch.csv_json import format_mark

_NAMED = 12  # submissions that are named in one line
_SHOWN = 20  # changed marks that are shown; the file has all


class ClassProgress:
    """A `Listener` that shows on the terminal how far the grading of a class is."""

    def __init__(self, language: str) -> None:
        self._language = language

    def planning(self) -> AbstractContextManager[Callable[[int, int], None]]:
        """Show a bar while the folder's results are looked at."""
        return progress("console.looking", self._language)

    def planned(self, plan: Plan) -> None:
        """Say what is kept, judged again and run."""
        show_plan(plan)

    def previewing(self) -> AbstractContextManager[Callable[[int, int], None]]:
        """Show a bar while a dry run judges again."""
        return progress("console.judging", self._language)

    def grading(
        self, total: int, notes: Sequence[Note]
    ) -> AbstractContextManager[Callable[[GradeReport], None]]:
        """Show a bar, or a line for each submission."""
        return batch_progress(total, notes, self._language)

    def remark(self, note: Note) -> None:
        """Say it above the bar."""
        remark(note, self._language)


def show_plan(plan: Plan) -> None:
    """Say how many are kept, judged again and run, and why; nothing where all is new."""
    messages, console = catalogue(plan.settings.language), terminal()
    kept, judged, run = (plan.ids_to(what) for what in ("keep", "judge", "run"))
    why = {what: Counter(plan.why(id) for id in ids) for what, ids in
           (("judge", judged), ("run", run))}  # fmt: skip
    new = messages.render("resume.why.new")
    if kept or judged or set(why["run"]) - {new}:
        counts = {"kept": len(kept), "judged": len(judged), "run": len(run)}
        console.print(messages.render("resume.plan", total=len(plan.actions), **counts))
        for what, reasons in why.items():
            for reason, count in reasons.most_common():
                console.print(
                    Text("  " + messages.render(f"resume.{what}", count=count, why=reason))
                )
    if plan.no_longer_submitted:
        sentence = messages.render(
            "resume.gone",
            count=len(plan.no_longer_submitted),
            names=list_names(plan.no_longer_submitted),
        )
        console.print(Text(sentence, style="yellow"))


def show_preview(plan: Plan, found: Sequence[GradeReport | str]) -> bool:
    """Show the marks that judging again would change; True if our fault kept one from it."""
    messages, console = catalogue(plan.settings.language), terminal()
    judged = [one for one in found if isinstance(one, GradeReport)]
    reports = [one for one in judged if not one.parts_to_substitute]
    faults = [one for one in found if isinstance(one, str)]
    if changed := _new_changes(reports, plan):
        show_marks(changed, messages)
    elif len(reports) == len(found) > 0:
        console.print(messages.render("resume.no_change"))
    if parts := [one.submission_id for one in judged if one.parts_to_substitute]:
        console.print(
            Text(messages.render("resume.parts", count=len(parts), names=list_names(parts)))
        )
    for fault in faults:
        console.print(Text(fault.rstrip().splitlines()[-1], style="magenta"))
    console.print(messages.render("resume.dry"))
    return bool(faults)


def show_changes(reports: Sequence[GradeReport], plan: Plan, out: Path) -> None:
    """Show the marks that are other ones than before this batch, and why."""
    messages, console = catalogue(plan.settings.language), terminal()
    changed = _new_changes(reports, plan)
    if not changed:
        if plan.ids_to("judge"):
            console.print(messages.render("resume.no_change"))
        return
    show_marks(changed[:_SHOWN], messages)
    if len(changed) > _SHOWN:
        console.print(Text(messages.render("resume.more", count=len(changed) - _SHOWN)))
    console.print(Text(messages.render("resume.file", path=str(out / FILE))))


def _new_changes(reports: Iterable[GradeReport], plan: Plan) -> list[tuple[str, ScoreChange]]:
    """Return the last change of each mark, where it is of this batch."""
    return [
        (report.submission_id, report.changes[-1])
        for report in reports
        if report.changes
        and plan.actions[report.submission_id].kind != "keep"
        and report.changes[-1].when >= plan.began
    ]


def show_marks(changed: Iterable[tuple[str, ScoreChange]], messages: Catalogue) -> None:
    """Print a table of marks for each reason, a check a line."""
    console = terminal()
    for reason in dict.fromkeys(one.why for _, one in changed):
        table = Table(box=None, padding=(0, 2, 0, 0), title_justify="left", title_style="bold")
        table.title = messages.render("resume.changed", why=reason)
        for name in ("submission", "mark", "check", "points", "now"):
            table.add_column(messages.render(f"resume.column.{name}"), overflow="fold")
        for id, one in changed:
            if one.why == reason:
                _rows(table, id, one, messages)
        console.print()
        console.print(table)


def _rows(table: Table, id: str, one: ScoreChange, messages: Catalogue) -> None:
    name, total = (
        id,
        arrow(_of(one.old, one.old_max, messages), _of(one.new, one.new_max, messages)),
    )
    for check in one.checks:
        points = arrow(format_mark(check.old), format_mark(check.new))
        table.add_row(*map(Text, (name, total, check.title or check.id, points, check.message)))
        name = total = ""
    if not one.checks:
        table.add_row(Text(name), Text(total))


def list_names(ids: Sequence[str]) -> str:
    """List the first few of these names on one line."""
    more = ["\N{HORIZONTAL ELLIPSIS}"] if len(ids) > _NAMED else []
    return "; ".join([*ids[:_NAMED], *more])


def arrow(old: str, new: str) -> str:
    """Write the old value and the new one, with an arrow between."""
    nothing = "\N{EN DASH}"
    return f"{old or nothing} \N{RIGHTWARDS ARROW} {new or nothing}"


def _of(score: float | None, most: float, messages: Catalogue) -> str:
    if score is None:
        return messages.render("console.verdict.not_graded")
    return f"{format_mark(score)}/{format_mark(most)}"
