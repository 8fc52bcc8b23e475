"""The class as files: Moodle's download and worksheet, Canvas's gradebook."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from .students import EMAIL, Student
from .troubles import LINK

TITLE = "HH homework (4711)"
MOST = 100.0
SHEET = (
    "Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade",
    "Grade can be changed", "Last modified (submission)", "Last modified (grade)",
    "Feedback comments",
)  # fmt: skip
BOOK = (
    "Student",
    "ID",
    "SIS User ID",
    "SIS Login ID",
    "Section",
    TITLE,
    "Other (12)",
    "Final Score",
)

INTO = {"moodle": "worksheet.csv", "canvas": "gradebook.csv"}


def write_download(students: Iterable[Student], file: Path) -> None:
    """What Moodle's "Download all submissions" gives."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in students:
            for handed in student.trouble.files if student.trouble else ():
                info = zipfile.ZipInfo(
                    f"{handed.before}{student.folder}{handed.separator}{handed.name}"
                )
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = LINK if handed.link else 0o100644 << 16
                archive.writestr(info, handed.content)


def locked(students: Sequence[Student]) -> set[int]:
    """The numbers of those whose grade Moodle lets nobody change: every 50th."""
    return {student.number for student in students[10::50]}


def excused(students: Sequence[Student]) -> set[int]:
    """The numbers of those whom Canvas excuses: every 60th."""
    return {student.number for student in students[20::60]}


def worksheet(students: Sequence[Student]) -> str:
    """Moodle's grading worksheet: some late, some locked, every ninth with another mark before."""
    rows = []
    for place, student in enumerate(students):
        status = "No submission" if student.trouble is None else "Submitted for grading"
        late = " - 2 days late" if place % 8 == 3 and student.trouble else " - "
        before = "1.00" if place % 9 == 4 and student.trouble else ""
        may = "No" if student.number in locked(students) else "Yes"
        rows.append(
            (f"Participant {student.number}", student.name, EMAIL.format(number=student.number),
             status + late, before, f"{MOST:.2f}", may, "-", "-", 'see "feedback"\nfiles')
        )  # fmt: skip
    return _csv([SHEET, *rows], "\n")


def gradebook(students: Sequence[Student]) -> str:
    """Canvas's gradebook, in which the same people have other numbers, and logins of their own."""
    rows = [("    Points Possible", "", "", "", "", f"{MOST:g}", "10", "(read only)")]
    for place, student in enumerate(students):
        mark = "EX" if student.number in excused(students) else ""
        rows.append((student.name, str(90000 + place), f"sis{place}", f"login{place}", "Group 1",
                     mark, "7.5", "80"))  # fmt: skip
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + _csv([BOOK, *rows], "\r\n")


def write_gradebooks(students: Sequence[Student], folder: Path) -> None:
    """Write worksheet and gradebook into ``folder``, as a teacher has downloaded them."""
    (folder / "worksheet.csv").write_bytes(worksheet(students).encode())
    (folder / "gradebook.csv").write_bytes(gradebook(students).encode())


def export(name: str, out: Path, folder: Path) -> list[str]:
    """``grader``'s arguments to write one format to a file called like it in ``folder``."""
    arguments = ["export", name, "-f", str(out), "-o", str(folder / name), "--lang", "en"]
    if name in INTO:
        arguments += ["--into", str(folder / INTO[name])]
    return arguments + (["--column", TITLE] if name == "canvas" else [])


def _csv(rows: Iterable[Sequence[str]], end: str) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator=end).writerows(rows)
    return file.getvalue()
