"""``grader new``: a new assignment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.options import OK, SETTINGS, exits_with_sentence, fail, lang_option, with_messages

if TYPE_CHECKING:
    from grader.core.messages import Catalogue


@click.command(context_settings=SETTINGS)
@click.argument("id")
@click.option(
    "--dir",
    "root",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder with (or for) the folders assignments and reference. Default: the clone.",
)
@lang_option
@exits_with_sentence
@with_messages
def new(messages: Catalogue, id: str, root: Path | None) -> int:
    """Lay out a new assignment: a small one that works, to be made yours.

    Comments in its files say what each key means. Nothing that is there is overwritten.

    \b
    Exit status: 0 it was laid out; 2 it was not, and the reason is said.
    """
    from grader.authoring.release.author_error import AuthorError
    from grader.authoring.release.new_assignment import create_assignment, default_root

    place = root or default_root()
    if place is None:
        fail(messages.render("author.new.where"))
    try:
        laid_out = create_assignment(id, place)
    except AuthorError as refused:
        fail(refused.in_language(messages.language))
    options = "" if root is None else f" --assignments {root}"
    click.echo(messages.render("author.new.made"))
    for folder in (laid_out.folder, laid_out.teachers):
        click.echo(f"  {folder}")
    values = {
        "solution": str(laid_out.solution),
        "folder": str(laid_out.folder),
        "options": options,
    }
    click.echo(messages.render("author.new.next", id=id, **values))
    return OK
