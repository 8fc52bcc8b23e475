"""Parts that commands with a gradebook share: its option, and taking results in."""

from __future__ import annotations

import getpass
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.assignment.deadline import SubmissionRules
    from grader.core.messages import Catalogue
    from grader.gradebook.merge import Update
    from grader.gradebook.read_results import GradedFolder

FILE = Path("gradebook.sqlite")


def user_name() -> str:
    """Return the name of the user who is at work, as the system has it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        return "unknown"


gradebook_option = click.option(
    "-g",
    "--gradebook",
    "book",
    type=click.Path(dir_okay=False, path_type=Path),
    default=FILE,
    show_default=True,
    envvar="GRADER_GRADEBOOK",
    help="The gradebook's file; or say it in GRADER_GRADEBOOK.",
)


def add_results(
    messages: Catalogue,
    out: Path,
    book: Path,
    times: Path | None,
    who: str,
    assignments: Path | None,
) -> Update:
    """Take results into a gradebook and say what came of it; also for ``grade --gradebook``."""
    from grader.cli.console.gradebook import show_added

    graded, rules = incoming(messages, out, times, who, assignments)
    update = _added(book, graded, rules, messages, who)
    arguments = ["regrade", str(out), "-g", str(book)]
    arguments += ["--times", str(times)] if times else []
    arguments += ["--assignments", str(assignments)] if assignments else []
    show_added(update, messages, f"grader gradebook {shlex.join(arguments)}")
    return update


def incoming(
    messages: Catalogue,
    out: Path,
    times: Path | None,
    who: str,
    assignments: Path | None,
    *,
    correcting: bool = False,
) -> tuple[GradedFolder, SubmissionRules | None]:
    """Read the results in ``out`` and their assignment's rules; None where that isn't at hand."""
    from grader.assignment.find import AssignmentNotFound, find_assignment
    from grader.cli.console.gradebook import print_note
    from grader.gradebook.export.results import read_mark_sheet
    from grader.gradebook.export.submission_times import SubmissionTimes, read_times
    from grader.gradebook.read_results import read_graded_folder

    batch = read_mark_sheet(out)
    rules = None
    try:
        place = find_assignment(batch.assignment, assignments)
        rules = place.load(as_teacher=False, derived=False).handing_in
    except AssignmentNotFound:
        if assignments is not None:
            raise
    zone = None if rules is None or rules.due is None else rules.due.tzinfo
    submission_times = SubmissionTimes()
    if times is not None:
        submission_times = read_times(times.read_bytes(), str(times), batch, zone)
    for note in submission_times.notes:
        print_note(messages, note)
    return read_graded_folder(
        out, who, submission_times.by_submission, correcting=correcting
    ), rules


def _added(
    book: Path, graded: GradedFolder, rules: SubmissionRules | None, messages: Catalogue, who: str
) -> Update:
    """Add further attempts, to a new gradebook where there is none."""
    from grader.cli.console.gradebook import print_line
    from grader.gradebook.merge import apply_update, plan_update
    from grader.gradebook.store import open_gradebook

    with open_gradebook(book, make=True, write=True) as opening, opening.writing() as connection:
        update = plan_update(connection, graded, rules, messages.render("gradebook.rules_only"))
        apply_update(connection, update, who, regrade=False)
    if opening.is_new:
        print_line(messages.render("gradebook.made", path=str(book)))
    if rules is None and update.is_new:
        print_line(messages.render("gradebook.no_rules", id=graded.assignment))
    return update
