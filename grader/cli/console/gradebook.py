"""A gradebook on the terminal: results taken in, marks that change, a term."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from grader.cli.console.plan import list_names, show_marks
from grader.cli.console.progress import terminal
from grader.core.messages import Catalogue
from grader.core.types import Note
from grader.gradebook.effective_mark import EffectiveMark
from grader.gradebook.merge import Update
from grader.gradebook.overview import AssignmentMarks, Event, describe_differences, marks_by_student
from grader.gradebook.records import Override, StudentRecord
from grader.gradebook.tables import differences
from grader.report.batch.csv_json import format_mark

NOTHING = "\N{EN DASH}"


def print_note(messages: Catalogue, note: Note) -> None:
    """Print one sentence, whatever names are in it."""
    terminal().print(Text(messages.render_note(note)))


def show_added(update: Update, messages: Catalogue, command: str) -> None:
    """Say how much was taken in, and what waits to be done with ``command``."""
    counts = {"added": len(update.new_attempts), "same": update.same_count}
    print_line(messages.render("gradebook.added", title=update.assignment.title, **counts))
    if update.score_moved:
        moved = [f"{name} {_cell(old)} → {_cell(new)}" for name, old, new in update.score_moved]
        print_line(messages.render("gradebook.moved", count=len(moved), names=list_names(moved)))
    _left_out(update, messages)
    if update.needs_regrade:
        print_line(messages.render("gradebook.waits", command=command))


def show_regrade(update: Update, messages: Catalogue, applied: bool) -> None:
    """Show the marks that grading again changes, and those that an override keeps."""
    title = update.assignment.title
    _left_out(update, messages)
    if update.before is not None and update.rules_differ:
        was, now = differences(update.before, update.assignment)
        print_line(messages.render("gradebook.other_rules", what=describe_differences(was, now)))
    show_marks(update.score_changes, messages)
    for kept in update.overridden:
        about = _override(kept.override)
        values = {"old": format_mark(kept.old) or NOTHING, "new": format_mark(kept.new) or NOTHING}
        print_line(messages.render("gradebook.kept", name=kept.submission, **about, **values))
        if kept.old_max != kept.new_max and kept.override.kind == "mark":
            of = {"old": format_mark(kept.old_max), "new": format_mark(kept.new_max)}
            print_line(messages.render("gradebook.kept_of", name=kept.submission, **about, **of))
    if not update.needs_regrade:
        print_line(messages.render("gradebook.nothing_to_do", title=title))
    elif applied:
        print_line(
            messages.render("gradebook.applied", title=title, count=len(update.score_changes))
        )
    else:
        print_line(messages.render("gradebook.to_apply"))


def show_term(term: list[AssignmentMarks], messages: Catalogue) -> None:
    """Show everyone's marks, an assignment a column."""
    table = _table(messages, "student")
    for one in term:
        table.add_column(one.assignment.id, justify="right")
    for name, of in marks_by_student(term):
        cells = [_cell(of[one.assignment.id]) if one.assignment.id in of else "" for one in term]
        table.add_row(Text(name), *map(Text, cells))
    terminal().print(table)


def show_assignment(one: AssignmentMarks, messages: Catalogue) -> None:
    """Show one assignment's marks, and how each came about."""
    table = _table(messages, "student", "mark", "earned", "late", "attempts", "remarks")
    for record, at in one.marks.values():
        late = "?" if at.days_late is None else ""
        if at.days_late:
            late = messages.render(
                "gradebook.remark.days", days=at.days_late, lost=format_mark(at.late_penalty)
            )
        cells = (
            *(record.submission, _cell(at), format_mark(at.raw_score) or NOTHING, late),
            *(str(len(record.attempts)), "; ".join(_remarks(record, at, messages))),
        )
        table.add_row(*map(Text, cells))
    terminal().print(table)


def show_history(events: Sequence[Event], messages: Catalogue) -> None:
    """Show the events in their order."""
    table = _table(messages, "when", "what", "who")
    for event in events:
        what = messages.render_note(event.what)
        table.add_row(*map(Text, (event.at, what, event.who)))
    terminal().print(table)


def show_override(
    record: StudentRecord, kind: str, at: EffectiveMark, title: str, messages: Catalogue
) -> None:
    """Say what was decided."""
    one = record.overrides[-1]
    about = {"name": record.submission, "title": title, "who": one.who, "why": one.why}
    if one.value is None:
        print_line(messages.render("gradebook.undone", mark=_cell(at), **about))
    elif kind == "mark":
        print_line(
            messages.render(
                "gradebook.overridden", mark=f"{one.value}/{format_mark(at.max_score)}", **about
            )
        )
    elif kind == "due":
        print_line(messages.render("gradebook.due", until=one.value, **about))
    else:
        print_line(messages.render("gradebook.excused", **about))


def print_line(text: str) -> None:
    """Print a line in which nothing is markup."""
    terminal().print(Text(text))


def _left_out(update: Update, messages: Catalogue) -> None:
    if out := update.left_out:
        print_line(messages.render("gradebook.left_out", count=len(out), names=list_names(out)))


def _remarks(record: StudentRecord, at: EffectiveMark, messages: Catalogue) -> Iterator[str]:
    if at.override is not None:
        kind = "excused" if at.excused else "override"
        yield messages.render(f"gradebook.remark.{kind}", who=at.override.who, why=at.override.why)
    if (due := record.override("due")) is not None:
        values = {"until": due.value, "who": due.who, "why": due.why}
        yield messages.render("gradebook.remark.due", **values)
    if at.days_late is None:
        yield messages.render("gradebook.remark.late_by")
    if at.ungraded:
        yield messages.render("gradebook.remark.not_graded", count=at.ungraded)
    if at.attempt is not None and at.attempt is not record.attempts[-1]:
        number = record.attempts.index(at.attempt) + 1
        yield messages.render("gradebook.remark.attempt", number=number)


def _override(one: Override) -> dict[str, str]:
    value = "EX" if one.kind == "excused" else one.value or NOTHING
    return {"mark": value, "who": one.who, "why": one.why}


def _cell(at: EffectiveMark) -> str:
    """Write a mark: with a star, a person set it; with a question mark, its lateness is unknown."""
    if at.excused:
        return "EX"
    text = format_mark(at.score) or NOTHING
    if at.override is not None:
        return f"{text}*"
    return f"{text}?" if at.days_late is None else text


def _table(messages: Catalogue, *columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(messages.render(f"gradebook.column.{name}"), overflow="fold")
    return table
