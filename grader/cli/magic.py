"""``%grader check`` in a notebook: the saved file, in a fresh kernel, and the report in the cell.

The check is a process of its own: nothing of the student's session is read but what they
ran, and nothing is changed.
"""

from __future__ import annotations

import contextlib
import html
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click
from IPython.core.error import UsageError

from grader.cli.check import check, page_file, refusal
from grader.cli.options import BELOW, OK, choose_language
from grader.core.messages import Catalogue, catalogue
from grader.submission.notebook.read import read_notebook

_CLASS: Final = re.compile(r"^class\s+(\w+)", re.MULTILINE)
_FRAME: Final = (
    '<iframe srcdoc="{page}" title="{title}" sandbox '
    'style="width:100%;height:36rem;border:1px solid #8884;border-radius:4px"></iframe>'
)
_END_SECONDS: Final = 10.0


def add_to(shell: Any) -> None:
    """Give an IPython shell the magic ``%grader``."""

    def grader(line: str) -> None:
        _run(shell, line)

    shell.register_magic_function(grader, "line", "grader")


def _run(shell: Any, line: str) -> None:
    """``%grader check [NOTEBOOK] [OPTIONS]``. Raises ``UsageError``, which is shown as a line."""
    own = own_file(shell)
    try:
        command, *arguments = _split(line) or [""]
        if command != "check":
            raise UsageError(catalogue(choose_language(None)).render("notebook.usage"))
        options, is_named = _parse(arguments, own)
    except click.exceptions.Exit:  # the help, which was shown
        return
    notebook: Path = options["notebook"]
    language = choose_language(options["lang"], notebook)
    messages = catalogue(language)
    if not is_named and own is None:
        raise UsageError(messages.render("notebook.which"))
    page = page_file(options["out"], options["html"])
    if (why_not := refusal(notebook, page, language)) is not None:
        raise UsageError(why_not)
    for line in _describe_saved(shell, notebook, messages):
        print(line, flush=True)
    more = [] if is_named else [str(notebook)]
    text, shown = _run_check([*arguments, *more, "--lang", language], page)
    _show(shell, text, shown, messages)


def _split(line: str) -> list[str]:
    """Split a line into words. Raises ``UsageError`` where a quote is left open."""
    try:
        if os.name != "nt":
            return shlex.split(line)
        return [word.strip("\"'") for word in shlex.split(line, posix=False)]
    except ValueError:
        messages = catalogue(choose_language(None))
        raise UsageError(messages.render("cli.usage.other", command="check")) from None


def _parse(arguments: Sequence[str], own: Path | None) -> tuple[dict[str, Any], bool]:
    """Return the command's options, True if the notebook is named; if not it is ``own``.

    Raises ``UsageError`` in the command's own words, and click's ``Exit`` for its help.
    """
    with contextlib.suppress(click.ClickException):
        return check.make_context("check", [*arguments]).params, True
    try:
        return check.make_context("check", [*arguments, str(own or Path())]).params, False
    except click.ClickException as error:
        raise UsageError(error.format_message()) from None


def own_file(shell: Any) -> Path | None:
    """Find the file of the notebook that this session belongs to; None where that can't be told.

    Jupyter's server and VS Code name it; else it is the only one in the working folder.
    """
    for named in (os.environ.get("JPY_SESSION_NAME"), shell.user_ns.get("__vsc_ipynb_file__")):
        for file in (Path(named), Path(Path(named).name)) if isinstance(named, str) else ():
            if file.suffix == ".ipynb" and file.is_file():
                return file
    files = [*Path().glob("*.ipynb")]
    return files[0] if len(files) == 1 else None


def _describe_saved(shell: Any, notebook: Path, messages: Catalogue) -> Iterable[str]:
    """Since when the file is what it is, and what was run that is not in it.

    Raises ``UsageError`` where it can't be read.
    """
    try:
        when = datetime.fromtimestamp(notebook.stat().st_mtime).strftime("%H:%M:%S")
        submission = read_notebook(notebook)
    except OSError as error:  # it could be opened a moment ago
        reason = error.strerror or ""
        raise UsageError(
            messages.render("cli.check.closed", file=str(notebook), reason=reason)
        ) from None
    if (fault := submission.fault) is not None:
        raise UsageError(messages.render_note(fault))
    yield messages.render("notebook.saved", file=notebook.name, time=when)
    sources = {cell.source.strip() for cell in submission.cells}
    defined = {name for source in sources for name in _CLASS.findall(source)}
    ran: dict[str, str] = {}
    for source in shell.history_manager.input_hist_raw:
        ran |= dict.fromkeys(_CLASS.findall(source), source.strip())
    if other := [name for name in ran if name in defined and ran[name] not in sources]:
        yield messages.render("notebook.unsaved", names=", ".join(other))


def _run_check(arguments: Sequence[str], page: Path | None) -> tuple[str, str]:
    """Return what the command printed, and its page; "" where it made none.

    The page is kept as ``page``, where one was asked for.
    """
    with tempfile.TemporaryDirectory(prefix="grader-") as folder:
        place = page or Path(folder) / "report.html"
        output = [] if page else ["--in-cell", "-o", str(place)]
        process = subprocess.Popen(
            [sys.executable, "-m", "grader", "check", *arguments, *output],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            text, _ = process.communicate()
        except BaseException:
            _end(process)
            raise
        is_made = process.returncode in (OK, BELOW)  # else one of an earlier day may lie there
        return text.decode("utf-8", "replace"), place.read_text("utf-8") if is_made else ""


def _environment() -> dict[str, str]:
    """As a plain file that is 100 wide is printed to, whatever the kernel says of terminals."""
    own = {
        n: value for n, value in os.environ.items() if n not in ("FORCE_COLOR", "CLICOLOR_FORCE")
    }
    return {**own, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Interrupt the check, as the cell was; it takes its kernel with it."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: Windows has no such signal
        process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END_SECONDS)
    process.kill()


def _show(shell: Any, text: str, page: str, messages: Catalogue) -> None:
    """Show the page in the cell, or where there is none, or no browser, what was printed."""
    shown = {"text/plain": text}
    if page:
        title = html.escape(messages.render("report.for_own.page.student"))
        shown["text/html"] = _FRAME.format(page=html.escape(page), title=title)
    shell.display_pub.publish(shown)
