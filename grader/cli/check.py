"""``grader check``: a student's own work. Its help stands in the catalogue, in each language."""

from __future__ import annotations

import os
from pathlib import Path

import click

from grader.cli.localized import LocalizedCommand
from grader.cli.options import (
    BELOW,
    OK,
    OUR_FAULT,
    SETTINGS,
    USAGE,
    assignment_option,
    assignments_option,
    cell_seconds_option,
    choose_language,
    exits_with_sentence,
    fail,
    lang_option,
    notebook_seconds_option,
    probe_seconds_option,
    refuse_versions,
)
from grader.run.kernel.prestart import (
    INSIDE_GRADER,
    compile_cache_environment,
    kernel_environment,
    prestarted_process,
)


@click.command(
    cls=LocalizedCommand, context_settings=SETTINGS, short_help="Check your own notebook."
)
@click.argument("notebook", type=click.Path(path_type=Path))
@assignment_option
@click.option("--html", is_flag=True)
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--in-cell", is_flag=True, hidden=True)  # without what the notebook shows itself
@lang_option
@cell_seconds_option
@notebook_seconds_option
@probe_seconds_option
@assignments_option
@exits_with_sentence
def check(
    notebook: Path,
    assignment: str | None,
    html: bool,
    out: Path | None,
    in_cell: bool,
    lang: str | None,
    cell_seconds: float | None,
    notebook_seconds: float | None,
    probe_seconds: float | None,
    assignments: Path | None,
) -> int:
    """Give the public checks of one notebook, as a table and as a page."""
    if os.environ.get(INSIDE_GRADER):  # a notebook that is being checked checks itself
        return OK
    page = page_file(out, html)
    if (why_not := refusal(notebook, page, choose_language(lang))) is not None:
        fail(why_not, choose_language(lang))
    # The kernel takes longest: it starts before anything else is imported.
    with prestarted_process({**kernel_environment(), **compile_cache_environment()}) as waiting:
        from grader.assignment.find import find_assignment
        from grader.cli.console.progress import show_check, working
        from grader.grading.self_check import self_check
        from grader.report.page.html import student_html
        from grader.submission.intake.likely_assignment import vote_on_assignment
        from grader.submission.notebook.read import read_notebook

        language = choose_language(lang, notebook)
        refuse_versions(language)
        with working(language):
            named = read_notebook(notebook).assignment
            place = find_assignment(assignment, assignments, named, vote_on_assignment([notebook]))
            loaded = place.load(as_teacher=False)
            limits = loaded.limits.with_changes(
                cell_seconds=cell_seconds,
                notebook_seconds=notebook_seconds,
                probe_seconds=probe_seconds,
            )
            report = self_check(notebook, loaded, limits, language, waiting)
    if page is not None:
        try:
            page.write_text(student_html(report, pictures=not in_cell), "utf-8")
        except OSError as error:
            reason = error.strerror or ""
            fail(_sentence("unwritable", language, page=str(page), reason=reason), language)
    show_check(report, page, named=not in_cell)
    if report.run.status == "unreadable":
        return USAGE
    if report.outcome == "not_graded":
        return OUR_FAULT
    return OK if all(check.status == "pass" for check in report.checks) else BELOW


def page_file(out: Path | None, html: bool) -> Path | None:
    """Return the file of the page, if one was asked for."""
    return out or (Path("report.html") if html else None)


def refusal(notebook: Path, page: Path | None, language: str) -> str | None:
    """Say that there is nothing to check, or nowhere to write to; None where all is well."""
    if notebook.is_dir():
        return _sentence("folder", language, folder=str(notebook))
    if not notebook.is_file():
        return _sentence("no_file", language, file=str(notebook))
    try:
        notebook.open("rb").close()
    except OSError as error:
        return _sentence("closed", language, file=str(notebook), reason=error.strerror or "")
    if page is not None and (page.suffix.lower() != ".html" or not page.absolute().parent.is_dir()):
        return _sentence("page", language, page=str(page))
    return None


def _sentence(message: str, language: str, **values: str) -> str:
    from grader.core.messages import catalogue  # only where it is needed: the kernel comes first

    return catalogue(language).render(f"cli.check.{message}", **values)
