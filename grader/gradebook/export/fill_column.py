"""Fill a platform's table: which marks go where, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from grader.core.types import Note
from grader.gradebook.export.csv_table import CsvError, CsvLine, CsvTable, parse_csv
from grader.gradebook.export.match_people import Person, match_people
from grader.gradebook.export.results import (
    ExportError,
    ExportFile,
    GradedSubmission,
    MarkSheet,
    format_number,
    name_notes,
)

_COMMA = re.compile(r"\d+,\d+")
_LEFT = "left"  # a reason to leave a row alone ends in a sentence of this family


def read_table(content: bytes, path: str) -> CsvTable:
    """Read a platform's table. Raises ``ExportError``."""
    try:
        return parse_csv(content)
    except CsvError as problem:
        raise ExportError(f"table.{problem}", path=path) from None


def fill_column(
    table: CsvTable,
    batch: MarkSheet,
    people: Sequence[Person],
    column: int,
    platform: str,
    points: float | None,
    why_left: Callable[[CsvLine], str],
) -> ExportFile:
    """Fill the marks into ``column`` of ``table``.

    ``why_left`` says why a row keeps what it has: the last part of a sentence's id, "" to
    fill it. What was not graded leaves its cell as it was. Numbers get a comma where the
    column has numbers with one.
    """
    matching = match_people(batch.submissions, people, platform)
    changes: dict[tuple[int, int], str] = {}
    replaced, left = [], []
    comma = any(_COMMA.fullmatch(row.cell(column)) for row in table.lines)
    for line, graded in sorted(matching.submissions.items()):
        row = table.lines[line]
        mark, before = graded.mark(points), row.cell(column)
        if not mark:
            continue
        if why := why_left(row):
            left.append((why, graded.id))
            continue
        if before and not _same(before, mark):
            replaced.append(f"{graded.id} ({before} \N{RIGHTWARDS ARROW} {mark})")
        if not _same(before, mark):
            changes[line, column] = mark.replace(".", ",") if comma else mark
    rest = [p.name or p.number for p in people if p.line not in matching.submissions]
    notes: list[Note] = []
    notes += mark_notes(batch.submissions)
    notes += name_notes("unmatched", matching.unmatched)
    notes += name_notes("doubtful", matching.doubtful)
    for why in sorted({why for why, _ in left}):
        notes += name_notes(f"{_LEFT}.{why}", [name for reason, name in left if reason == why])
    notes += name_notes("by_name", matching.by_name)
    notes += name_notes("replaced", replaced)
    notes += name_notes("without", rest)
    filled = [g for g in matching.submissions.values() if g.mark()]
    return ExportFile(
        content=table.with_cells(changes),
        count=len(filled) - len(left),
        notes=tuple(notes),
        is_complete=len(filled) - len(left) == len(batch.submissions),
    )


def mark_notes(submissions: Sequence[GradedSubmission]) -> list[Note]:
    """Name who has no mark, and why (our fault, no result, an excuse); who has 0 without a file."""
    broken = [each.id for each in submissions if each.outcome == "not_graded"]
    missing = [each.id for each in submissions if each.outcome == "missing"]
    excused = [each.id for each in submissions if each.outcome == "excused"]
    unreadable = [each.id for each in submissions if each.status == "unreadable"]
    return [
        *name_notes("not_graded", broken),
        *name_notes("missing", missing),
        *name_notes("excused", excused),
        *name_notes("unreadable", unreadable),
    ]


def check_max_score(
    most: float | None, batch: MarkSheet, points: float | None, option: str
) -> None:
    """Hold the gradebook's greatest mark against ours.

    Raises ``ExportError`` where they differ, or ours among themselves, and ``points`` does not
    say what is meant.
    """
    marked = [each for each in batch.submissions if each.score is not None]
    most_of_all = max((each.max_score for each in marked), default=0.0)
    fewer = name_notes("mixed", [each.id for each in marked if each.max_score < most_of_all])
    if points is None and fewer:
        values = {name: str(value) for name, value in fewer[0].values.items()}
        raise ExportError("mixed", most=format_number(most_of_all), **values)
    if most is None or not batch.max_score:
        return
    ours = batch.max_score if points is None else points
    if abs(most - ours) > 1e-9:
        values = {"theirs": format_number(most), "ours": format_number(ours), "title": option}
        raise ExportError("points", **values)


def parse_number(text: str) -> float | None:
    """Read a number with a point or a comma, as gradebooks have it; None when it is none."""
    try:
        return float(text.replace(",", ".").replace("\N{NO-BREAK SPACE}", ""))
    except ValueError:
        return None


def _same(before: str, mark: str) -> bool:
    return (old := parse_number(before)) is not None and old == float(mark)
