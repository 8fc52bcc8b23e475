"""Faults that end in a sentence of the catalogue."""

from __future__ import annotations

from typing import ClassVar

from grader.core.messages import catalogue
from grader.core.types import Note, Value


class NoteError(Exception):
    """Something can't be done; ``note`` says why and what to do, and ``str()`` does in English."""

    prefix: ClassVar[str] = ""
    """The first parts of the message ids of such faults."""

    def __init__(self, message: str | Note, **values: Value) -> None:
        """Take a note, or the last part of a message id with its values."""
        super().__init__(message)
        self.note = (
            message
            if isinstance(message, Note)
            else Note(message_id=f"{self.prefix}.{message}", values=values)
        )

    def __str__(self) -> str:
        return self.in_language("en")

    def in_language(self, language: str) -> str:
        """Return the sentence in ``language``."""
        return catalogue(language).render_note(self.note)
