"""A passback on the terminal: marks that would be sent to whom, and what became of them."""

from __future__ import annotations

from collections.abc import Callable

from rich.table import Table
from rich.text import Text

from grader.cli.console.gradebook import NOTHING, print_line, print_note
from grader.cli.console.plan import list_names
from grader.cli.console.progress import terminal
from grader.core.messages import Catalogue
from grader.gradebook.passback.plan import Item, Passback
from grader.gradebook.passback.send import Outcome
from grader.report.batch.csv_json import format_mark

_SHOWN = 60  # marks that are shown before they are sent


def show_passback(passback: Passback, title: str, messages: Catalogue, is_sent: bool) -> None:
    """Show whose marks go out, and everything that keeps one from doing so."""
    for note in passback.notes:
        print_note(messages, note)
    if passback.send and not is_sent:
        terminal().print(_table(passback, messages))
        if (more := len(passback.send) - _SHOWN) > 0:
            print_line(messages.render("passback.more", count=more))
    counts = {"send": len(passback.send), "there": len(passback.there), "same": passback.same}
    print_line(messages.render("passback.plan", title=title, **counts))
    if not is_sent:
        print_line(messages.render("passback.dry"))


def show_outcome(outcome: Outcome, total: int, messages: Catalogue) -> None:
    """Say what arrived, what was refused and why, and of what nobody knows."""
    refused = [f"{name} ({why})" for name, why in outcome.refused]
    failed = {"refused": refused, "unknown": outcome.unknown, "assumed": outcome.assumed}
    for kind, ids in failed.items():
        if ids:
            names = list_names(ids)
            print_line(messages.render(f"passback.{kind}", count=len(ids), names=names))
    print_line(messages.render("passback.sent", arrived=len(outcome.arrived), total=total))
    if outcome.stopped is not None:
        print_note(messages, outcome.stopped.note)
        print_line(messages.render("passback.stopped"))


def comment_in(messages: Catalogue) -> Callable[[Item], str]:
    """Return the writer of comments: for a student, why a mark is less than the report says."""

    def comment(item: Item) -> str:
        if not item.lost:
            return ""
        return messages.render("passback.comment", days=item.days_late, lost=format_mark(item.lost))

    return comment


def _table(passback: Passback, messages: Catalogue) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("submission", "user", "before", "there", "mark", "why"):
        table.add_column(messages.render(f"passback.column.{name}"), overflow="fold")
    for item in passback.send[:_SHOWN]:
        why = messages.render(f"passback.why.{item.why}")
        before, there = format_mark(item.before) or NOTHING, format_mark(item.there) or NOTHING
        shown = f"{format_mark(item.score)}/{format_mark(item.max_score)}"
        user = f"{item.user} {item.name}".strip()
        table.add_row(*map(Text, (item.graded.id, user, before, there, shown, why)))
    return table
