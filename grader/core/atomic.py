"""Files that are written whole or not at all, in folders that one process has to itself."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LOCK: Final = ".lock"


class FolderInUse(Exception):
    """Another process has the folder."""


def lock_folder(folder: Path) -> contextlib.AbstractContextManager[None]:
    """Keep ``folder``, which is made if need be, to this process.

    Raises ``FolderInUse`` where another process has it, and ``OSError`` where it can't be made.
    The claim ends with the process, however that ends. Where a file system knows no locks,
    nobody is kept out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return lock_file(folder / LOCK)


@contextlib.contextmanager
def lock_file(lock: Path) -> Iterator[None]:
    """Keep what ``lock`` stands for to this process, as `lock_folder` does a folder."""
    import fcntl  # not on Windows, where nothing is locked

    with lock.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(str(lock)) from None
        except OSError:
            pass
        yield


def write_atomic(file: Path, content: bytes) -> None:
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
