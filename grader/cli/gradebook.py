"""``grader gradebook``: a term's marks, and what became of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.gradebook_options import (
    add_results,
    gradebook_option,
    incoming,
    user_name,
)
from grader.cli.options import (
    BELOW,
    OK,
    SETTINGS,
    assignments_option,
    exits_with_sentence,
    lang_option,
    with_messages,
)

if TYPE_CHECKING:
    from grader.core.messages import Catalogue
    from grader.gradebook.overview import Event

_out_argument = click.argument(
    "out", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path("feedback")
)
_which_option = click.option("-a", "--assignment", metavar="ID", help="Only this assignment.")
_by_option = click.option(
    "--by", "who", metavar="NAME", default=user_name, help="Who does this. Default: your user name."
)
_times_option = click.option(
    "--times",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="When it was handed in: a CSV file with columns student and submitted, or Moodle's "
    "grading worksheet. Times without a zone are in that of the due date.",
)


@click.group(context_settings=SETTINGS)
def gradebook() -> None:
    """Keep a term's marks: every attempt, every result, every override, who, when and why.

    \b
      grader gradebook add feedback
      grader gradebook show
      grader gradebook override lee_12 85 --why "explained it at the board"
      grader gradebook regrade feedback
      grader export canvas --gradebook gradebook.sqlite --into Grades.csv

    Rules of handing in (when it is due, what lateness costs, whether the best or the last
    attempt counts) stand in the assignment. Several people may use a gradebook at once.
    """


@gradebook.command()
@_out_argument
@gradebook_option
@_times_option
@_by_option
@assignments_option
@lang_option
@exits_with_sentence
@with_messages
def add(
    messages: Catalogue,
    out: Path,
    book: Path,
    times: Path | None,
    who: str,
    assignments: Path | None,
) -> int:
    """Take in what grader grade left in the folder OUT; "feedback" without one.

    Further attempts are added. Where a mark is there and OUT has another for the same notebook,
    nothing changes yet: grader gradebook regrade shows what would.

    \b
    Exit status: 0 all of OUT is in the gradebook; 1 some has no result to rely on; 2 wrong
    usage, or the gradebook can't be used; 3 a fault of ours.
    """
    return BELOW if add_results(messages, out, book, times, who, assignments).left_out else OK


@gradebook.command()
@_out_argument
@gradebook_option
@_times_option
@click.option(
    "--correct-times",
    "correcting",
    is_flag=True,
    help="The times of --times stand in the place of those noted. Without it a later time means "
    "that the same notebook was handed in again, and the first one counts for lateness. What was "
    "corrected changes by another correction only.",
)
@click.option("--apply", "apply", is_flag=True, help="Do it; without, it is only shown.")
@_by_option
@assignments_option
@lang_option
@exits_with_sentence
@with_messages
def regrade(
    messages: Catalogue,
    out: Path,
    book: Path,
    times: Path | None,
    correcting: bool,
    apply: bool,
    who: str,
    assignments: Path | None,
) -> int:
    """Show which marks change by what OUT says now, and why; with --apply change them.

    For after a change of tolerances, points or rules of handing in: run grader grade once
    more, into the same folder, and then this. Overrides stay; earlier results stay on record.
    """
    from grader.cli.console.gradebook import show_regrade
    from grader.gradebook.merge import apply_update, plan_update
    from grader.gradebook.store import open_gradebook

    graded, rules = incoming(messages, out, times, who, assignments, correcting=correcting)
    with open_gradebook(book, write=apply) as opening, opening.transaction(apply) as connection:
        update = plan_update(connection, graded, rules, messages.render("gradebook.rules_only"))
        if apply:
            apply_update(connection, update, who, regrade=True)
    show_regrade(update, messages, apply)
    return BELOW if update.left_out else OK


@gradebook.command()
@gradebook_option
@_which_option
@lang_option
@exits_with_sentence
@with_messages
def show(messages: Catalogue, book: Path, assignment: str | None) -> int:
    """Show everyone's marks; of one assignment how they came about, too.

    A star: set by a person. A question mark: late, and nobody says by how much.
    """
    from grader.cli.console.gradebook import show_assignment, show_term
    from grader.gradebook import tables
    from grader.gradebook.overrides import find_assignment
    from grader.gradebook.overview import assignment_marks
    from grader.gradebook.store import open_gradebook

    with open_gradebook(book) as opening, opening.reading() as connection:
        if assignment is not None:
            show_assignment(
                assignment_marks(connection, find_assignment(connection, assignment)), messages
            )
            return OK
        every = tables.assignments(connection).values()
        show_term([assignment_marks(connection, listed) for listed in every], messages)
    return OK


@gradebook.command()
@click.argument("student")
@gradebook_option
@_which_option
@lang_option
@exits_with_sentence
@with_messages
def history(messages: Catalogue, student: str, book: Path, assignment: str | None) -> int:
    """Show all that became of STUDENT's work: attempts, results, overrides, what was sent."""
    from grader.cli.console.gradebook import show_history
    from grader.gradebook import tables
    from grader.gradebook.overrides import find_assignment, find_student
    from grader.gradebook.overview import student_history
    from grader.gradebook.store import GradebookError, open_gradebook

    events: list[Event] = []
    with open_gradebook(book) as opening, opening.reading() as connection:
        known = tables.assignments(connection)
        ids = [find_assignment(connection, assignment).id] if assignment else [*known]
        for number, id in enumerate(ids):
            try:
                record = find_student(tables.records(connection, id).values(), student)
            except GradebookError:
                if number == len(ids) - 1 and not events:
                    raise
                continue
            events += student_history(connection, id, record)
    show_history(sorted(events, key=lambda event: event.at), messages)
    return OK


