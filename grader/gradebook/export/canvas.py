"""Canvas's gradebook: the TA's own export filled, or a fresh one of what Canvas named."""

from __future__ import annotations

import re

from grader.gradebook.export.csv_table import CsvLine, CsvTable
from grader.gradebook.export.fill_column import (
    check_max_score,
    fill_column,
    mark_notes,
    parse_number,
    read_table,
)
from grader.gradebook.export.match_people import Person
from grader.gradebook.export.results import (
    ExportError,
    ExportFile,
    MarkSheet,
    format_number,
    name_notes,
)
from grader.report.text.csv_text import csv_text, plain_cell

_ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s*\((?P<id>\d+)\)", re.DOTALL)
_HEAD = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_POINTS = "Points Possible"


def fill_gradebook(
    content: bytes, path: str, batch: MarkSheet, wanted: str | None, points: float | None
) -> ExportFile:
    """Fill the marks of ``batch`` into the TA's export, in one column, named or found by its title.

    Excused students (``EX``) stay excused. Raises ``ExportError``.
    """
    table = read_table(content, path)
    students, ids = table.column("Student"), table.column("ID")
    if students is None or ids is None:
        raise ExportError("canvas_header", path=path, header=", ".join(table.header[:12]))
    column = _column(table, batch, wanted)
    logins = [table.column(name) for name in ("SIS User ID", "SIS Login ID", "Integration ID")]
    people, most = [], None
    for index, line in enumerate(table.lines[1:], 1):
        if line.cell(students).casefold() == _POINTS.casefold():
            most = parse_number(line.cell(column))
        elif number_of := line.cell(ids):
            people.append(
                Person(
                    line=index,
                    number=number_of,
                    name=line.cell(students),
                    logins=_logins(line, logins),
                )
            )
    check_max_score(most, batch, points, table.header[column])
    return fill_column(
        table,
        batch,
        people,
        column,
        "canvas",
        points,
        lambda row: "excused" if row.cell(column).upper() == "EX" else "",
    )


def _logins(line: CsvLine, columns: list[int | None]) -> tuple[str, ...]:
    """Other numbers of a student; of an e-mail address the part before the @ too."""
    found = [text for column in columns if (text := line.cell(column))]
    return tuple(dict.fromkeys([*found, *(text.partition("@")[0] for text in found)]))


def _column(table: CsvTable, batch: MarkSheet, wanted: str | None) -> int:
    """Find the assignment's column: as asked for, else the one of its title, else the only one."""
    found = {i: m for i, name in enumerate(table.header) if (m := _ASSIGNMENT.fullmatch(name))}
    listed = "; ".join(table.header[i] for i in found)
    if wanted is not None:
        text = wanted.strip().casefold()
        exact = [i for i, name in enumerate(table.header) if name.casefold() == text]
        by_id = [i for i, m in found.items() if text in (m["id"], m["title"].casefold())]
        part = [i for i, m in found.items() if text in m["title"].casefold()]
        chosen = next((each for each in (exact, by_id, part) if each), [])
    else:
        titles = {batch.title.casefold(), batch.assignment.casefold()}
        chosen = [i for i, m in found.items() if m["title"].casefold() in titles] or [*found]
    if len(chosen) != 1:
        raise ExportError("column", columns=listed or "\N{EM DASH}", wanted=wanted or batch.title)
    return chosen[0]


def new_gradebook(batch: MarkSheet, column: str | None, points: float | None) -> ExportFile:
    """Write a gradebook of our own, of those whom Canvas named by a number.

    A ``column`` without an assignment's number in brackets makes a new assignment there.
    Raises ``ExportError`` when that is nobody.
    """
    known = [g for g in batch.submissions if g.origin.layout == "canvas" and not g.origin.anonymous]
    rows = [g for g in known if g.mark()]
    if not rows:
        raise ExportError("no_canvas")
    check_max_score(None, batch, points, batch.title)
    most = batch.max_score if points is None else points
    lines = [
        [*_HEAD, plain_cell(column or batch.title)],
        [f"    {_POINTS}", *[""] * (len(_HEAD) - 1), format_number(most)],
    ]
    for graded in rows:
        ids = [plain_cell(graded.name), graded.origin.lms_id, "", "", ""]
        lines.append([*ids, graded.mark(points)])
    strangers = [g.id for g in batch.submissions if g not in known]
    return ExportFile(
        content=csv_text(lines).encode("utf-8"),
        count=len(rows),
        notes=(*mark_notes(batch.submissions), *name_notes("no_canvas_id", strangers)),
        is_complete=len(rows) == len(batch.submissions),
    )
