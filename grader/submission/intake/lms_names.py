"""Parse the names that learning platforms give files: names to ``Origin``, nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from grader.submission.intake.roster import Origin

_CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<attachment>\d+)_(?P<file>.+)",
    re.IGNORECASE | re.DOTALL,
)
_CANVAS_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?anon_(?P<user>[A-Za-z0-9]+)_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL
)
_MOODLE = re.compile(
    r"(?P<start>(?P<name>.*?)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+))(?P<rest>_.*)?",
    re.DOTALL,
)
_ATTEMPT = re.compile(r"-(\d{1,2})(?=\.[^.]+$|$)")
# What Moodle calls a student whose name it keeps to itself, in a few of its languages.
_NOBODY = frozenset({"participant", "参与人", "参与者", "teilnehmer/in", "participante"})


LmsKey = tuple[str, str, str, bool]


def lms_key(origin: Origin) -> LmsKey:
    """Return a key shared by all that one student handed in on a platform.

    Moodle's number belongs to one assignment: of another download's it may be somebody else's.
    """
    name = origin.name if origin.layout == "moodle" else ""
    return origin.layout, origin.lms_id, name, origin.anonymous


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedName:
    """A parsed name: whose it is, the file's own name, and which of several is newer."""

    origin: Origin
    file: str = ""
    order: int = 0

    @property
    def key(self) -> LmsKey:
        """A key shared by all that one student handed in."""
        return lms_key(self.origin)


def parse_canvas(name: str) -> ParsedName | None:
    """Parse a file's name in a Canvas download, or return None: ``leili_LATE_12_345_hh.ipynb``."""
    if found := _CANVAS_ANONYMOUS.fullmatch(name):
        who, anonymous = "", True
    elif (found := _CANVAS.fullmatch(name)) and found["name"] == found["name"].lower():
        who, anonymous = found["name"], False
    else:
        return None
    again = _ATTEMPT.search(found["file"])
    origin = Origin(
        layout="canvas",
        name=who,
        lms_id=found["user"],
        anonymous=anonymous,
        late=bool(found["late"]),
        attempt=int(again[1]) + 1 if again else None,
    )
    return ParsedName(origin=origin, file=found["file"], order=int(found["attachment"][:18]))


def is_canvas_download(names: Sequence[str]) -> bool:
    """Return True if files are a Canvas download, and perhaps a few that lie beside it.

    No attachment comes twice, and a number is one student's. Homework that students number
    themselves can look alike, so one name alone, and names beside others, are believed only
    where the numbers are as long as Canvas's.
    """
    known = [named for name in names if (named := parse_canvas(name)) is not None]
    if not known or 2 * len(known) <= len(names):
        return False
    attachments = {named.order for named in known}
    students = {(named.key, named.origin.name) for named in known}
    if len(attachments) < len(known) or len(students) > len({key for key, _ in students}):
        return False
    return min(attachments) > 99 or 1 < len(known) == len(names)


def parse_moodle(name: str) -> ParsedName | None:
    """Parse a name in a Moodle download, or return None: ``Ann Lee_12_assignsubmission_file``."""
    found = _MOODLE.fullmatch(name)
    if found is None:
        return None
    rest = found["rest"] or ""
    file = rest[1:]
    who = found["name"].strip()
    hidden = who.casefold() in _NOBODY
    origin = Origin(
        layout="moodle",
        name="" if hidden else who,
        lms_id=found["id"],
        anonymous=hidden,
        folder="" if file else name,
        prefix=f"{found['start']}_" if file else "",
    )
    return ParsedName(origin=origin, file=file, order=found["kind"] == "file")


def parse_nbgrader(student: str, timestamp: str = "") -> ParsedName:
    """Parse a student's folder in nbgrader's ``submitted``, and its ``timestamp.txt``."""
    submitted = _parse_nbgrader_time(timestamp)
    return ParsedName(
        origin=Origin(layout="nbgrader", name=student, lms_id=student, submitted=submitted)
    )


def _parse_nbgrader_time(text: str) -> str:
    """Parse nbgrader's time, ``2026-11-30 15:59:00.123456 UTC``; return "" for what is none."""
    try:
        time = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
    except ValueError:
        return ""
    return time.isoformat() if time.tzinfo is not None else ""
