"""``grader package``: an assignment ready for a platform that grades by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.options import (
    OK,
    SETTINGS,
    assignments_option,
    exits_with_sentence,
    fail,
    lang_option,
    with_messages,
)

if TYPE_CHECKING:
    from grader.core.messages import Catalogue


@click.command(context_settings=SETTINGS)
@click.argument("platform", type=click.Choice(["gradescope", "prairielearn", "github", "gitlab"]))
@click.option("-a", "--assignment", metavar="ID", help="The assignment. Default: the only one.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="The zip of an autograder; for github and gitlab the repository's folder. Default: a "
    "zip called after platform and assignment; this folder.",
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "bwrap", "landlock", "none"]),
    default="auto",
    show_default=True,
    help="How notebooks are boxed in there; none gives them the container's own rights.",
)
@click.option("--overwrite", is_flag=True, help="Write over files that are there.")
@lang_option
@assignments_option
@exits_with_sentence
@with_messages
def package(
    messages: Catalogue,
    platform: str,
    assignment: str | None,
    out: Path | None,
    sandbox: str,
    overwrite: bool,
    assignments: Path | None,
) -> int:
    """Make what a platform needs to grade an assignment by itself.

    \b
    gradescope     a zip to upload as the autograder
    prairielearn   a zip with a question and the image that it is graded in
    github         a workflow of GitHub Actions, into your repository
    gitlab         a pipeline of GitLab CI, into your repository

    \b
      grader package gradescope -a week-3 -o autograder.zip
      grader package github -a week-3 -o ~/my-course

    In it are the grader as it is installed here, the versions of all that it uses, the
    assignment and its reference: keep it from students. A README in it says what to do.

    \b
    Exit status: 0 it was written; 2 it was not, and the reason is said.
    """
    from grader.assignment.find import find_assignment
    from grader.authoring.package.bundle import UnusableId, make_bundle, zip_bundle
    from grader.authoring.package.bundle_targets import BUNDLE_TARGETS
    from grader.authoring.package.wheel import NotInstalled
    from grader.core.atomic import write_atomic
    from grader.grading.seed_secret import load_secret

    language, chosen = messages.language, BUNDLE_TARGETS[platform]
    loaded = find_assignment(assignment, assignments).load(as_teacher=True)
    try:
        files = make_bundle(
            chosen, loaded, language=language, sandbox=sandbox, secret=load_secret()
        )
    except NotInstalled:
        fail(messages.render("package.error.not_installed"), language)
    except UnusableId as name:
        fail(messages.render("package.error.name", id=str(name)), language)
    place = out or (Path(f"{platform}-{loaded.id}.zip") if chosen.is_zipped else Path())
    written = (
        {place: zip_bundle(files)} if chosen.is_zipped else {place / p: d for p, d in files.items()}
    )
    if there := [path for path in written if path.exists() and not overwrite]:
        fail(messages.render("package.error.exists", path=str(there[0])), language)
    try:
        for path, data in written.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, data)
    except OSError as error:
        fail(
            messages.render("package.error.unwritable", path=str(path), reason=str(error)), language
        )
    click.echo(messages.render(f"package.written.{platform}", path=str(place), id=loaded.id))
    click.echo(messages.render("package.private"))
    return OK
