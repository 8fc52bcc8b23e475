"""``grader new``: a new assignment."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.options import OK, SETTINGS, choose_language, exits_with_sentence, fail, lang_option


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
def new(id: str, root: Path | None, lang: str | None) -> int:
    """Lay out a new assignment: a small one that works, to be made yours.

    Comments in its files say what each key means. Nothing that is there is overwritten.

    \b
    Exit status: 0 it was laid out; 2 it was not, and the reason is said.
    """
    from grader.authoring.release.faults import Refused
    from grader.authoring.release.new import beside, lay_out
    from grader.core.messages import catalogue

    language = choose_language(lang)
    messages = catalogue(language)
    place = root or beside()
    if place is None:
        fail(messages.render("author.new.where"))
    try:
        laid_out = lay_out(id, place)
    except Refused as refused:
        fail(refused.in_language(language))
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
