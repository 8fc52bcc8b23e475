"""The roster: names and numbers that a learning platform will want back.

``<out>/roster.json`` is the teacher's. It stands beside ``result.json``, whose keys are
fixed, and is read by ``grader export`` alone: no report is made from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from grader.core.atomic import write_atomic
from grader.core.validation_faults import describe_fault

ROSTER_FILE = "roster.json"
SCHEMA_VERSION = 1
Layout = Literal["plain", "canvas", "moodle", "nbgrader"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """The origin of a submission, as the platform that it was downloaded from writes it.

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


UNKNOWN_ORIGIN = Origin()


@dataclass(frozen=True, kw_only=True, slots=True)
class RosterEntry:
    """One submission of a batch: its id, the file that was graded, whose it is."""

    id: str
    file: str
    origin: Origin = UNKNOWN_ORIGIN


@dataclass(frozen=True, kw_only=True, slots=True)
class _FlatEntry(Origin):
    """A row as the file has it: flat."""

    id: str
    file: str


class _Roster(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    schema_version: Literal[1]
    submissions: list[_FlatEntry]


class RosterError(ValueError):
    """A ``roster.json`` can't be read; the message says what is wrong with it."""


def parse_layout(name: str) -> Layout | None:
    """Return the layout called ``name``; None for "auto"."""
    return next((layout for layout in LAYOUTS if layout == name), None)


def write_roster(entries: Iterable[RosterEntry], out: Path) -> None:
    """Write ``<out>/roster.json``: the submissions of this batch, in their order."""
    listed = [{"id": row.id, "file": row.file, **asdict(row.origin)} for row in entries]
    table = {"schema_version": SCHEMA_VERSION, "submissions": listed}
    text = json.dumps(table, ensure_ascii=False, indent=2) + "\n"
    write_atomic(out / ROSTER_FILE, text.encode("utf-8", "replace"))


def read_roster(out: Path) -> tuple[RosterEntry, ...] | None:
    """Return the rows of ``<out>/roster.json``; None where there is none.

    Raises ``RosterError``.
    """
    try:
        table = _Roster.model_validate_json((out / ROSTER_FILE).read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RosterError(f"{out / ROSTER_FILE}: {error}") from None
    except ValidationError as error:
        faults = (f"{out / ROSTER_FILE}: {describe_fault(fault)}" for fault in error.errors())
        raise RosterError("\n".join(faults)) from None
    return tuple(
        RosterEntry(
            id=entry.id,
            file=entry.file,
            origin=Origin(**{field.name: getattr(entry, field.name) for field in fields(Origin)}),
        )
        for entry in table.submissions
    )
