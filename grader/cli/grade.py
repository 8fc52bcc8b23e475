"""``grader grade``: a class."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.gradebook_options import add_results, speaking, user
from grader.cli.options import (
    BELOW,
    OK,
    OUR_FAULT,
    SETTINGS,
    OurFault,
    WrongUse,
    assignment_option,
    assignments_option,
    box_of,
    cell_seconds_option,
    fail,
    format_option,
    guarded,
    lang_option,
    language_of,
    likely_of,
    notebook_seconds_option,
    probe_seconds_option,
    refuse_unfit,
)

if TYPE_CHECKING:
    from grader.core.messages import Catalogue
    from grader.core.types import Note
    from grader.grading.cluster.coordinator import Crew


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
@guarded
def grade(
    paths: tuple[Path, ...],
    assignment: str | None,
    out: Path,
    jobs: int | None,
    cluster: str | None,
    device: str,
    sandbox: str,
    layout: str,
    lang: str | None,
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
    from grader.assignment.find import find
    from grader.cli.console.plan import looked_at, show_changes, show_plan, show_preview
    from grader.cli.console.progress import batch_progress, show_summary
    from grader.core.messages import catalogue
    from grader.core.types import Note
    from grader.gradebook.export.ci_formats import write_formats
    from grader.grading.batch import default_jobs, grade_batch
    from grader.grading.machine import NoDevice, Options
    from grader.grading.plan.fingerprint import Basis
    from grader.grading.plan.plan import everything
    from grader.grading.seed_secret import load_secret
    from grader.sandbox.compiled_programs import program_file
    from grader.sandbox.scratch import scratch_folder
    from grader.submission.intake import collect
    from grader.submission.intake.roster import layout_named, write_roster

    language = language_of(lang)
    refuse_unfit(language)
    if cluster is not None and jobs is not None:
        fail(catalogue(language).render("cluster.jobs"), language)
    with contextlib.ExitStack() as stack:
        unpacked = stack.enter_context(scratch_folder())
        handed_in = collect(list(paths), unpacked, out, layout_named(layout))
        if not handed_in.units:
            messages = catalogue(language)
            fail("\n".join(messages.render(n.message_id, **n.values) for n in handed_in.notes))
        likely = likely_of(handed_in.notebooks, language)
        place = find(assignment, assignments, handed_in.named_assignment(), likely)
        loaded = place.load(as_teacher=True)
        entries, notes = handed_in.entries(loaded)
        limits = loaded.limits.changed(
            cell_seconds=cell_seconds,
            notebook_seconds=notebook_seconds,
            probe_seconds=probe_seconds,
        )
        secret = load_secret()
        basis = Basis(
            assignment=loaded,
            limits=limits,
            secret=secret,
            seed=seed,
            sandbox=sandbox,
            device=device,
            language=language,
        )
        if goes_on := out.exists() and not dry_run:
            stack.enter_context(_claim(out))
        if book is not None and not dry_run:
            _is_usable(lang, book=book)
        planned = everything(entries, basis, out) if fresh else looked_at(entries, out, basis)
        show_plan(planned)
        if dry_run:
            return OUR_FAULT if show_preview(planned, entries, out) else OK
        todo = len(entries) - len(planned.kept)
        client = stack.enter_context(_connected(cluster, language)) if cluster and todo else None
        here = cluster is None and planned.starts_kernels
        box = box_of(sandbox, language) if here else None
        if not goes_on:  # no folder is made where no box can be
            stack.enter_context(_claim(out))
        programs = None if box is None else program_file(loaded, gpu=device == "gpu")
        if programs is not None and not programs.exists():
            notes = [*notes, Note(message_id="console.fills")]
        options = Options(
            out=out,
            jobs=min(jobs or default_jobs(), max(1, len(entries))),
            language=language,
            limits=limits,
            secret=secret,
            seed=seed,
            device=device,
            submissions=(
                *(path for path in paths if path.is_file()),
                *(entry.path for entry in entries if entry.fault is None),
                *((book,) if book is not None else ()),
            ),
            box=box,
            programs=programs,
        )
        write_roster((entry.row for entry in entries), out)
        try:
            with batch_progress(todo, notes, language) as on_report:
                crew = None if client is None else _crew(client, cluster, loaded, options, planned)
                summary = grade_batch(entries, loaded, options, on_report, planned, crew)
        except NoDevice as error:
            fail(str(error))
        write_formats(formats, out, {entry.id: [entry.path] for entry in entries})
    show_changes(summary.reports, planned, out)
    show_summary(summary, out)
    if book is not None:
        _into_gradebook(lang, out=out, book=book, assignments=assignments)
    if any(report.outcome == "not_graded" for report in summary.reports):
        return OUR_FAULT
    scores = [report.score for report in summary.reports if report.score is not None]
    return BELOW if fail_under is not None and any(s < fail_under for s in scores) else OK


@contextlib.contextmanager
def _connected(address: str, language: str) -> Iterator[Any]:
    """A client of the scheduler; a sentence where the cluster can't be used, now or later."""
    from grader.core.messages import catalogue
    from grader.grading.cluster.connection import ClusterError, connected

    try:
        with connected(address) as client:
            yield client
    except ClusterError as error:
        said = catalogue(language).render(error.note.message_id, **error.note.values)
        raise (OurFault if error.midway else WrongUse)(said, language) from None


def _crew(client: Any, address: Any, assignment: Any, options: Any, plan: Any) -> Crew:
    from grader.cli.console.progress import remark
    from grader.grading.cluster.coordinator import Crew

    def say(note: Note) -> None:
        remark(note, options.language)

    return Crew(client, address, assignment, options, plan, say)


@speaking
def _is_usable(messages: Catalogue, book: Path) -> int:
    """A gradebook that can't be used says so before a class is graded."""
    from grader.gradebook.store import opened, room_for

    if book.exists():
        with opened(book, write=True):
            pass
    else:
        room_for(book)
    return OK


@speaking
def _into_gradebook(messages: Catalogue, out: Path, book: Path, assignments: Path | None) -> int:
    add_results(messages, out, book, None, user(), assignments)
    return OK


def _claim(out: Path) -> contextlib.ExitStack:
    """The output folder for this run alone; a sentence and status 2 where that can't be."""
    from grader.core.atomic import FolderInUse, lock_folder

    stack = contextlib.ExitStack()
    try:
        stack.enter_context(lock_folder(out))
    except FolderInUse:
        fail(f"another grader is at work in {out}. Let it end, or choose another folder with -o.")
    except OSError as error:
        fail(f"the output folder {out} can't be used: {error.strerror}. Choose another with -o.")
    return stack
