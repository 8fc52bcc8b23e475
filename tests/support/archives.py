"""Archives made for a test, and what is unpacked of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from grader.core.messages import catalogue
from grader.submission.intake import SubmittedFile, collect

BOOK = b'{"cells": [], "nbformat": 4}'
Files = Iterable[tuple[str | zipfile.ZipInfo, bytes]]


def zipped(files: Files) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return data.getvalue()


def a_zip(place: Path, *names: str) -> Path:
    place.write_bytes(zipped((name, BOOK) for name in names))
    return place


def unpacked(path: Path, scratch: Path) -> tuple[dict[str, SubmittedFile], list[str]]:
    """What comes out of an archive by id, and its notes in English; Chinese has them too."""
    scratch.mkdir(exist_ok=True)
    entries, notes = collect([path], scratch).select(None)
    for note in notes:
        catalogue("zh").render(note.message_id, **note.values)
    said = [catalogue("en").render(note.message_id, **note.values) for note in notes]
    return {entry.id: entry for entry in entries}, said
