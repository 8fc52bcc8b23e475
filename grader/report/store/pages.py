"""The pages of one submission on the disk, and whether they are as they were written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

STUDENT_PAGES: Final = ("result.html", "result.md")
"""The only files of a submission that ever leave its folder for a student."""

PAGES: Final = (*STUDENT_PAGES, "teacher.html")
"""The pages that people read of one submission."""

_LARGEST: Final = 100_000_000  # bytes of a page


def digests_of(pages: Mapping[str, bytes]) -> dict[str, str]:
    """Return a digest of each page by its name, as ``result.json`` keeps them."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in pages.items()}


def read_page(folder: Path, name: str, digests: object) -> bytes:
    """Read a page as it was written; b"" when it is missing, a link, empty or changed.

    ``digests`` are those of the result. One of an older grader has none: any page that
    isn't empty will do.
    """
    path = folder / name
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return b""
        content = path.read_bytes()
    except OSError:
        return b""
    same = digests is None or (
        isinstance(digests, Mapping) and digests.get(name) == hashlib.sha256(content).hexdigest()
    )
    return content if same else b""
