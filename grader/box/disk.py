"""How much disk a box takes where it has no disk space of its own, and taking that away.

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

from grader.box.user import reading_as_boxed_user

_BLOCK = 4096  # many small files count by the block


def taken(folder: str, processes: Iterable[int], most: int) -> float:
    """Bytes below ``folder`` and in removed files that ``processes`` still hold.

    Infinite where that can't be told; counting stops beyond ``most``.
    """
    total = 0.0
    for size in itertools.chain(_below(folder), _held(processes)):
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


def _held(processes: Iterable[int]) -> Iterator[float]:
    seen: set[tuple[int, int]] = set()
    for pid in processes:
        try:
            with reading_as_boxed_user():
                removed, mapped = _removed_files(pid), [*_mapped(pid)]
        except PermissionError:  # it hides, or it ends: then it is root's, and has no memory
            if _has_memory(pid):
                yield math.inf
        except OSError:
            continue  # it has ended
        else:
            yield from (size for file, size in removed.items() if file not in seen)
            yield from mapped
            seen |= removed.keys()


def _removed_files(pid: int) -> dict[tuple[int, int], int]:
    """Bytes on the disk of each removed file that a process holds, by device and inode."""
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(f"/proc/{pid}/fd/{name}")
            if status.st_nlink == 0 and stat.S_ISREG(status.st_mode):
                found[status.st_dev, status.st_ino] = status.st_blocks * 512
    return found


def _has_memory(pid: int) -> bool:
    """Whether a thread of a process still runs: one that ends has let go of its memory first.

    The first may have ended, and the others go on.
    """
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/statm") as file:
                if not file.read().startswith("0 "):
                    return True
    return False


def _mapped(pid: int) -> Iterator[int]:
    """Sizes of the shared mappings of removed files; see ``man 5 proc_pid_maps``."""
    with open(f"/proc/{pid}/maps", errors="replace") as file:
        for line in file:
            if line.endswith(" (deleted)\n") and line.split()[1][3] == "s":
                first, last = line.split()[0].split("-")
                yield int(last, 16) - int(first, 16)


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
    """Whether ``name`` could be taken out of ``top``; folders in it get ``unused`` names there."""
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