@gradebook.command()
@click.argument("student")
@click.argument("mark", type=float, required=False)
@click.option("--excused", is_flag=True, help="No mark is wanted of them.")
@click.option(
    "--due",
    metavar="TIME",
    help="Another due date for them: 2026-11-30T23:59+08:00. A day alone means its end.",
)
@click.option("--undo", type=click.Choice(["mark", "excused", "due"]), help="Take a decision back.")
@click.option("--why", required=True, help="The reason; it stands in the gradebook.")
@gradebook_option
@_which_option
@_by_option
@lang_option
@exits_with_sentence
@with_messages
def override(
    messages: Catalogue,
    student: str,
    mark: float | None,
    excused: bool,
    due: str | None,
    undo: Any,
    why: str,
    book: Path,
    assignment: str | None,
    who: str,
) -> int:
    """Set STUDENT's mark by hand, excuse them, or give them another due date.

    STUDENT is a submission's name, a number or a student's name. What was computed stays on
    record, and grading again changes nothing of a mark that was set.

    \b
      grader gradebook override lee_12 85 --why "explained it at the board"
      grader gradebook override lee_12 --due 2026-12-03T23:59+08:00 --why ill
      grader gradebook override lee_12 --undo mark --why "was meant for another"
    """
    from grader.cli.console.gradebook import show_override
    from grader.gradebook.effective_mark import effective_mark
    from grader.gradebook.export.submission_times import parse_time
    from grader.gradebook.overrides import find_assignment, set_override, validate_mark
    from grader.gradebook.store import GradebookError, open_gradebook

    if sum((mark is not None, excused, due is not None, undo is not None)) != 1:
        raise GradebookError("one_thing")
    with open_gradebook(book, write=True) as opening, opening.writing() as connection:
        listed = find_assignment(connection, assignment)
        kind: Any = undo or ("mark" if mark is not None else "excused" if excused else "due")
        value = "yes" if excused else None
        if mark is not None:
            value = validate_mark(mark, listed.max_score)
        elif due is not None:
            zone = None if listed.rules.due is None else listed.rules.due.tzinfo
            value = parse_time(due, zone, end_of_day=True).isoformat()
        record = set_override(connection, listed, student, kind, value, who, why)
    at = effective_mark(record, listed.rules, listed.max_score)
    show_override(record, kind, at, listed.title, messages)
    return OK
