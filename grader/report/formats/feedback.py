"""What every writer gets of a submission, and the sentences that several of them say."""

from __future__ import annotations

from dataclasses import dataclass

from grader.report.page.model import Page, Row
from grader.report.text.phrases import Phrases, phrases


@dataclass(frozen=True, kw_only=True, slots=True)
class Feedback:
    """A submission as its student may see it.

    ``page`` is what ``student_page`` made, ``text`` the student's ``result.md``. ``path``
    is where the notebook lies, from the folder that CI works in, "" where that isn't
    known; ``lines`` has for each of its cells the line of the file on which each line of
    the cell's source stands, both counted from 1, () where that isn't known.
    """

    page: Page
    text: str
    path: str = ""
    lines: tuple[tuple[int, ...], ...] = ()

    @property
    def said(self) -> Phrases:
        """The sentences in the student's language."""
        return phrases("zh" if self.page.language.startswith("zh") else "en")

    def line(self, row: Row) -> int | None:
        """The line of the file that a check speaks of; None where it speaks of none."""
        if row.cell is None or not 0 <= row.cell < len(self.lines):
            return None
        source = self.lines[row.cell]
        number = (row.line or 1) - 1
        return source[min(number, len(source) - 1)] if source else None

    def about(self, row: Row) -> str:
        """What a check found, line by line: the sentence, what was asked, found, and where."""
        said = self.said
        parts = [row.message]
        for name, value in (("asked", row.asked), ("found", row.found)):
            if value:
                parts.append(
                    said.say("markdown.pair", name=said.say(f"checks.{name}"), value=value)
                )
        if row.where:
            parts.append(row.where)
        return "\n".join(part for part in parts if part)
