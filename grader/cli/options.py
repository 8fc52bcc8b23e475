"""What the commands share: options, exit statuses, and how a fault becomes a sentence."""

from __future__ import annotations

import locale
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click

OK, BELOW, USAGE, OUR_FAULT = 0, 1, 2, 3
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class WrongUse(click.ClickException):
    """A sentence for the user about what they asked for."""

    exit_code = USAGE


class OurFault(click.ClickException):
    """A sentence for the user about a fault of the grader."""

    exit_code = OUR_FAULT


def fail(message: str) -> NoReturn:
    """End with a sentence, and the status of wrong usage."""
    raise WrongUse(message)


def guarded(command: Callable[..., int]) -> Callable[..., None]:
    """No traceback reaches a user unless ``--debug``; a fault of ours exits with 3."""

    @click.option("--debug", is_flag=True, help="Show the traceback of a fault of the grader.")
    @wraps(command)
    def run(debug: bool, **options: Any) -> None:
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
            fail(str(error))
        except KeyboardInterrupt:
            click.echo(
                "\nStopped. What was finished is kept; the same command goes on from there.",
                err=True,
            )
            sys.exit(130)
        except Exception as error:
            if debug:
                raise
            raise OurFault(
                f"a fault of the grader, not of any submission: {type(error).__name__}: {error}\n"
                "Run the same command with --debug to see where, and please report it."
            ) from None

    return run


def language_of(given: str | None) -> str:
    """The language asked for, else the locale's, else English."""
    if given:
        return given
    named = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "zh" if named.lower().startswith("zh") else "en"


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
    """The formats that an option lists, each once."""
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


def box_of(sandbox: str, language: str) -> Any:
    """How boxes are made, None for ``none``; a sentence and status 2 where none works."""
    if sandbox == "none":
        return None
    from grader.box.choose import find_box
    from grader.console import no_box

    setup, found = find_box(sandbox)
    if setup is None:
        fail(no_box(found, language))
    return setup


def likely_of(paths: Sequence[Path]) -> Any:
    """For `grader.locate.find`: which of its places most of the notebooks look like.

    A sentence and status 2 where there is one notebook, and it can't be read.
    """

    def likely(places: Any) -> list[str]:
        from grader.read.notebook import read_notebook
        from grader.read.recognise import looks_like
        from grader.words import catalogue

        known = [place.load(as_teacher=False, derived=False) for place in places]
        votes: Counter[str] = Counter()
        for path in paths:
            try:
                submission = read_notebook(path)
            except Exception:  # of a stranger's file: reading it once more will say what it is
                continue
            if submission.fault is not None and len(paths) == 1:
                fault = submission.fault
                fail(catalogue(language_of(None)).say(fault.message_id, **fault.values))
            votes.update(looks_like(submission, known))
        return [id for id, count in votes.items() if count == max(votes.values())]

    return likely


def named_by_first(entries: Any) -> str | None:
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
