"""What filling any gradebook has in common: which marks go where, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from grader.core.types import Note
from grader.gradebook.export.csv_table import Line, Table, TableError, parse
from grader.gradebook.export.match_people import Person, match, shown
from grader.gradebook.export.results import Batch, Export, ExportError, Graded, number, said

_COMMA = re.compile(r"\d+,\d+")
_LEFT = "left"  # a reason to leave a row alone ends in a sentence of this family


def read_table(content: bytes, path: str) -> Table:
    """The gradebook. Raises ``ExportError``."""
    try:
        return parse(content)
    except TableError as problem:
        raise ExportError(f"table.{problem}", path=path) from None


def fill(
    table: Table,
    batch: Batch,
    people: Sequence[Person],
    column: int,
    platform: str,
    points: float | None,
    why_left: Callable[[Line], str],
) -> Export:
    """``table`` with the marks in ``column``.

    ``why_left`` says why a row keeps what it has: the last part of a sentence's id, "" to
    fill it. What was not graded leaves its cell as it was. Numbers get a comma where the
    column has numbers with one.
    """
    matching = match(batch.submissions, people, platform)
    changes: dict[tuple[int, int], str] = {}
    replaced, left = [], []
    comma = any(_COMMA.fullmatch(row.cell(column)) for row in table.lines)
    for line, graded in sorted(matching.found.items()):
        row = table.lines[line]
        mark, before = graded.mark(points), row.cell(column)
        if not mark:
            continue
        if why := why_left(row):
            left.append((why, shown(graded)))
            continue
        if before and not _same(before, mark):
            replaced.append(f"{shown(graded)} ({before} \N{RIGHTWARDS ARROW} {mark})")
        if not _same(before, mark):
            changes[line, column] = mark.replace(".", ",") if comma else mark
    rest = [p.name or p.number for p in people if p.line not in matching.found]
    notes: list[Note] = []
    notes += about_marks(batch.submissions)
    notes += said("unmatched", matching.unmatched)
    notes += said("doubtful", matching.doubtful)
    for why in sorted({why for why, _ in left}):
        notes += said(f"{_LEFT}.{why}", [name for reason, name in left if reason == why])
    notes += said("by_name", matching.by_name)
    notes += said("replaced", replaced)
    notes += said("without", rest)
    filled = [g for g in matching.found.values() if g.mark()]
    return Export(
        content=table.filled(changes),
        count=len(filled) - len(left),
        notes=tuple(notes),
        complete=len(filled) - len(left) == len(batch.submissions),
    )


def about_marks(submissions: Sequence[Graded]) -> list[Note]:
    """Who has no mark, and why (our fault, no result, an excuse); who has 0 without a file."""
    broken = [shown(each) for each in submissions if each.outcome == "not_graded"]
    missing = [shown(each) for each in submissions if each.outcome == "missing"]
    excused = [shown(each) for each in submissions if each.outcome == "excused"]
    unreadable = [shown(each) for each in submissions if each.status == "unreadable"]
    return [
        *said("not_graded", broken),
        *said("missing", missing),
        *said("excused", excused),
        *said("unreadable", unreadable),
    ]


def in_points(most: float | None, batch: Batch, points: float | None, option: str) -> None:
    """Hold the gradebook's greatest mark against ours.

    Raises ``ExportError`` where they differ, or ours among themselves, and ``points`` does not
    say what is meant.
    """
    marked = [each for each in batch.submissions if each.score is not None]
    most_of_all = max((each.max_score for each in marked), default=0.0)
    fewer = said("mixed", [shown(each) for each in marked if each.max_score < most_of_all])
    if points is None and fewer:
        values = {name: str(value) for name, value in fewer[0].values.items()}
        raise ExportError("mixed", most=number(most_of_all), **values)
    if most is None or not batch.max_score:
        return
    ours = batch.max_score if points is None else points
    if abs(most - ours) > 1e-9:
        values = {"theirs": number(most), "ours": number(ours), "title": option}
        raise ExportError("points", **values)


def as_number(text: str) -> float | None:
    """A number as gradebooks have it, with a point or a comma; None when it is none."""
    try:
        return float(text.replace(",", ".").replace("\N{NO-BREAK SPACE}", ""))
    except ValueError:
        return None


def _same(before: str, mark: str) -> bool:
    return (old := as_number(before)) is not None and old == float(mark)
