"""The output folder of ``grade``: whose each submission is, and what it got."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.core.note_error import NoteError
from grader.core.types import Note
from grader.report.store.result_json import ResultError, read_result
from grader.submission.intake.roster import Origin, RosterEntry, RosterError, read_roster


class ExportError(NoteError):
    """Nothing can be written; ``note`` says why and what to do."""

    prefix = "export.error"


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedSubmission:
    """One submission. ``score`` is None when it was not graded, or has no result.

    ``pages`` is what the result says of its pages, as ``read_page`` takes it.
    """

    id: str
    folder: Path
    origin: Origin
    file: str = ""
    outcome: str = "missing"
    status: str = ""
    score: float | None = None
    max_score: float = 0.0
    pages: object = None

    @property
    def name(self) -> str:
        """The student as the platform writes the name; else the submission's own."""
        return self.origin.name or self.id

    def mark(self, points: float | None = None) -> str:
        """Write the score as files have it, scaled to ``points``; "" where there is none."""
        if self.score is None or not math.isfinite(self.score):
            return ""
        scale = points / self.max_score if points is not None and self.max_score > 0 else 1.0
        return format_number(self.score * scale)


@dataclass(frozen=True, slots=True)
class MarkSheet:
    """The submissions and marks of one output folder, or of one assignment in a gradebook.

    ``notes`` are what is to be said of its marks, wherever they go.
    """

    assignment: str
    title: str
    submissions: tuple[GradedSubmission, ...]
    notes: tuple[Note, ...] = ()

    @property
    def max_score(self) -> float:
        """The points that a submission could get, at most."""
        return max((each.max_score for each in self.submissions), default=0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportFile:
    """A file to be written, and what is to be said of it.

    ``is_complete`` is False when a submission's mark or feedback is not in it.
    """

    content: bytes
    count: int
    notes: tuple[Note, ...] = ()
    is_complete: bool = True


def format_number(value: float) -> str:
    """Write a number as files have it: no digit more than it needs."""
    return f"{round(value, 6):.15g}"


def name_notes(message: str, names: Iterable[str], most: int = 500) -> list[Note]:
    """One note that names everyone it is about; none where there is nobody."""
    listed = list(names)
    if not listed:
        return []
    shown = "; ".join(listed[:most]) + ("; \N{HORIZONTAL ELLIPSIS}" if len(listed) > most else "")
    return [Note(message_id=f"export.{message}", values={"count": len(listed), "names": shown})]


def read_mark_sheet(out: Path) -> MarkSheet:
    """Read what ``grade`` left in ``out``.

    Raises ``ExportError`` where that is no such folder.
    """
    try:
        summary = json.loads((out / "summary.json").read_text("utf-8"))
    except FileNotFoundError:
        summary = {}
    except (OSError, ValueError, RecursionError) as error:
        raise ExportError("unreadable", path=f"{out}/summary.json", reason=str(error)) from None
    try:
        rows = read_roster(out)
    except RosterError as error:
        raise ExportError("roster", reason=str(error)) from None
    if rows is None:  # of a grader before there were rosters
        rows = tuple(_rows_of(summary))
    if not rows:
        raise ExportError("nothing", path=str(out))
    submissions, ids = [], []
    for row in rows:
        graded, assignment = _graded(row, out)
        submissions.append(graded)
        ids += [assignment] if assignment else []
    about = summary.get("assignment") if isinstance(summary, dict) else None
    title = about.get("title") if isinstance(about, dict) else None
    id = ids[0] if ids else "assignment"
    return MarkSheet(id, title if isinstance(title, str) and title else id, tuple(submissions))


def _rows_of(summary: Any) -> Iterable[RosterEntry]:
    listed = summary.get("submissions") if isinstance(summary, dict) else None
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            yield RosterEntry(id=entry["id"], file=str(entry.get("file", "")))


def _graded(row: RosterEntry, out: Path) -> tuple[GradedSubmission, str]:
    """One submission with its result, and the assignment that the result is of."""
    folder = out / row.id
    nothing = GradedSubmission(id=row.id, folder=folder, origin=row.origin, file=row.file)
    if Path(row.id).name != row.id or row.id in ("", ".", ".."):
        raise ExportError("roster", reason=f"{row.id!r} is no submission's name")
    try:
        result = read_result((folder / "result.json").read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ResultError):
        return nothing, ""
    graded = GradedSubmission(
        id=row.id,
        folder=folder,
        origin=row.origin,
        file=row.file,
        outcome=result["outcome"],
        status=result["run"]["status"],
        score=result["score"],
        max_score=float(result["max_score"]),
        pages=result.get("pages"),
    )
    return graded, str(result["assignment"]["id"])
