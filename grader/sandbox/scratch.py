"""A private folder of the grader, which the next run removes when this one could not.

A running grader holds a lock on a file in its folder. The kernel lets go of it when the
grader ends, also by SIGKILL: a folder whose file is there and not locked is left over.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.sandbox.disk_usage import remove

PREFIX = "grader-"
_LOCK, _UNLOCKED = ".in-use", ".made"


@contextlib.contextmanager
def scratch_folder(place: Path | None = None) -> Iterator[Path]:
    """Give a new folder in ``place`` (the system's own when None), removed after the block.

    Those that killed graders of this user left there are removed first.
    """
    where = Path(tempfile.gettempdir() if place is None else place)
    remove_abandoned(where)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=where))
    lock = os.open(folder / _UNLOCKED, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.rename(folder / _UNLOCKED, folder / _LOCK)  # it is never seen unlocked by others
        yield folder
    finally:
        remove(str(folder))
        os.close(lock)


def remove_abandoned(where: Path) -> None:
    """Remove every folder of this user's in ``where`` whose grader is no more."""
    for folder in where.glob(PREFIX + "*"):
        with contextlib.suppress(OSError):
            if _is_left_over(folder):
                remove(str(folder))


def _is_left_over(folder: Path) -> bool:
    """Return True if no grader holds the lock of a folder of this user's."""
    there = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(there).st_uid != os.geteuid():
            return False
        lock = os.open(_LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=there)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(lock)
    finally:
        os.close(there)
    return True
