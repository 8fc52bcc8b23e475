"""Faults of the machine: memory, when Linux ends processes for want of it, and disk space."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

NO_MEMORY, NO_DISK = "machine.memory", "machine.disk"
"""Messages of the catalogue, for evidence that is nobody's."""

LEAST_FREE = 4 * 2**20
"""Bytes: where fewer are free on a disk, it is full. A file system keeps some to itself."""

_KILLED = -9  # by SIGKILL, as subprocess says it
_PROC = Path("/proc")


def oom_kills() -> int:
    """Count the processes that Linux has ended for want of memory, as near to us as it counts.

    That is in our own cgroup, of either version, or else on the whole machine.
    """
    own = counting_files(_lines(_PROC / "self/cgroup"), _lines(_PROC / "self/mountinfo"))
    for file in (*own, _PROC / "vmstat"):
        for line in _lines(file):
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return 0


def ended_for_memory(status: int | None, before: int) -> bool:
    """Tell whether a process with this exit ``status`` was; ``before``: an earlier `oom_kills`."""
    return status == _KILLED and oom_kills() > before


def lacks_space(folder: str | Path, promised: float, said: str) -> bool:
    """Tell whether a full disk of ``folder`` is why something failed with the message ``said``.

    ``promised`` are the bytes that were to be had there.
    """
    try:
        disk = os.statvfs(folder)
    except (OSError, AttributeError):  # AttributeError: Windows has none
        return False
    free = disk.f_bavail * disk.f_frsize
    if disk.f_files and not disk.f_favail:  # it has room, and no more files
        free = 0
    return free < (promised if os.strerror(errno.ENOSPC) in said else LEAST_FREE)


def counting_files(groups: Iterable[str], mounts: Iterable[str]) -> Iterator[Path]:
    """Yield the files in which a process's memory cgroup counts, where it has them.

    The topmost one of a container counts, in Linux's second version; the machine's own does not.

    ``groups`` and ``mounts`` are the lines of /proc/self/cgroup and /proc/self/mountinfo.
    """
    ours: dict[bool, PurePosixPath] = {}  # in Linux's first version of cgroups, and the second
    for line in groups:
        _, controllers, own = line.split(":", 2)
        if "memory" in controllers.split(",") or not controllers:
            ours[bool(controllers)] = PurePosixPath(own)
    for line in mounts:
        mount, _, kind = line.partition(" - ")
        root, place = mount.split()[3:5]
        first = kind.startswith("cgroup ") and "memory" in kind.split()[2].split(",")
        path = ours.get(first)
        if not first and not kind.startswith("cgroup2 "):
            continue
        if path is None or (first and path == PurePosixPath("/")):
            continue
        if path.is_relative_to(root):
            name = "memory.oom_control" if first else "memory.events"
            yield Path(place) / path.relative_to(root) / name


def _lines(file: Path) -> list[str]:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return file.read_text().splitlines()
    return []
