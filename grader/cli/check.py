"""``grader check``: a student's own work."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.options import (
    BELOW,
    OK,
    OUR_FAULT,
    SETTINGS,
    USAGE,
    assignment_option,
    assignments_option,
    cell_seconds_option,
    fail,
    guarded,
    lang_option,
    language_of,
    likely_of,
    named_by_first,
    notebook_seconds_option,
    probe_seconds_option,
)


@click.command(context_settings=SETTINGS)
@click.argument("notebook", type=click.Path(path_type=Path))
@assignment_option
@click.option("--html", is_flag=True, help="Write the report as a page too: report.html.")
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page to this file instead.",
)
@lang_option
@cell_seconds_option
@notebook_seconds_option
@probe_seconds_option
@assignments_option
@guarded
def check(
    notebook: Path,
    assignment: str | None,
    html: bool,
    out: Path | None,
    lang: str | None,
    cell_seconds: float | None,
    notebook_seconds: float | None,
    probe_seconds: float | None,
    assignments: Path | None,
) -> int:
    """Check your own notebook before you hand it in: the public checks, no answers.

    The notebook is run from the top in a fresh kernel, on your machine and with your
    rights; the file itself is not changed. Further stimuli are used when it is graded.

    \b
    Exit status: 0 all public checks pass; 1 some fail; 2 wrong usage or a file
    that can't be read; 3 a fault of ours.
    """
    if not notebook.is_file():
        fail(f"{notebook}: there is no such file. Save the notebook, then give its path.")
    page = out or (Path("report.html") if html else None)
    if page is not None and (page.suffix.lower() != ".html" or not page.absolute().parent.is_dir()):
        fail(f"{page}: the page needs a name that ends in .html, in a folder that is there.")
    from types import SimpleNamespace

    from grader.console import show_check, working
    from grader.locate import find
    from grader.report.html import student_html
    from grader.selfcheck import self_check

    entry = SimpleNamespace(path=notebook)
    place = find(assignment, assignments, named_by_first([entry]), likely_of([notebook]))
    language = language_of(lang)
    with working(language):
        loaded = place.load(as_teacher=False)
        limits = loaded.limits.changed(
            cell_seconds=cell_seconds,
            notebook_seconds=notebook_seconds,
            probe_seconds=probe_seconds,
        )
        report = self_check(notebook, loaded, limits, language)
    show_check(report)
    if page is not None:
        page.write_text(student_html(report), "utf-8")
        click.echo(str(page))
    if report.run.status == "unreadable":
        return USAGE
    if report.outcome == "not_graded":
        return OUR_FAULT
    return OK if all(c.status == "pass" for c in report.checks) else BELOW
