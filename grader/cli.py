"""The ``grader`` command. Thin: it reads options, calls the harness and says what came out.

Neither JAX nor BrainPy is imported here, so that ``grader --help`` answers at once.
"""

from __future__ import annotations

import io
import locale
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click

from grader import __version__

OK, BELOW, USAGE, OUR_FAULT = 0, 1, 2, 3
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class WrongUse(click.ClickException):
    """A sentence for the user about what they asked for."""

    exit_code = USAGE


class OurFault(click.ClickException):
    """A sentence for the user about a fault of the grader."""

    exit_code = OUR_FAULT


def _fail(message: str) -> NoReturn:
    raise WrongUse(message)


def _guarded(command: Callable[..., int]) -> Callable[..., None]:
    """No traceback reaches a user unless ``--debug``; a fault of ours exits with 3."""

    @click.option("--debug", is_flag=True, help="Show the traceback of a fault of the grader.")
    @wraps(command)
    def guarded(debug: bool, **options: Any) -> None:
        from grader.load import AssignmentError
        from grader.locate import NotFound
        from grader.read.intake import IntakeError

        try:
            sys.exit(command(**options))
        except (click.ClickException, click.Abort, SystemExit):
            raise
        except (AssignmentError, NotFound, IntakeError) as error:
            if debug:
                raise
            _fail(str(error))
        except KeyboardInterrupt:
            click.echo(
                "\nStopped. What was finished is kept; the same command grades again.", err=True
            )
            sys.exit(130)
        except Exception as error:
            if debug:
                raise
            raise OurFault(
                f"a fault of the grader, not of any submission: {type(error).__name__}: {error}\n"
                "Run the same command with --debug to see where, and please report it."
            ) from None

    return guarded


def _language(given: str | None) -> str:
    if given:
        return given
    named = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "zh" if named.lower().startswith("zh") else "en"


_assignment = click.option(
    "-a", "--assignment", metavar="ID", help="The assignment. Default: the one the notebook names."
)
_assignments = click.option(
    "--assignments",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder with the assignments, when they don't lie beside the program.",
)
_lang = click.option(
    "--lang",
    type=click.Choice(["en", "zh"]),
    help="Language of the reports. Default: the locale's.",
)
_cell_seconds = click.option(
    "--cell-seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Time limit of one cell, in seconds. Default: the assignment's.",
)
_notebook_seconds = click.option(
    "--notebook-seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Time limit of a whole notebook, in seconds. Default: the assignment's.",
)
_probe_seconds = click.option(
    "--probe-seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Time limit of all questions to one model, in seconds. Default: the assignment's.",
)


