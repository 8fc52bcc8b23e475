"""``grader release``: the student's notebook out of the teacher's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.options import (
    BELOW,
    OK,
    SETTINGS,
    assignments_option,
    exits_with_sentence,
    fail,
    lang_option,
    sandbox_or_fail,
    with_messages,
)

if TYPE_CHECKING:
    from grader.core.messages import Catalogue


@click.command(context_settings=SETTINGS)
@click.argument("assignment")
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the notebook to this file. Default: the one that assignment.toml names.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; say whether the notebook at hand is what would be made.",
)
@lang_option
@assignments_option
@exits_with_sentence
@with_messages
def release(
    messages: Catalogue,
    assignment: str,
    out: Path | None,
    check: bool,
    assignments: Path | None,
) -> int:
    """Make the student's notebook out of the teacher's, so that there is one source.

    What stands between ### BEGIN SOLUTION and ### END SOLUTION is left out, but for
    lines that begin with "#: ", which lose these three characters. Tags stay, outputs
    go. The public traces are made anew. Both notebooks are then graded: nothing is
    written unless the student's gets 0 and the teacher's full marks.

    \b
    Exit status: 0 all is well; 1 it is not, and each fault is said, or with --check
    the notebook is out of date; 2 wrong usage; 3 a fault of ours.
    """
    from grader.assignment.find import find_assignment
    from grader.authoring.release.author_error import AuthorError
    from grader.authoring.release.release import list_differences, release_assignment
    from grader.cli.console.progress import progress

    language = messages.language
    place = find_assignment(assignment, assignments)
    loaded = place.load(as_teacher=True, derived=False)
    if out is not None and not out.absolute().parent.is_dir():
        fail(f"{out}: there is no such folder to write the notebook into.")
    try:
        if check:
            if wrong := list_differences(loaded, out):
                raise AuthorError(wrong)
            click.echo(messages.render("author.up_to_date", file=str(out or loaded.notebook)))
            return OK
        box = sandbox_or_fail("auto", language)
        with progress("author.grading", language) as on_step:
            made = release_assignment(loaded, out, box, on_step)
    except AuthorError as refused:
        click.echo(refused.in_language(language), err=True)
        if not check:
            click.echo(messages.render("author.nothing_written"), err=True)
        return BELOW
    for file in made.files:
        click.echo(messages.render("author.wrote", file=str(file)))
    click.echo(messages.render("author.released"))
    if not made.derived:
        options = f" --assignments {assignments}" if assignments else ""
        click.echo(messages.render("author.not_derived", assignment=loaded.id, options=options))
    return OK
