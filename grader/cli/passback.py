"""``grader export lti`` and ``canvas-api``: marks of the gradebook to a platform over HTTP."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.gradebook_options import FILE, user_name
from grader.cli.options import BELOW, OK

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.core.messages import Catalogue
    from grader.core.types import Note
    from grader.gradebook.passback.http import HttpClient
    from grader.gradebook.passback.platform import LearningPlatform, PlatformState
    from grader.gradebook.passback.send import PassbackOutcome
    from grader.gradebook.passback.settings import Settings
    from grader.gradebook.tables import AssignmentRow

FORMATS = ("lti", "canvas-api")
KEY, TOKEN = "GRADER_LTI_KEY", "GRADER_CANVAS_TOKEN"


def pass_back(
    messages: Catalogue,
    format: str,
    book: Path | None,
    assignment: str | None,
    settings: Path | None,
    people: Path | None,
    points: float | None,
    overwrite: bool,
    send: bool,
) -> int:
    """Show what would be sent; with ``send`` send it. The exit status of ``export``.

    Raises ``PassbackError``, ``GradebookError``, ``ExportError`` and ``AssignmentError``.
    """
    from grader.gradebook.passback.secret import PassbackError, Redactor

    try:
        from grader.gradebook.passback.http import HttpClient
        from grader.gradebook.passback.plan import plan_passback
        from grader.gradebook.passback.send import lock_passback, send_marks
        from grader.gradebook.passback.settings import FILE as SETTINGS
        from grader.gradebook.passback.settings import read_settings

        if format == "lti":
            import jwt  # noqa: F401 - whether it is there is said here
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.startswith("grader"):
            raise
        raise PassbackError("extra") from None
    from grader.cli.console.gradebook import print_note
    from grader.cli.console.passback import comment_in, show_outcome, show_passback
    from grader.cli.console.progress import progress
    from grader.gradebook.export.from_gradebook import mark_sheet
    from grader.gradebook.overrides import find_assignment
    from grader.gradebook.sent_log import delivery_histories
    from grader.gradebook.store import open_gradebook

    place = settings or SETTINGS
    known = read_settings(place)
    file = book or Path(os.environ.get("GRADER_GRADEBOOK") or FILE)
    with contextlib.ExitStack() as stack:
        opening = stack.enter_context(open_gradebook(file, write=send))
        if send:
            stack.enter_context(lock_passback(opening))
        web = stack.enter_context(
            HttpClient(known.retry, Redactor(), lambda note: print_note(messages, note))
        )
        with opening.reading() as connection:
            listed = find_assignment(connection, assignment)
            batch, records = mark_sheet(connection, listed)
        for note in batch.notes:
            if note.message_id == "export.above":  # whose lateness is unknown is in the plan
                print_note(messages, note)
        platform = _platform(
            format, known, place, listed, web, lambda note: print_note(messages, note)
        )
        look = platform.read_state(batch.max_score if points is None else points)
        layout = platform.layout
        if people is not None:
            look, layout = _with_people(look, people), ""
        with opening.reading() as connection:
            sent_before = delivery_histories(connection, platform.target, listed.id)
        passback = plan_passback(
            *(batch, records, listed, sent_before, look, layout),
            points=points,
            overwrite=overwrite,
        )
        show_passback(passback, listed.title, messages, send)
        if not send:
            return OK if passback.is_complete else BELOW
        with progress("passback.sending", messages.language) as on_step:
            outcome = send_marks(
                opening, platform, passback, user_name(), comment_in(messages), on_step
            )
    show_outcome(outcome, len(passback.to_send), messages)
    return OK if passback.is_complete and _is_whole(outcome) else BELOW


def _is_whole(outcome: PassbackOutcome) -> bool:
    return not (outcome.refused or outcome.unknown or outcome.assumed or outcome.stopped)


def _platform(
    format: str,
    known: Settings,
    place: Path,
    listed: AssignmentRow,
    web: HttpClient,
    say: Callable[[Note], None],
) -> LearningPlatform:
    """Open the place for this assignment's marks, with the secret that it takes."""
    from grader.gradebook.passback.canvas import Canvas
    from grader.gradebook.passback.lti import Lti
    from grader.gradebook.passback.secret import PassbackError, read_secret

    if format == "lti":
        if known.lti is None:
            raise PassbackError("section", path=str(place), name="lti")
        where = _of(known.lti.lineitems, "lti.lineitems", place, listed.id)
        key = read_secret(KEY, known.lti.key_file, place, web.redactor, say)
        return Lti(known.lti, where, key, web)
    if known.canvas is None:
        raise PassbackError("section", path=str(place), name="canvas")
    where = _of(known.canvas.assignments, "canvas.assignments", place, listed.id)
    token = read_secret(TOKEN, known.canvas.token_file, place, web.redactor, say)
    return Canvas(known.canvas, where, token, web)


def _of(table: dict[str, str], name: str, place: Path, id: str) -> str:
    from grader.gradebook.passback.secret import PassbackError

    if id not in table:
        ids = ", ".join(table) or "\N{EM DASH}"
        raise PassbackError("which", path=str(place), name=name, id=id, ids=ids)
    return table[id]


def _with_people(look: PlatformState, file: Path) -> PlatformState:
    """Take users from a file: columns ``student`` and ``user``."""
    from dataclasses import replace

    from grader.gradebook.export.fill_column import read_table
    from grader.gradebook.export.match_people import Person
    from grader.gradebook.passback.secret import PassbackError

    table = read_table(file.read_bytes(), str(file))
    student, number = table.column("student", "submission"), table.column("user", "user_id")
    if student is None or number is None:
        raise PassbackError("people", path=str(file), header=", ".join(table.header[:16]))
    people = [
        Person(
            line=index,
            number=line.cell(number),
            name=line.cell(student),
            logins=(line.cell(student),),
            submission=line.cell(student),
        )
        for index, line in enumerate(table.lines[1:], 1)
        if line.cell(number)
    ]
    return replace(look, people=tuple(people))
