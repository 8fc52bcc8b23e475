"""Memory, sockets and files of a box's processes, read from /proc; see ``man 5 proc``."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.sandbox.privileges import reading_as

_PAGE = os.sysconf("SC_PAGESIZE")
_SMALLEST_BUFFER = 212_992  # bytes, where the machine doesn't say what a socket may hold


class HiddenProcess(Exception):
    """A running process can't be looked at, though others of its user can."""


def threads(pid: int) -> int:
    """Count the threads of a process; 0 where it has ended."""
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def resident(pid: int) -> int:
    """Return bytes of memory, shared ones included; 0 where the process has ended."""
    try:
        with open(f"/proc/{_living(pid)}/statm") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


def proportional(pid: int, as_user: int | None) -> int:
    """Return bytes of memory, a page shared by n processes counted 1/n, if that is readable."""
    try:
        with reading_as(as_user), open(f"/proc/{_living(pid)}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return resident(pid)


def sockets(pids: Iterable[int], as_user: int | None) -> int:
    """Count the different sockets of processes. Raises ``HiddenProcess``."""
    found = set()
    for pid in pids:
        with _looking_at(pid, as_user) as thread:
            for name in os.listdir(f"/proc/{thread}/fd"):
                with contextlib.suppress(FileNotFoundError):
                    if (target := os.readlink(f"/proc/{thread}/fd/{name}")).startswith("socket:"):
                        found.add(target)
    return len(found)


def most_in_a_socket() -> int:
    """Return the bytes that one socket may hold until they are read; see ``man 7 socket``."""
    try:
        return int(Path("/proc/sys/net/core/wmem_default").read_text())
    except (OSError, ValueError):
        return _SMALLEST_BUFFER


def removed_files(pids: Iterable[int], as_user: int | None) -> Iterator[int]:
    """Yield the bytes of removed files that processes hold or map. Raises ``HiddenProcess``."""
    seen: set[tuple[int, int]] = set()
    for pid in pids:
        held: dict[tuple[int, int], int] = {}
        mapped: list[int] = []
        with _looking_at(pid, as_user) as thread:
            held, mapped = _removed(thread), [*_mapped(thread)]
        yield from (size for file, size in held.items() if file not in seen)
        yield from mapped
        seen |= held.keys()


@contextlib.contextmanager
def _looking_at(pid: int, as_user: int | None) -> Iterator[int]:
    """Give a thread to look at. Whatever fails because the process has ended, is left out."""
    try:
        with reading_as(as_user):
            yield _living(pid)
    except PermissionError:  # it hides, or it ends: then it is root's, and has no memory
        if _has_memory(_living(pid)):
            raise HiddenProcess(pid) from None
    except OSError:
        pass


def _removed(thread: int) -> dict[tuple[int, int], int]:
    """Return the bytes of each removed file that a thread holds, by device and inode."""
    found = {}
    for name in os.listdir(f"/proc/{thread}/fd"):
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(f"/proc/{thread}/fd/{name}")
            if status.st_nlink == 0 and stat.S_ISREG(status.st_mode):
                found[status.st_dev, status.st_ino] = status.st_blocks * 512
    return found


def _mapped(thread: int) -> Iterator[int]:
    """Yield the sizes of shared mappings of removed files; see ``man 5 proc_pid_maps``."""
    with open(f"/proc/{thread}/maps", errors="replace") as file:
        for line in file:
            if line.endswith(" (deleted)\n") and line.split()[1][3] == "s":
                first, last = line.split()[0].split("-")
                yield int(last, 16) - int(first, 16)


def _living(pid: int) -> int:
    """Return a thread of a process that runs, which shows what all of them hold.

    The first may have ended: then it shows nothing, to root without a word.
    """
    if not _has_memory(pid):
        with contextlib.suppress(OSError):
            for thread in map(int, os.listdir(f"/proc/{pid}/task")):
                if _has_memory(thread):
                    return thread
    return pid


def _has_memory(thread: int) -> bool:
    """Return True if a thread runs: one that ends has let go of its memory first."""
    try:
        with open(f"/proc/{thread}/statm") as file:
            return not file.read().startswith("0 ")
    except OSError:
        return False
