"""The pages of one submission on the disk, and whether they are as they were written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

STUDENT_PAGES: Final = ("result.html", "result.md")
"""The only files of a submission that ever leave its folder for a student."""

PAGES: Final = (*STUDENT_PAGES, "teacher.html")
"""What people read of one submission."""

_LARGEST: Final = 100_000_000  # bytes of a page


def digests_of(pages: Mapping[str, bytes]) -> dict[str, str]:
    """What ``result.json`` keeps of its pages: a digest of each, by its name."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in pages.items()}


def read_page(folder: Path, name: str, kept: object) -> bytes:
    """A page as it was written; b"" when it is missing, a link, empty or another one now.

    ``kept`` is what the result says of its pages. One of an older grader says nothing:
    any page that isn't empty will do.
    """
    path = folder / name
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return b""
        content = path.read_bytes()
    except OSError:
        return b""
    if kept is None:
        return content
    digest = hashlib.sha256(content).hexdigest()
    return content if isinstance(kept, Mapping) and kept.get(name) == digest else b""
