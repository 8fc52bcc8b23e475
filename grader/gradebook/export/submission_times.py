"""Times of handing in, out of a table: a plain one, or Moodle's worksheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from grader.core.types import Note
from grader.gradebook.export.csv_table import CsvTable
from grader.gradebook.export.fill_column import read_table
from grader.gradebook.export.match_people import Person, match_people
from grader.gradebook.export.moodle import identifier_column
from grader.gradebook.export.results import MarkSheet, name_notes
from grader.gradebook.store import GradebookError

_STUDENT = ("student", "submission", "学生", "提交")
_SUBMITTED = ("submitted", "submitted_at", "time", "提交时间")
_MOODLES = (
    "Last modified (submission)",
    "最后修改（提交）",
    "最后修改 (提交)",
    "Zuletzt geändert (Abgabe)",
    "Dernière modification (travail remis)",
)
_ENGLISH = ("%A, %d %B %Y, %I:%M %p", "%d %B %Y, %I:%M %p", "%A, %d %B %Y, %H:%M")
_CHINESE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日(\D*)(\d{1,2}):(\d{2})")
_NONE = ("", "-")


@dataclass(frozen=True, slots=True)
class SubmissionTimes:
    """The time at which each submission was handed in, and what is to be said of the others."""

    by_submission: Mapping[str, datetime] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


def read_times(content: bytes, path: str, batch: MarkSheet, zone: tzinfo | None) -> SubmissionTimes:
    """Read the times of ``batch``'s submissions; those without a zone are in ``zone``.

    Raises ``ExportError`` for what is no table, ``GradebookError`` for one without these columns.
    """
    table = read_table(content, path)
    number, column = _columns(table, path)
    moodles = column == table.column(*_MOODLES)
    people, texts = [], {}
    for index, line in enumerate(table.lines[1:], 1):
        if (text := line.cell(column)) in _NONE:
            continue
        who = line.cell(number)
        if moodles:
            found = re.search(r"\d+$", who)
            person = Person(line=index, number=found[0] if found else who, name=who, logins=(who,))
        else:
            person = Person(line=index, number=who, name=who, logins=(who,), submission=who)
        people.append(person)
        texts[index] = text
    matching = match_people(batch.submissions, people, "moodle" if moodles else "")
    times, unclear = {}, []
    for line_number, graded in matching.submissions.items():
        time = _time(texts[line_number], zone)
        if time is None:
            unclear.append(f"{graded.id} ({texts[line_number]})")
        else:
            times[graded.id] = time
    notes = (
        *_said("without_times", matching.unmatched, path),
        *_said("doubtful_times", matching.doubtful, path),
        *_said("unclear_times", unclear, path),
    )
    return SubmissionTimes(times, notes)


def parse_time(text: str, zone: tzinfo | None, *, end_of_day: bool = False) -> datetime:
    """Read a time that a person wrote, as ISO 8601 has it; a day alone may mean its end.

    Raises ``GradebookError`` for no time, and for one whose zone nobody says.
    """
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise GradebookError("time", text=text) from None
    if end_of_day and _is_day(text):
        time = time.replace(hour=23, minute=59, second=59)
    return _in_zone(time, text, zone)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def _columns(table: CsvTable, path: str) -> tuple[int, int]:
    moodles = table.column(*_MOODLES)
    number = identifier_column(table) if moodles is not None else table.column(*_STUDENT)
    column = moodles if moodles is not None else table.column(*_SUBMITTED)
    if number is None or column is None:
        raise GradebookError("times_header", path=path, header=", ".join(table.header[:16]))
    return number, column


def _time(text: str, zone: tzinfo | None) -> datetime | None:
    if found := _CHINESE.search(text):
        return _chinese(found, text, zone)
    try:
        return parse_time(text, zone)
    except GradebookError as problem:
        if problem.note.message_id.endswith("zone"):
            raise
    for form in _ENGLISH:
        try:
            return _in_zone(datetime.strptime(text, form), text, zone)
        except ValueError:
            continue
    return None


def _chinese(found: re.Match[str], text: str, zone: tzinfo | None) -> datetime | None:
    """With a clock of 24 hours, or of 12 and the part of the day."""
    year, month, day, part, hour, minute = found.groups()
    hours = int(hour)
    if re.search("下午|晚上", part) and hours < 12:
        hours += 12
    elif re.search("上午|凌晨|早上", part) and hours == 12:
        hours = 0
    elif "晚上" in part and hours == 12:
        return None  # midnight of which day?
    try:
        return _in_zone(datetime(int(year), int(month), int(day), hours, int(minute)), text, zone)
    except ValueError:
        return None


def _in_zone(time: datetime, text: str, zone: tzinfo | None) -> datetime:
    if time.tzinfo is not None:
        return time
    if zone is None:
        raise GradebookError("zone", text=text)
    return time.replace(tzinfo=zone)


def _said(message: str, names: Iterable[str], path: str) -> list[Note]:
    """Name them as `name_notes` does, in a message of the gradebook's."""
    return [
        Note(message_id=f"gradebook.{message}", values={"path": path, **note.values})
        for note in name_notes(message, names)
    ]
