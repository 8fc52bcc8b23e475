"""``grader grade``: a class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.gradebook_options import add_results, user_name
from grader.cli.options import (
    BELOW,
    OK,
    OUR_FAULT,
    SETTINGS,
    OurFault,
    WrongUse,
    assignment_option,
    assignments_option,
    cell_seconds_option,
    exits_with_sentence,
    fail,
    format_option,
    lang_option,
    notebook_seconds_option,
    probe_seconds_option,
    refuse_versions,
    with_messages,
)

if TYPE_CHECKING:
    from grader.core.messages import Catalogue
    from grader.grading.grade_class import ClassRequest, GradedClass


@click.command(context_settings=SETTINGS)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@assignment_option
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("feedback"),
    show_default=True,
    help="Folder for the reports.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 256),
    help="Notebooks at a time. Default: one more than there are processors.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Grade on the workers of this Dask scheduler, tcp://HOST:8786 say; each takes as many "
    "notebooks at a time as it has threads: dask worker ADDRESS --nthreads 3.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "gpu"]),
    default="auto",
    show_default=True,
    help="auto: all on the CPU; a very large reference on a GPU where there is one. gpu: the "
    "reference and students' code on the GPU, one notebook at a time, in a weaker box; "
    "experimental: no GPU has run it yet.",
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "bwrap", "landlock", "none"]),
    default="auto",
    show_default=True,
    help="How notebooks are boxed in; auto takes the strongest that works here. "
    "none: they run with your own rights.",
)
@click.option(
    "--layout",
    type=click.Choice(["auto", "plain", "canvas", "moodle", "nbgrader"]),
    default="auto",
    show_default=True,
    help="Whose names the files have, where auto gets it wrong; plain: nobody's.",
)
@lang_option
@format_option
@click.option(
    "--gradebook",
    "book",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Take the results into this gradebook too, as grader gradebook add does.",
)
@click.option("--fail-under", type=float, metavar="N", help="Exit with 1 when a score is below N.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Repeat the stimuli of this seed.")
@click.option("--fresh", is_flag=True, help="Run every notebook, those with results too.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Say what would be kept, judged again and run, and which marks judging again would "
    "change. Nothing is written and no notebook runs.",
)
@cell_seconds_option
@notebook_seconds_option
@probe_seconds_option
@assignments_option
@exits_with_sentence
@with_messages
def grade(
    messages: Catalogue,
    paths: tuple[Path, ...],
    assignment: str | None,
    out: Path,
    jobs: int | None,
    cluster: str | None,
    device: str,
    sandbox: str,
    layout: str,
    formats: list[str],
    book: Path | None,
    fail_under: float | None,
    seed: int | None,
    fresh: bool,
    dry_run: bool,
    cell_seconds: float | None,
    notebook_seconds: float | None,
    probe_seconds: float | None,
    assignments: Path | None,
) -> int:
    """Grade notebooks: files, a folder of them, a folder per student, or what a platform gave.

    A zip or tar.gz is read as it is: the download of Canvas or Moodle, nbgrader's
    submitted/, or what a student packed. Whose each submission is goes to roster.json,
    for grader export.

    \b
      grader grade submissions.zip -o feedback
      grader grade submitted/ -o feedback
      grader grade handed-in/ late.tar.gz -o feedback

    \b
    Each submission gets a folder of its own in the output folder:
      result.html, result.md           for the student
      result.json, teacher.html, ...   for you
    and the batch gets index.html, grades.csv, summary.json and roster.json.
    With --format: junit.xml, github.txt, markdown.md beside them, gradescope.json and
    prairielearn.json in each submission's folder.

    Results that are there already are kept where notebook, assignment and environment
    are the same. Where only points, tolerances or the reference changed, the stored
    evidence is judged again: no notebook runs.

    \b
    Exit status: 0 every submission was graded, whatever the marks; 1 a score is
    below --fail-under; 2 wrong usage; 3 one could not be graded, for our own fault.
    """
    from grader.cli.console.plan import show_changes, show_preview
    from grader.cli.console.progress import show_summary
    from grader.grading.grade_class import ClassRequest

    language = messages.language
    refuse_versions(language)
    if cluster is not None and jobs is not None:
        fail(messages.render("cluster.jobs"), language)
    if book is not None and not dry_run:
        _check_gradebook(book)
    graded = _grade(
        messages,
        ClassRequest(
            paths=paths,
            out=out,
            language=language,
            assignment=assignment,
            assignments=assignments,
            layout=layout,
            limits={
                "cell_seconds": cell_seconds,
                "notebook_seconds": notebook_seconds,
                "probe_seconds": probe_seconds,
            },
            seed=seed,
            sandbox=sandbox,
            device=device,
            jobs=jobs,
            cluster=cluster,
            fresh=fresh,
            dry_run=dry_run,
            formats=formats,
            private_files=() if book is None else (book,),
        ),
    )
    if graded.summary is None:
        return OUR_FAULT if show_preview(graded.plan, graded.preview) else OK
    reports = graded.summary.reports
    show_changes(reports, graded.plan, out)
    show_summary(graded.summary, out)
    if book is not None:
        add_results(messages, out, book, None, user_name(), assignments)
    if any(report.outcome == "not_graded" for report in reports):
        return OUR_FAULT
    scores = [report.score for report in reports if report.score is not None]
    return BELOW if fail_under is not None and any(s < fail_under for s in scores) else OK


def _grade(messages: Catalogue, request: ClassRequest) -> GradedClass:
    """Grade on the terminal; end with a sentence where something is not to be had."""
    from grader.cli.console.plan import ClassProgress
    from grader.core.atomic import FolderInUse
    from grader.grading.cluster.connection import ClusterError
    from grader.grading.grade_class import (
        NoSandbox,
        NothingHandedIn,
        OutputFolderUnusable,
        grade_class,
    )
    from grader.grading.machine import NoDevice
    from grader.sandbox.explain import explain_no_sandbox

    out = request.out
    try:
        return grade_class(request, ClassProgress(request.language))
    except NothingHandedIn as problem:
        fail("\n".join(messages.render_note(n) for n in problem.notes))
    except NoSandbox as problem:
        fail(explain_no_sandbox(problem.tried, request.language))
    except NoDevice as problem:
        fail(str(problem))
    except OutputFolderUnusable as problem:
        if isinstance(problem.__cause__, FolderInUse):
            why = (
                f"another grader is at work in {out}. Let it end, or choose another folder with -o."
            )
        else:
            why = getattr(problem.__cause__, "strerror", "")
            why = f"the output folder {out} can't be used: {why}. Choose another with -o."
        fail(why)
    except ClusterError as error:
        kind = OurFault if error.midway else WrongUse
        raise kind(error.in_language(messages.language), request.language) from None


def _check_gradebook(book: Path) -> None:
    """See that a gradebook can be used, before a class is graded. Raises `GradebookError`."""
    from grader.gradebook.store import check_writable, open_gradebook

    if book.exists():
        with open_gradebook(book, write=True):
            pass
    else:
        check_writable(book)
