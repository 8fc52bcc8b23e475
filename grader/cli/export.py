"""``grader export``: marks and feedback back to a learning platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.options import BELOW, OK, SETTINGS, exits_with_sentence, lang_option, with_messages
from grader.cli.passback import FORMATS, pass_back

if TYPE_CHECKING:
    from grader.core.messages import Catalogue
    from grader.gradebook.export.results import ExportFile, MarkSheet

_NAMES = {
    "canvas": "canvas-{}.csv",
    "moodle": "moodle-{}.csv",
    "moodle-feedback": "moodle-feedback-{}.zip",
    "csv": "marks-{}.csv",
    "junit": "junit-{}.xml",
    "gradescope": "gradescope-{}.json",
    "prairielearn": "prairielearn-{}.json",
    "github": "github-{}.txt",
    "markdown": "markdown-{}.md",
}


@click.command(context_settings=SETTINGS)
@click.argument("format", type=click.Choice([*_NAMES, *FORMATS]))
@click.option(
    "-f",
    "--feedback",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("feedback"),
    show_default=True,
    help="The folder that grader grade wrote.",
)
@click.option(
    "--into",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The gradebook that you exported from Canvas, or Moodle's grading worksheet; it is "
    "filled, and all else in it stays as it is.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file. Default: called after format and assignment, in this folder.",
)
@click.option(
    "--column",
    metavar="NAME",
    help="The column that marks go to: its header, its title or the number in it. Default: the "
    "assignment's title, or the only one there is.",
)
@click.option(
    "--points",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Scale the marks so that N is full marks.",
)
@click.option(
    "-s",
    "--submission",
    metavar="ID",
    help="Only this submission; for the formats of CI systems and autograders.",
)
@click.option(
    "-g",
    "--gradebook",
    "book",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Take the marks out of this gradebook, with lateness and overrides, in place of a "
    "folder; for canvas, moodle, csv, lti and canvas-api. Only for these two last ones may it be "
    "named by GRADER_GRADEBOOK.",
)
@click.option("-a", "--assignment", metavar="ID", help="Which assignment of the gradebook.")
@click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the platform is, for lti and canvas-api. Default: lms.toml.",
)
@click.option(
    "--people",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Who is who on the platform: a CSV file with columns student and user.",
)
@click.option("--send", is_flag=True, help="Send marks; without, it is only shown what would be.")
@click.option(
    "--overwrite",
    is_flag=True,
    help="Write over a file that is there, or a mark that somebody gave on the platform.",
)
@lang_option
@exits_with_sentence
@with_messages
def export(
    messages: Catalogue,
    format: str,
    folder: Path,
    into: Path | None,
    out: Path | None,
    column: str | None,
    points: float | None,
    submission: str | None,
    book: Path | None,
    assignment: str | None,
    settings: Path | None,
    people: Path | None,
    send: bool,
    overwrite: bool,
) -> int:
    """Hand marks and feedback back, from what grader grade left in its folder.

    \b
    canvas           a gradebook to import: your own export filled, or a fresh one
    moodle           the grading worksheet that you downloaded, filled
    moodle-feedback  each student's report under the folder names that Moodle gave
    csv              a plain table of all submissions
    junit            test results for Jenkins, GitLab and others
    github           annotations on notebooks' lines, for GitHub Actions
    markdown         a summary for the page of a CI job
    gradescope       an autograder's results.json, of one submission
    prairielearn     an external grader's results.json, of one submission
    lti              marks of a gradebook to any platform that speaks LTI 1.3
    canvas-api       marks of a gradebook to Canvas itself

    \b
      grader export canvas --into "2026-11-24T1200_Grades.csv" -o canvas.csv
      grader export moodle --into worksheet.csv -o worksheet-filled.csv
      grader export moodle-feedback -o feedback.zip
      grader export lti --gradebook term.sqlite -a week-3
      grader export lti --gradebook term.sqlite -a week-3 --send

    Students are told by the platform's own number, then by name; who can't be told is
    named. What was not graded gets no mark. The file given is not changed.

    \b
    Exit status: 0 every submission is in the file, or every mark on the platform;
    1 some are not; 2 wrong usage; 3 a fault of ours.

    \b
    lti and canvas-api read lms.toml (--settings); the README shows one. Secrets come
    from GRADER_LTI_KEY or GRADER_CANVAS_TOKEN, or from the file that one of these
    names with _FILE behind it.
    """
    from grader.core.atomic import write_atomic
    from grader.gradebook.export.results import ExportError

    if format in FORMATS:
        return pass_back(
            messages, format, book, assignment, settings, people, points, overwrite, send
        )
    if send or settings or people:
        raise ExportError("no_sending", format=format)
    batch = _read_batch(format, folder, book, assignment)
    place = out or Path(_NAMES[format].format(batch.assignment))
    if place.exists() and not overwrite:
        is_input = into is not None and place.samefile(into)
        raise ExportError("input" if is_input else "exists", path=str(place))
    done = _make_export(format, batch, into, column, points, submission)
    try:
        write_atomic(place, done.content)
    except OSError as error:
        raise ExportError("unwritable", path=str(place), reason=str(error)) from None
    for note in (*batch.notes, *done.notes):
        click.echo(messages.render_note(note))
    total = len(batch.submissions) if submission is None else 1
    click.echo(messages.render("export.written", path=str(place), count=done.count, total=total))
    return OK if done.is_complete else BELOW


def _read_batch(format: str, folder: Path, book: Path | None, assignment: str | None) -> MarkSheet:
    """Read what is to be exported: a folder's results, or a gradebook's marks."""
    from grader.gradebook.export.from_gradebook import mark_sheet
    from grader.gradebook.export.results import ExportError, read_mark_sheet
    from grader.gradebook.overrides import find_assignment
    from grader.gradebook.store import open_gradebook

    if book is None:
        return read_mark_sheet(folder)
    if format not in ("canvas", "moodle", "csv"):
        raise ExportError("no_book", format=format)
    with open_gradebook(book) as opening, opening.reading() as connection:
        return mark_sheet(connection, find_assignment(connection, assignment))[0]


def _make_export(
    format: str,
    batch: MarkSheet,
    into: Path | None,
    column: str | None,
    points: float | None,
    submission: str | None,
) -> ExportFile:
    from grader.gradebook.export import canvas, ci_formats, moodle, plain_csv
    from grader.gradebook.export.results import ExportError
    from grader.report.formats import FORMATS

    if into is not None and format not in ("canvas", "moodle"):
        raise ExportError("no_into")
    if format in FORMATS:
        if points is not None or column is not None:
            raise ExportError("no_points", format=format)
        return ci_formats.render_format(format, batch, submission, Path.cwd())
    if submission is not None:
        raise ExportError("no_submission", format=format)
    if format == "csv":
        return plain_csv.marks_csv(batch, points)
    if format == "moodle-feedback":
        return moodle.zip_feedback(batch)
    if into is None:
        if format == "moodle":
            raise ExportError("into_needed")
        return canvas.new_gradebook(batch, column, points)
    fill = canvas.fill_gradebook if format == "canvas" else moodle.fill_worksheet
    return fill(into.read_bytes(), str(into), batch, column, points)
