"""What the terminal shows of a passback: what would be sent to whom, and what became of it."""

from __future__ import annotations

from collections.abc import Callable

from rich.table import Table
from rich.text import Text

from grader.cli.console.gradebook import NOTHING, print_line, say
from grader.cli.console.plan import names
from grader.cli.console.progress import terminal
from grader.core.messages import Catalogue
from grader.gradebook.passback.plan import Item, Passback
from grader.gradebook.passback.send import Outcome
from grader.report.batch.csv_json import mark

_SHOWN = 60  # marks that are shown before they are sent


def show_passback(passback: Passback, title: str, words: Catalogue, is_sent: bool) -> None:
    """Whose marks go out, and everything that keeps one from doing so."""
    for note in passback.notes:
        say(words, note)
    if passback.send and not is_sent:
        terminal().print(_table(passback, words))
        if (more := len(passback.send) - _SHOWN) > 0:
            print_line(words.say("passback.more", count=more))
    counts = {"send": len(passback.send), "there": len(passback.there), "same": passback.same}
    print_line(words.say("passback.plan", title=title, **counts))
    if not is_sent:
        print_line(words.say("passback.dry"))


def show_outcome(outcome: Outcome, total: int, words: Catalogue) -> None:
    """What arrived, what was refused and why, and of what nobody knows."""
    if outcome.refused:
        told = names([f"{name} ({why})" for name, why in outcome.refused])
        print_line(words.say("passback.refused", count=len(outcome.refused), names=told))
    if outcome.unknown:
        count, told = len(outcome.unknown), names(outcome.unknown)
        print_line(words.say("passback.unknown", count=count, names=told))
    if outcome.assumed:
        count, told = len(outcome.assumed), names(outcome.assumed)
        print_line(words.say("passback.assumed", count=count, names=told))
    print_line(words.say("passback.sent", arrived=len(outcome.arrived), total=total))
    if outcome.stopped is not None:
        say(words, outcome.stopped.note)
        print_line(words.say("passback.stopped"))


def comment_in(words: Catalogue) -> Callable[[Item], str]:
    """What a student reads beside a mark: why it is less than the report says."""

    def comment(item: Item) -> str:
        if not item.lost:
            return ""
        return words.say("passback.comment", days=item.days_late, lost=mark(item.lost))

    return comment


def _table(passback: Passback, words: Catalogue) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("submission", "user", "before", "there", "mark", "why"):
        table.add_column(words.say(f"passback.column.{name}"), overflow="fold")
    for item in passback.send[:_SHOWN]:
        why = words.say(f"passback.why.{item.why}")
        before, there = mark(item.before) or NOTHING, mark(item.there) or NOTHING
        shown = f"{mark(item.score)}/{mark(item.max_score)}"
        user = f"{item.user} {item.name}".strip()
        table.add_row(*map(Text, (item.graded.id, user, before, there, shown, why)))
    return table
