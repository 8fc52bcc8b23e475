"""What came out of a class: held against what went in, and every export against the results.

Only the standard library reads here, so that nothing is held against itself.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .platforms import BOOK, SHEET, TITLE, excused, gradebook, locked, worksheet
from .students import Student

EXPORTS = ("moodle", "moodle-feedback", "canvas", "csv")


@dataclass(frozen=True)
class Results:
    """The ``result.json`` of each submission, by Moodle's number of the student."""

    out: Path
    ids: dict[int, str]
    by_number: dict[int, dict[str, Any]]

    def score(self, student: Student) -> str:
        """The mark as files have it; "" for one without."""
        result = self.by_number.get(student.number)
        return "" if result is None or result["score"] is None else f"{result['score']:.15g}"


def read_results(out: Path) -> Results:
    """What ``grade`` left in ``out``, by its roster."""
    rows = json.loads((out / "roster.json").read_text("utf-8"))["submissions"]
    ids = {int(row["lms_id"]): row["id"] for row in rows}
    found = {
        number: json.loads((out / id / "result.json").read_text("utf-8"))
        for number, id in ids.items()
    }
    return Results(out, ids, found)


def unexpected(students: Sequence[Student], results: Results) -> Iterator[str]:
    """Every student whose result is not what it must be, in words."""
    handed = {student.number: student for student in students if student.trouble}
    if handed.keys() != results.by_number.keys():
        yield f"students: {sorted(handed.keys() ^ results.by_number.keys())}"
    for number, student in handed.items():
        result, trouble = results.by_number.get(number), student.trouble
        if result is None or trouble is None:
            continue
        about = f"{results.ids[number]} ({trouble.name})"
        least, most = trouble.marks
        if result["outcome"] != "graded" or not least <= result["score"] <= most:
            yield f"{about}: {result['outcome']} {result['score']}, not {least:g} to {most:g}"
        if (result["run"]["status"] != "unreadable") != trouble.readable:
            yield f"{about}: {result['run']['status']}"
        for name in ("result.html", "result.md", "teacher.html"):
            if not (results.out / results.ids[number] / name).is_file():
                yield f"{about}: no {name}"


def unequal(students: Sequence[Student], results: Results, exports: Path) -> Iterator[str]:
    """Every place in the exports in ``exports`` that is not as the results have it, in words.

    Each lies under the name of its format.
    """
    yield from _worksheet(students, results, (exports / "moodle").read_bytes())
    yield from _gradebook(students, results, (exports / "canvas").read_bytes())
    yield from _table(students, results, (exports / "csv").read_bytes())
    yield from _feedback(students, results, exports / "moodle-feedback")
    yield from _of_the_batch(results)


def _rows(content: bytes, head: Sequence[str] = ()) -> list[dict[str, str]]:
    file = io.StringIO(content.decode("utf-8-sig"), newline="")
    reader = csv.DictReader(file, strict=True)
    assert not head or list(reader.fieldnames or ()) == list(head)
    return list(reader)


def _worksheet(students: Sequence[Student], results: Results, content: bytes) -> Iterator[str]:
    before = _rows(worksheet(students).encode(), SHEET)
    for student, was, row in zip(students, before, _rows(content, SHEET), strict=True):
        mark = results.score(student)
        if not mark or student.number in locked(students):
            mark = was["Grade"]
        if row["Grade"] != mark and not (row["Grade"] and float(row["Grade"]) == float(mark)):
            yield f"moodle: {student.name}: {row['Grade']!r}, not {mark!r}"
        if {**row, "Grade": ""} != {**was, "Grade": ""}:
            yield f"moodle: {student.name}: something else was changed"


def _gradebook(students: Sequence[Student], results: Results, content: bytes) -> Iterator[str]:
    rows, before = _rows(content, BOOK), _rows(gradebook(students).encode(), BOOK)
    if rows[0] != before[0]:
        yield "canvas: the row of points was changed"
    for student, was, row in zip(students, before[1:], rows[1:], strict=True):
        mark = results.score(student)
        if not mark or student.shared or student.number in excused(students):
            mark = was[TITLE]
        if row != {**was, TITLE: mark}:
            yield f"canvas: {student.name}: {row[TITLE]!r}, not {mark!r}"


def _table(students: Sequence[Student], results: Results, content: bytes) -> Iterator[str]:
    rows = {row["lms_id"]: row for row in _rows(content)}
    for student in students:
        row = rows.pop(str(student.number), None)
        if (student.trouble is None) != (row is None):
            yield f"csv: {student.name}: is missing, or must not be there"
        elif row is not None and row["score"] != results.score(student):
            yield f"csv: {student.name}: {row['score']!r}, not {results.score(student)!r}"
    yield from (f"csv: {number}: nobody's" for number in rows)


def _feedback(students: Sequence[Student], results: Results, file: Path) -> Iterator[str]:
    with zipfile.ZipFile(file) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    for student in students:
        if student.trouble is None:
            continue
        own = results.out / results.ids[student.number]
        for name in ("result.html", "result.md"):
            if contents.pop(f"{student.folder}/{name}", None) != (own / name).read_bytes():
                yield f"feedback: {student.folder}/{name}: is not the one that was made"
    yield from (f"feedback: {name}: must not be there" for name in contents)


def _of_the_batch(results: Results) -> Iterator[str]:
    """``grades.csv`` and ``summary.json`` say the same once more."""
    by_id = {results.ids[number]: result for number, result in results.by_number.items()}
    summary = json.loads((results.out / "summary.json").read_text("utf-8"))
    scores = {each["id"]: each["score"] for each in summary["submissions"]}
    if scores != {id: result["score"] for id, result in by_id.items()}:
        yield "summary.json: other submissions or scores"
    rows = _rows((results.out / "grades.csv").read_bytes())
    if Counter(float(row["score"]) for row in rows) != Counter(r["score"] for r in by_id.values()):
        yield "grades.csv: other scores"
    for row in rows:
        result = by_id.get(row["submission"].removeprefix("'"))
        if result is None:
            yield f"grades.csv: {row['submission']}: nobody's"
            continue
        for family in {check["family"] for check in result["checks"]}:
            points = sum(c["points"] for c in result["checks"] if c["family"] == family)
            if abs(float(row[family]) - points) > 1e-6:
                yield f"grades.csv: {row['submission']}: {family} {row[family]}, not {points:g}"
