"""A passback on the terminal: marks that would be sent to whom, and what became of them."""

from __future__ import annotations

from collections.abc import Callable

from rich.table import Table
from rich.text import Text

from grader.cli.console.gradebook import NOTHING, print_line, print_note
from grader.cli.console.plan import list_names
from grader.cli.console.progress import terminal
from grader.core.messages import Catalogue
from grader.gradebook.passback.plan import PassbackPlan, PlannedMark
from grader.gradebook.passback.send import PassbackOutcome
from grader.report.batch.csv_json import format_mark

_SHOWN = 60  # marks that are shown before they are sent


def show_passback(passback: PassbackPlan, title: str, messages: Catalogue, is_sent: bool) -> None:
    """Show whose marks go out, and everything that keeps one from doing so."""
    for note in passback.notes:
        print_note(messages, note)
    if passback.to_send and not is_sent:
        terminal().print(_table(passback, messages))
        if (more := len(passback.to_send) - _SHOWN) > 0:
            print_line(messages.render("passback.more", count=more))
    counts = {
        "send": len(passback.to_send),
        "there": len(passback.on_platform),
        "same": passback.same_count,
    }
    print_line(messages.render("passback.plan", title=title, **counts))
    if not is_sent:
        print_line(messages.render("passback.dry"))


def show_outcome(outcome: PassbackOutcome, total: int, messages: Catalogue) -> None:
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


def comment_in(messages: Catalogue) -> Callable[[PlannedMark], str]:
    """Return the writer of comments: for a student, why a mark is less than the report says."""

    def comment(item: PlannedMark) -> str:
        if not item.late_penalty:
            return ""
        return messages.render(
            "passback.comment", days=item.days_late, lost=format_mark(item.late_penalty)
        )

    return comment


def _table(passback: PassbackPlan, messages: Catalogue) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("submission", "user", "before", "there", "mark", "why"):
        table.add_column(messages.render(f"passback.column.{name}"), overflow="fold")
    for item in passback.to_send[:_SHOWN]:
        why = messages.render(f"passback.why.{item.reason}")
        before, there = (
            format_mark(item.last_arrived) or NOTHING,
            format_mark(item.remote_score) or NOTHING,
        )
        shown = f"{format_mark(item.score)}/{format_mark(item.max_score)}"
        user = f"{item.user} {item.name}".strip()
        table.add_row(*map(Text, (item.graded.id, user, before, there, shown, why)))
    return table
