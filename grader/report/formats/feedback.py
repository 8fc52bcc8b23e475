"""The feedback on a submission that every writer gets, and sentences that several share."""

from __future__ import annotations

from dataclasses import dataclass

from grader.report.page.model import CheckRow, Page
from grader.report.text.phrases import Phrases, load_phrases


@dataclass(frozen=True, kw_only=True, slots=True)
class Feedback:
    """A submission as its student may see it."""

    page: Page
    """The page of ``student_page``."""
    text: str
    """The student's ``result.md``."""
    path: str = ""
    """The notebook's path from the folder that CI works in; "" where that isn't known."""
    lines: tuple[tuple[int, ...], ...] = ()
    """For each cell, the line of the file on which each line of its source stands.

    Counted from 1; () where that isn't known.
    """

    @property
    def phrases(self) -> Phrases:
        """The sentences in the student's language."""
        return load_phrases("zh" if self.page.language.startswith("zh") else "en")

    def file_line(self, row: CheckRow) -> int | None:
        """Return the line of the file that a check speaks of; None where it speaks of none."""
        if row.cell is None or not 0 <= row.cell < len(self.lines):
            return None
        source = self.lines[row.cell]
        number = (row.line or 1) - 1
        return source[min(number, len(source) - 1)] if source else None

    def describe(self, row: CheckRow) -> str:
        """Describe a check line by line: its sentence, the values asked and found, the place."""
        values = [
            self.phrases.pair(f"checks.{name}", value)
            for name, value in (("asked", row.expected), ("found", row.found))
            if value
        ]
        return "\n".join(filter(None, (row.message, *values, row.where)))
