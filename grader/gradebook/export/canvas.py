"""Canvas's gradebook: the TA's own export filled, or a fresh one of what Canvas named."""

from __future__ import annotations

import csv
import io
import re

from grader.gradebook.export.csv_table import Line, Table
from grader.gradebook.export.fill_column import about_marks, as_number, fill, in_points, read_table
from grader.gradebook.export.match_people import Person, shown
from grader.gradebook.export.results import Batch, Export, ExportError, number, said
from grader.report.text.csv_text import plain_cell

_ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s*\((?P<id>\d+)\)", re.DOTALL)
_HEAD = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_POINTS = "Points Possible"


def filled(
    content: bytes, path: str, batch: Batch, wanted: str | None, points: float | None
) -> Export:
    """The TA's export with the marks of ``batch`` in one column, named or found by its title.

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
            most = as_number(line.cell(column))
        elif number_of := line.cell(ids):
            people.append(
                Person(
                    line=index,
                    number=number_of,
                    name=line.cell(students),
                    logins=_logins(line, logins),
                )
            )
    in_points(most, batch, points, table.header[column])
    return fill(
        table,
        batch,
        people,
        column,
        "canvas",
        points,
        lambda row: "excused" if row.cell(column).upper() == "EX" else "",
    )


def _logins(line: Line, columns: list[int | None]) -> tuple[str, ...]:
    """Other numbers of a student; of an e-mail address the part before the @ too."""
    found = [text for column in columns if (text := line.cell(column))]
    return tuple(dict.fromkeys([*found, *(text.partition("@")[0] for text in found)]))


def _column(table: Table, batch: Batch, wanted: str | None) -> int:
    """The column of the assignment: as asked for, else the one of its title, else the only one."""
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


def fresh(batch: Batch, column: str | None, points: float | None) -> Export:
    """A gradebook of our own, of those whom Canvas named by a number.

    A ``column`` without an assignment's number in brackets makes a new assignment there.
    Raises ``ExportError`` when that is nobody.
    """
    known = [g for g in batch.submissions if g.origin.layout == "canvas" and not g.origin.anonymous]
    rows = [g for g in known if g.mark()]
    if not rows:
        raise ExportError("no_canvas")
    in_points(None, batch, points, batch.title)
    most = batch.max_score if points is None else points
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([*_HEAD, plain_cell(column or batch.title)])
    writer.writerow([f"    {_POINTS}", *[""] * (len(_HEAD) - 1), number(most)])
    for graded in rows:
        ids = [plain_cell(graded.name), graded.origin.lms_id, "", "", ""]
        writer.writerow([*ids, graded.mark(points)])
    strangers = [shown(g) for g in batch.submissions if g not in known]
    return Export(
        content=("\N{ZERO WIDTH NO-BREAK SPACE}" + file.getvalue()).encode("utf-8"),
        count=len(rows),
        notes=(*about_marks(batch.submissions), *said("no_canvas_id", strangers)),
        complete=len(rows) == len(batch.submissions),
    )