@click.group(context_settings=_SETTINGS)
@click.version_option(__version__, "-V", "--version", message="grader %(version)s")
def main() -> None:
    """Grade simulation homework: run each notebook, judge its model, explain the mark.

    \b
    A class:          grader grade handed-in/ -o feedback
    Your own work:    grader check my-homework.ipynb
    """
    for stream in (sys.stdout, sys.stderr):  # no terminal's encoding may end a batch
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@main.command(context_settings=_SETTINGS)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@_assignment
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
    "--device",
    type=click.Choice(["auto", "cpu", "gpu"]),
    default="auto",
    show_default=True,
    help="auto: the reference on a GPU where there is one, students' code on the CPU. "
    "gpu: both on the GPU, one notebook at a time, in a weaker box.",
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "bwrap", "landlock", "none"]),
    default="auto",
    show_default=True,
    help="How notebooks are boxed in; auto takes the strongest that works here. "
    "none: they run with your own rights.",
)
@_lang
@click.option("--fail-under", type=float, metavar="N", help="Exit with 1 when a score is below N.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Repeat the stimuli of this seed.")
@_cell_seconds
@_notebook_seconds
@_probe_seconds
@_assignments
@_guarded
def grade(
    paths: tuple[Path, ...],
    assignment: str | None,
    out: Path,
    jobs: int | None,
    device: str,
    sandbox: str,
    lang: str | None,
    fail_under: float | None,
    seed: int | None,
    cell_seconds: float | None,
    notebook_seconds: float | None,
    probe_seconds: float | None,
    assignments: Path | None,
) -> int:
    """Grade notebooks: files, a folder of them, or a folder per student.

    \b
    Each submission gets a folder of its own in the output folder:
      result.html, result.md           for the student
      result.json, teacher.html, ...   for you
    and the batch gets index.html, grades.csv and summary.json.

    \b
    Exit status: 0 every submission was graded, whatever the marks; 1 a score is
    below --fail-under; 2 wrong usage; 3 one could not be graded, for our own fault.
    """
    from grader.batch import NoDevice, Options, default_jobs, grade_batch
    from grader.box.programs import file_for
    from grader.console import batch_progress, show_summary
    from grader.locate import find
    from grader.read.intake import find_submissions
    from grader.secret import load_secret
    from grader.stages import Note
    from grader.words import catalogue

    entries, notes = find_submissions(list(paths), leave_out=out)
    if not entries:
        words = catalogue(_language(lang))
        _fail("\n".join(words.say(note.message_id, **note.values) for note in notes))
    place = find(assignment, assignments, _named_by_first(entries))
    loaded = place.load(as_teacher=True)
    language = _language(lang)
    box = _box(sandbox, language)
    programs = None if box is None else file_for(loaded)
    if programs is not None and not programs.exists():
        notes = [*notes, Note(message_id="console.fills")]
    options = Options(
        out=out,
        jobs=min(jobs or default_jobs(), max(1, len(entries))),
        language=language,
        limits=loaded.limits.changed(
            cell_seconds=cell_seconds,
            notebook_seconds=notebook_seconds,
            probe_seconds=probe_seconds,
        ),
        secret=load_secret(),
        seed=seed,
        device=device,
        submissions=tuple(entry.path for entry in entries),
        box=box,
        programs=programs,
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _fail(f"the output folder {out} can't be made: {error.strerror}. Choose another with -o.")
    try:
        with batch_progress(len(entries), notes, language) as on_report:
            summary = grade_batch(entries, loaded, options, on_report)
    except NoDevice as error:
        _fail(str(error))
    show_summary(summary, out)
    if any(report.outcome == "not_graded" for report in summary.reports):
        return OUR_FAULT
    scores = [report.score for report in summary.reports if report.score is not None]
    return BELOW if fail_under is not None and any(s < fail_under for s in scores) else OK


def _box(sandbox: str, language: str) -> Any:
    """How boxes are made, None for ``none``; a sentence and status 2 where none works."""
    if sandbox == "none":
        return None
    from grader.box.choose import find_box
    from grader.console import no_box

    setup, found = find_box(sandbox)
    if setup is None:
        _fail(no_box(found, language))
    return setup


def _named_by_first(entries: Any) -> str | None:
    """The assignment that the first readable notebook names in its metadata."""
    import json

    for entry in entries[:20]:
        try:
            table = json.loads(entry.path.read_bytes())
            named = table["metadata"]["grader"]["assignment"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(named, str):
            return named
    return None


@main.command(context_settings=_SETTINGS)
@click.argument("notebook", type=click.Path(path_type=Path))
@_assignment
@click.option("--html", is_flag=True, help="Write the report as a page too: report.html.")
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page to this file instead.",
)
@_lang
@_cell_seconds
@_notebook_seconds
@_probe_seconds
@_assignments
@_guarded
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
        _fail(f"{notebook}: there is no such file. Save the notebook, then give its path.")
    page = out or (Path("report.html") if html else None)
    if page is not None and (page.suffix.lower() != ".html" or not page.absolute().parent.is_dir()):
        _fail(f"{page}: the page needs a name that ends in .html, in a folder that is there.")
    from types import SimpleNamespace

    from grader.console import show_check, working
    from grader.locate import find
    from grader.report.html import student_html
    from grader.selfcheck import self_check

    entry = SimpleNamespace(path=notebook)
    place = find(assignment, assignments, _named_by_first([entry]))
    language = _language(lang)
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


@main.command(context_settings=_SETTINGS)
@click.argument("assignment")
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page to this file. Default: verify-ASSIGNMENT.html.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 100),
    default=10,
    show_default=True,
    help="Seeds under which each model is judged.",
)
@click.option("-j", "--jobs", type=click.IntRange(1, 64), help="Default: one for each processor.")
@_lang
@_assignments
@_guarded
def verify(
    assignment: str,
    out: Path | None,
    seeds: int,
    jobs: int | None,
    lang: str | None,
    assignments: Path | None,
) -> int:
    """Test an assignment: wrong models must lose points, right ones none.

    First its labelled sample submissions are graded, and held against their labels.
    Wrong models are made of the solution by one change each (a parameter, a sign, an
    exponent, a channel too many, ...), right ones by writing it in other ways. All of
    them run in boxes and are judged as submissions are, under several seeds. The page
    says what was caught by what, and how clear of the tolerances.

    \b
    Exit status: 0 all got what they deserve; 1 a right one loses a point, a wrong one
    gets full marks or a sample not what its label says; 2 wrong usage; 3 a fault of ours.
    """
    import time

    from grader.batch import default_jobs, processors
    from grader.console import progress
    from grader.locate import find
    from grader.verify.labelled import Labelled, grade_labelled, samples_of
    from grader.verify.labels import ExpectedError
    from grader.verify.page import verify_html
    from grader.verify.run import VerifyFailed, verify_assignment
    from grader.verify.screen import show_matrix
    from grader.verify.teacher import NoSolution

    began = time.monotonic()
    language = _language(lang)
    loaded = find(assignment, assignments).load(as_teacher=True)
    page = out or Path(f"verify-{loaded.id}.html")
    if not page.absolute().parent.is_dir():
        _fail(f"{page}: there is no such folder to write the page into.")
    box, numbers = _box("auto", language), range(1, seeds + 1)
    labelled = Labelled(number=0, wrong={})
    try:
        if (samples := samples_of(loaded)) is not None:
            with progress("verify.samples", language) as on_step:
                labelled = grade_labelled(samples, loaded, box, default_jobs(), on_step)
        with progress("verify.running", language) as on_row:
            matrix = verify_assignment(loaded, box, numbers, jobs or processors(), on_row)
    except (NoSolution, ExpectedError) as problem:
        _fail(str(problem))
    except VerifyFailed as problem:
        raise OurFault(str(problem)) from None
    title = loaded.title.in_language(language)
    seconds = time.monotonic() - began
    page.write_text(verify_html(matrix, labelled, title, seconds, language), "utf-8")
    show_matrix(matrix, labelled, page, language)
    return BELOW if matrix.faults() or labelled.wrong else OK


@main.command(context_settings=_SETTINGS)
@_lang
@_guarded
def doctor(lang: str | None) -> int:
    """Say what works on this machine: sandboxes, device, versions.

    Exit status: 0 when notebooks can be boxed in here, 1 when they cannot.
    """
    from grader.doctor import examine

    text, boxed = examine(_language(lang))
    click.echo(text)
    return OK if boxed else BELOW
