"""Count and remove the files of a box that has no disk space of its own.

The tree is a stranger's: directories may be unreadable, or nested deeper than a path or
Python's stack can follow, and files may have been removed while they are held open.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import secrets
import stat
from collections.abc import Iterable, Iterator

_BLOCK = 4096  # many small files count by the block


def disk_usage(folder: str, most: int, held: Iterable[float]) -> float:
    """Count the bytes below ``folder``, and ``held`` elsewhere, until they exceed ``most``.

    Infinite where that can't be told.
    """
    total = 0.0
    for size in itertools.chain(_below(folder), held):
        total += size
        if total > most:
            break
    return total


def _below(folder: str) -> Iterator[float]:
    ahead = [folder]
    while ahead:
        try:
            for entry in os.scandir(ahead.pop()):
                with contextlib.suppress(FileNotFoundError):  # gone meanwhile; the others aren't
                    status = entry.stat(follow_symlinks=False)
                    yield max(_BLOCK, status.st_blocks * 512)
                    if stat.S_ISDIR(status.st_mode):
                        ahead.append(entry.path)
        except (FileNotFoundError, NotADirectoryError):
            continue  # changed meanwhile
        except OSError:
            yield math.inf  # unreadable, or too deep for a path


def remove(folder: str) -> None:
    """Remove ``folder`` with all that is in it; what can't be is left. Follows no link.

    What lies deeper is first moved up into ``folder``, so that no depth can be too great.
    """
    unused = (f"{secrets.token_hex(16)}-{number}" for number in itertools.count())
    with contextlib.suppress(OSError):
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            while [name for name in os.listdir(top) if _removed(top, name, unused)]:
                pass
        finally:
            os.close(top)
        os.rmdir(folder)


def _removed(top: int, name: str, unused: Iterator[str]) -> bool:
    """Remove ``name`` from ``top``, if possible; folders in it get ``unused`` names there."""
    try:
        if not _is_folder(name, top):
            os.unlink(name, dir_fd=top)
            return True
        os.chmod(name, 0o700, dir_fd=top)
        here = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
        try:
            for child in os.listdir(here):
                if _is_folder(child, here):
                    os.chmod(child, 0o700, dir_fd=here)  # moving a folder writes to it
                    os.rename(child, next(unused), src_dir_fd=here, dst_dir_fd=top)
                else:
                    os.unlink(child, dir_fd=here)
        finally:
            os.close(here)
        os.rmdir(name, dir_fd=top)
    except OSError:
        return False
    return True


def _is_folder(name: str, place: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode)
