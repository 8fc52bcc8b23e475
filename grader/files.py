"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_whole(file: Path, content: bytes) -> None:
    """Put ``content`` in ``file`` at once: a reader finds the old file or the new one."""
    # Not tempfile: its files are for their owner alone, and these are to be shared.
    draft = file.with_name(f".{file.name}.{secrets.token_hex(6)}.part")
    try:
        with draft.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)


def remove_drafts(folder: Path) -> None:
    """Remove what a writer that was killed left in ``folder``."""
    for draft in folder.glob(".*.part"):
        draft.unlink(missing_ok=True)
