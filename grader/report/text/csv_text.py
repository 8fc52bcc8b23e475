"""CSV files for Excel, in which no cell can be taken for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from grader.report.text.sanitize import one_line

_FORMULA = re.compile(r"(^|[;,|])(\s*)(?=[=+\-@\N{FULLWIDTH EQUALS SIGN}"
                      r"\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}"
                      r"\N{FULLWIDTH COMMERCIAL AT}\N{MINUS SIGN}])")  # fmt: skip


def plain_cell(text: str, limit: int = 300) -> str:
    """Return ``text`` on one line, led by an apostrophe where it could be taken for a formula."""
    return _FORMULA.sub(r"\1\2'", one_line(text, limit))


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Write rows of cells as CSV, after the mark by which Excel reads UTF-8."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + file.getvalue()
