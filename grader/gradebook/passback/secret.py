"""Tokens and keys: out of the environment or a file, and out of every message."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from grader.core.note_error import NoteError
from grader.core.types import Note

_STRUCK_OUT: Final = "[secret]"
_LONGEST_NAME: Final = 36  # characters of a file's name; what is longer may be the secret itself
_SHORTEST: Final = 8  # characters; what is shorter is no secret, and may be any word


class PassbackError(NoteError):
    """Nothing more can be sent; ``note`` says why and what to do."""

    prefix = "passback.error"


class Secret:
    """A text that no message, log or traceback shows by itself."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text. Whoever asks must send it to the platform and nowhere else."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({_STRUCK_OUT})"


class Redactor:
    """Every secret in use, to be struck out of what others say."""

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def add(self, text: str) -> Secret:
        """Keep ``text`` out of every message from now on, line by line too."""
        parts = {text, *text.splitlines()}
        self._texts |= {part for part in parts if len(part) >= _SHORTEST}
        return Secret(text)

    def redact(self, text: str) -> str:
        """Strike every secret out of ``text``."""
        for secret in sorted(self._texts, key=len, reverse=True):
            text = text.replace(secret, _STRUCK_OUT)
        return text


def read_secret(
    name: str, file: str, settings: Path, redactor: Redactor, say: Callable[[Note], None]
) -> Secret:
    """Read the secret from the variable ``name``, the file that ``name``_FILE names, or ``file``.

    ``file`` is as the settings have it, from their own folder. Raises ``PassbackError``.
    """
    if text := os.environ.get(name, "").strip():
        if not text.isascii():
            raise PassbackError("secret_file", path=name, reason="not ASCII")
        return redactor.add(text)
    named = os.environ.get(f"{name}_FILE", "")
    place = Path(named) if named else settings.parent / file if file else None
    if place is None:
        raise PassbackError("no_secret", name=name)
    try:
        text = place.read_text("utf-8-sig").strip()
        is_open = bool(place.stat().st_mode & 0o077)
    except (OSError, UnicodeDecodeError) as error:
        path = f"{place.parent}/" if len(place.name) > _LONGEST_NAME else str(place)
        raise PassbackError("secret_file", path=path, reason=type(error).__name__) from None
    if not text or not text.isascii():
        reason = "not ASCII" if text else "empty"
        raise PassbackError("secret_file", path=str(place), reason=reason)
    if is_open:
        say(Note(message_id="passback.open_secret", values={"path": str(place)}))
    return redactor.add(text)
