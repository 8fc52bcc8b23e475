"""Parts that the commands share: options, exit statuses, and sentences for faults."""

from __future__ import annotations

import errno
import locale
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import IO, Any, NoReturn

import click

OK, BELOW, USAGE, OUR_FAULT = 0, 1, 2, 3
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # in the order in which POSIX looks at them
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Sentence(click.ClickException):
    """A sentence for the user, in the language of what they asked for."""

    def __init__(self, message: str, language: str = "en") -> None:
        super().__init__(message)
        self.language = language

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it on standard error, marked as an error."""
        from grader.core.messages import catalogue

        click.echo(
            catalogue(self.language).render("cli.error", message=self.message), file, err=True
        )


class WrongUse(Sentence):
    """A sentence about what was asked for."""

    exit_code = USAGE


class OurFault(Sentence):
    """A sentence about a fault of the grader."""

    exit_code = OUR_FAULT


def fail(message: str, language: str = "en") -> NoReturn:
    """End with a sentence, and the status of wrong usage."""
    raise WrongUse(message, language)


def exits_with_sentence(command: Callable[..., int]) -> Callable[..., None]:
    """Keep tracebacks from a user unless ``--debug``; a fault of ours exits with 3."""

    @click.option("--debug", is_flag=True, help="Show the traceback of a fault of the grader.")
    @wraps(command)
    def run(debug: bool, **options: Any) -> None:
        try:
            sys.exit(command(**options))
        except (click.ClickException, click.Abort, SystemExit):
            raise
        except BaseException as error:
            if debug and isinstance(error, Exception) and not _is_foreseen(error):
                raise
            _end_with_sentence(error, choose_language(options.get("lang"), options.get("notebook")))

    return run


def _is_foreseen(error: Exception) -> bool:
    """Return True for what was asked for and can't be done: no fault of the grader."""
    from grader.core.note_error import NoteError

    return isinstance(error, NoteError)


def with_messages(command: Callable[..., int]) -> Callable[..., int]:
    """Give ``command`` its messages."""

    @wraps(command)
    def run(lang: str | None, **options: Any) -> int:
        from grader.core.messages import catalogue

        return command(messages=catalogue(choose_language(lang)), **options)

    return run


def _end_with_sentence(error: BaseException, language: str) -> NoReturn:
    """End with what an exception means to the user; an unforeseen one is a fault of ours."""
    from grader.assignment.load import AssignmentError
    from grader.core.messages import catalogue
    from grader.core.note_error import NoteError

    messages = catalogue(language)
    if isinstance(error, AssignmentError):
        fail(str(error), language)
    if isinstance(error, NoteError):
        fail(error.in_language(language), language)
    if isinstance(error, KeyboardInterrupt):
        own = f"cli.stopped.{click.get_current_context().info_name}"
        click.echo(
            "\n" + messages.render(own if messages.has(own) else "cli.stopped.batch"), err=True
        )
        sys.exit(130)
    if not isinstance(error, Exception):
        raise error
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        raise OurFault(messages.render("cli.no_space"), language) from None
    sentence = messages.render("cli.fault", error=f"{type(error).__name__}: {error}")
    raise OurFault(sentence, language) from None


def choose_language(named: str | None, notebook: Path | None = None) -> str:
    """Choose the language asked for, else that of a notebook, else the locale's, else English."""
    if named:
        return named
    if notebook is not None:
        from grader.submission.notebook.language import reader_language

        if spoken := reader_language(notebook):
            return spoken
    named = next(filter(None, map(os.environ.get, _LOCALE)), None) or locale.getlocale()[0] or ""
    return "zh" if named.lower().startswith(("zh", "chinese")) else "en"


assignment_option = click.option(
    "-a",
    "--assignment",
    metavar="ID",
    help="The assignment. Default: the one that the notebook names, or else looks like.",
)
assignments_option = click.option(
    "--assignments",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder with the assignments, when they don't lie beside the program.",
)
lang_option = click.option(
    "--lang",
    type=click.Choice(["en", "zh"]),
    help="Language of the reports. Default: the locale's.",
)
cell_seconds_option = click.option(
    "--cell-seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Time limit of one cell, in seconds. Default: the assignment's.",
)
notebook_seconds_option = click.option(
    "--notebook-seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Time limit of a whole notebook, in seconds. Default: the assignment's.",
)
probe_seconds_option = click.option(
    "--probe-seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Time limit of all questions to one model, in seconds. Default: the assignment's.",
)


def formats_named(context: click.Context, option: click.Parameter, given: str) -> list[str]:
    """Read the formats that an option lists, each once."""
    if not given:
        return []
    from grader.report.formats import FORMATS

    names = [*dict.fromkeys(name for part in given.split(",") if (name := part.strip().lower()))]
    if unknown := [name for name in names if name not in FORMATS]:
        known = ", ".join(FORMATS)
        raise click.BadParameter(f"{unknown[0]!r} is no format; there are: {known}")
    return names


format_option = click.option(
    "--format",
    "formats",
    metavar="A,B",
    default="",
    callback=formats_named,
    help="Write results for other programs too: junit, github, markdown (for the batch), "
    "gradescope, prairielearn (for each submission).",
)


def refuse_versions(language: str) -> None:
    """End with a sentence and status 2 where packages have versions that can't be used."""
    from grader.core.environment import unsupported_versions
    from grader.core.messages import catalogue

    if found := unsupported_versions():
        needed = " ".join(f'"{one}"' for one in found.values())
        fail(
            catalogue(language).render("cli.unfit", found=", ".join(found), needed=needed), language
        )


def sandbox_or_fail(sandbox: str, language: str) -> Any:
    """Choose the sandbox, None for "none"; end with a sentence and status 2 where none works."""
    from grader.grading.grade_class import NoSandbox, sandbox_named
    from grader.sandbox.explain import explain_no_sandbox

    try:
        return sandbox_named(sandbox)
    except NoSandbox as problem:
        fail(explain_no_sandbox(problem.tried, language))
