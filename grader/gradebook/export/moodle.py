"""Moodle: the grading worksheet that a TA downloaded filled, and feedback in its own folders."""

from __future__ import annotations

import io
import re
import zipfile

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
    GradedSubmission,
    MarkSheet,
    name_notes,
)
from grader.report.store.pages import STUDENT_PAGES, read_page

_IDENTIFIER = re.compile(r"\D+(?P<id>\d+)")
_WHEN = (1980, 1, 1, 0, 0, 0)  # the same input gives the same file
# Moodle's headers are in its users' language, and it wants them back as they were.
_GRADE = (
    "Grade",
    "成绩",
    "分数",
    "成績",
    "Bewertung",
    "Note",
    "Calificación",
    "Valutazione",
    "Nota",
)
_MOST = ("Maximum Grade", "Maximum grade", "最高分", "最大成绩", "Bestwertung", "Note maximale")
_NAME = ("Full name", "全名", "姓名", "Vollständiger Name", "Nom complet", "Nombre completo")
_OPEN = ("Grade can be changed", "允许更改成绩")
_LOGINS = ("ID number", "Username", "Email address", "学号", "用户名", "电子邮件地址", "Email地址")
_NO = ("no", "否")


def fill_worksheet(
    content: bytes, path: str, batch: MarkSheet, wanted: str | None, points: float | None
) -> ExportFile:
    """Fill the marks of ``batch`` into the worksheet; students are told by their Identifier.

    Raises ``ExportError``.
    """
    table = read_table(content, path)
    identifiers = identifier_column(table)
    column = table.column(*([wanted] if wanted else _GRADE))
    if identifiers is None or column is None:
        header = ", ".join(table.header[:16])
        raise ExportError("moodle_header", path=path, header=header)
    names, most, may_change = table.column(*_NAME), table.column(*_MOST), table.column(*_OPEN)
    logins = [i for name in _LOGINS if (i := table.column(name)) is not None]
    people = []
    for index, line in enumerate(table.lines[1:], 1):
        if not (found := _IDENTIFIER.fullmatch(line.cell(identifiers))):
            continue
        own = [text for i in logins if (text := line.cell(i))]
        own += [text.partition("@")[0] for text in own]
        check_max_score(parse_number(line.cell(most)), batch, points, table.header[column])
        people.append(
            Person(
                line=index,
                number=found["id"],
                name=line.cell(names),
                logins=tuple(dict.fromkeys(own)),
            )
        )

    def why_left(row: CsvLine) -> str:
        return "locked" if row.cell(may_change).casefold() in _NO else ""

    return fill_column(table, batch, people, column, "moodle", points, why_left)


def identifier_column(table: CsvTable) -> int | None:
    """Find the first column of which every row is a word and a number: ``Participant 12``."""
    for column in range(len(table.header)):
        cells = [line.cell(column) for line in table.lines[1:] if any(line.raw)]
        if cells and all(_IDENTIFIER.fullmatch(cell) for cell in cells):
            return column
    return None


def zip_feedback(batch: MarkSheet) -> ExportFile:
    """Zip the students' own pages, under the names that Moodle gave their folders.

    Nothing of the teacher's gets in: two files are taken by their names, no link is followed.
    Left out are those who were not graded, and who has a page that is not whole.
    Raises ``ExportError`` when nothing is left.
    """
    file, count = io.BytesIO(), 0
    strangers, unusable, damaged = [], [], []
    taken: set[str] = set()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for graded in batch.submissions:
            if graded.outcome != "graded":
                continue
            start = _start(graded)
            if not start:
                strangers.append(graded.id)
                continue
            if not _usable(start) or start in taken:
                unusable.append(graded.id)
                continue
            pages = {name: read_page(graded.folder, name, graded.pages) for name in STUDENT_PAGES}
            if not all(pages.values()):
                damaged.append(graded.id)
                continue
            taken.add(start)
            count += 1
            for name, page in pages.items():
                info = zipfile.ZipInfo(start + name, _WHEN)
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(info, page)
    if not count:
        raise ExportError("no_page" if damaged else "no_feedback")
    notes = [
        *mark_notes(batch.submissions),
        *name_notes("no_moodle_folder", strangers),
        *name_notes("no_folder", unusable),
        *name_notes("no_page", damaged),
    ]
    complete = count == len(batch.submissions)
    return ExportFile(
        content=file.getvalue(), count=count, notes=tuple(notes), is_complete=complete
    )


def _start(graded: GradedSubmission) -> str:
    """Return what a student's file names begin with: the folder, or what stood in its place."""
    origin = graded.origin
    if origin.layout != "moodle":
        return ""
    return f"{origin.folder}/" if origin.folder else origin.prefix


def _usable(start: str) -> bool:
    """Return True where Moodle takes it, and it stays where it is unpacked."""
    folder = start.removesuffix("/")
    return not (folder.startswith((".", "~")) or any(char in folder for char in "/\\\0"))
