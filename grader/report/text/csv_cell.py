"""Cells that a spreadsheet could take for a formula."""

from __future__ import annotations

import re

from grader.report.text.sanitize import one_line

_FORMULA = re.compile(r"(^|[;,|])(\s*)(?=[=+\-@\N{FULLWIDTH EQUALS SIGN}"
                      r"\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}"
                      r"\N{FULLWIDTH COMMERCIAL AT}\N{MINUS SIGN}])")  # fmt: skip


def plain_cell(text: str, limit: int = 300) -> str:
    """``text`` on one line, led by an apostrophe where it could be taken for a formula."""
    return _FORMULA.sub(r"\1\2'", one_line(text, limit))
