"""The faults that an author has to mend, as sentences of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from grader.core.messages import catalogue
from grader.core.types import Note


class AuthorError(Exception):
    """Something that was asked for can't be done; ``notes`` say why, every fault found."""

    def __init__(self, notes: Iterable[Note]) -> None:
        self.notes = tuple(notes)
        super().__init__(self.notes)

    def __str__(self) -> str:
        return self.in_language("en")

    def in_language(self, language: str) -> str:
        """One fault a line, in ``language``."""
        messages = catalogue(language)
        return "\n".join(messages.render_note(note) for note in self.notes)
