"""Who handed in what: the names and numbers that a learning platform will want back.

``<out>/roster.json`` is the teacher's. It stands beside ``result.json``, whose keys are
fixed, and is read by ``grader export`` alone: no report is made from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from grader.core.atomic import write_atomic

FILE = "roster.json"
SCHEMA_VERSION = 1
Layout = Literal["plain", "canvas", "moodle", "nbgrader"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a submission came from, as the platform that it was downloaded from writes it.

    ``lms_id`` is Canvas's user id (or its id of an anonymous student), Moodle's participant
    id, nbgrader's name of the student. ``attempt`` is told by some names only.
    ``submitted`` is when it was handed in, as ISO 8601 has it, where the download says so.
    ``folder`` is the folder that feedback goes back in, unchanged; where the download has no
    folders, ``prefix`` is what feedback's file names begin with.
    """

    layout: Layout = "plain"
    name: str = ""
    lms_id: str = ""
    anonymous: bool = False
    late: bool = False
    attempt: int | None = None
    submitted: str = ""
    folder: str = ""
    prefix: str = ""


UNKNOWN = Origin()


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One submission of a batch: its id, the file that was graded, whose it is."""

    id: str
    file: str
    origin: Origin = UNKNOWN


class RosterError(ValueError):
    """A ``roster.json`` can't be read; the message says what is wrong with it."""


def layout_named(name: str) -> Layout | None:
    """The layout called ``name``; None for "auto"."""
    return next((layout for layout in LAYOUTS if layout == name), None)


def write_roster(rows: Iterable[Row], out: Path) -> None:
    """Write ``<out>/roster.json``: the submissions of this batch, in their order."""
    listed = [{"id": row.id, "file": row.file, **asdict(row.origin)} for row in rows]
    table = {"schema_version": SCHEMA_VERSION, "submissions": listed}
    text = json.dumps(table, ensure_ascii=False, indent=2) + "\n"
    write_atomic(out / FILE, text.encode("utf-8", "replace"))


def read_roster(out: Path) -> tuple[Row, ...] | None:
    """The rows of ``<out>/roster.json``; None where there is none.

    Raises ``RosterError``.
    """
    try:
        table = json.loads((out / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise RosterError(f"{out / FILE}: {error}") from None
    if not isinstance(table, dict) or table.get("schema_version") != SCHEMA_VERSION:
        raise RosterError(f"{out / FILE}: schema_version: expected {SCHEMA_VERSION}")
    listed = table.get("submissions")
    if not isinstance(listed, list):
        raise RosterError(f"{out / FILE}: submissions: expected a list")
    return tuple(_row(entry, f"{out / FILE}: submissions[{i}]") for i, entry in enumerate(listed))


def _row(entry: Any, path: str) -> Row:
    if not isinstance(entry, dict):
        raise RosterError(f"{path}: expected an object")
    given = dict(entry)
    for key in ("id", "file"):
        if not isinstance(given.get(key), str):
            raise RosterError(f"{path}.{key}: expected a text")
    id, file = given.pop("id"), given.pop("file")
    known = {field.name: field.default for field in fields(Origin)}
    if unknown := given.keys() - known.keys():
        raise RosterError(f"{path}.{min(unknown)}: is not known")
    for key, value in given.items():
        if key == "attempt":
            good = value is None or (isinstance(value, int) and not isinstance(value, bool))
        else:
            good = isinstance(value, type(known[key]))
        if not good or (key == "layout" and value not in LAYOUTS):
            raise RosterError(f"{path}.{key}: {value!r} is not permitted here")
    return Row(id=id, file=file, origin=Origin(**given))
