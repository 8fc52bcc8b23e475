"""The watchdog: counts a box's processes, memory and disk from outside, and ends it.

It counts this process's own memory as well: a message that has not ended grows it unseen.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from typing import Literal

from grader.box.bounds import Bounds
from grader.box.disk import taken
from grader.box.inside.init import descendants
from grader.box.user import reading_as_boxed_user

Excess = Literal["memory", "processes", "disk", "output"]
PERIOD = 0.1  # seconds between two looks
MOST_GROWTH = 640 * 2**20  # bytes by which what a box says may make this process grow
_PAGE = os.sysconf("SC_PAGESIZE")
_DISK_PERIOD = 10  # looks at memory for each look at the disk


def pid_of(pidfd: int) -> int:
    """The process that ``pidfd`` stands for, as it is called here; 0 when it is gone."""
    with open(f"/proc/self/fdinfo/{pidfd}") as file:
        for line in file:
            if line.startswith("Pid:"):
                return max(0, int(line.split()[1]))
    return 0


class Watchdog(threading.Thread):
    """Looks at the box of ``pidfd`` until it ends; ``end`` is called once, with the reason.

    ``folder`` is the box's private folder where it has no disk space of its own.
    """

    def __init__(
        self, pidfd: int, bounds: Bounds, folder: str | None, end: Callable[[Excess], None]
    ) -> None:
        super().__init__(daemon=True, name="watchdog")
        self._pidfd = os.dup(pidfd)
        self._bounds, self._folder, self._end = bounds, folder, end
        self._before = _resident(os.getpid())  # a process that has loaded much did not grow

    def run(self) -> None:
        """Until the box ends."""
        init = pid_of(self._pidfd)
        looks = 0
        while not select.select([self._pidfd], [], [], PERIOD)[0]:
            looks += 1
            if excess := self._excess(init, look_at_disk=looks % _DISK_PERIOD == 0):
                self._end(excess)
                break
        os.close(self._pidfd)

    def _excess(self, init: int, *, look_at_disk: bool) -> Excess | None:
        processes = descendants(init)
        if sum(map(_threads, processes)) > self._bounds.processes:
            return "processes"
        most = self._bounds.memory
        if sum(map(_resident, processes)) > most < sum(map(_proportional, processes)):
            return "memory"  # the first sum is cheap and never the smaller one
        if _resident(os.getpid()) - self._before > MOST_GROWTH:
            return "output"
        if look_at_disk and self._folder:
            most = self._bounds.disk
            if taken(self._folder, processes, most) > most:
                return "disk"
        return None


def _threads(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    """Bytes of memory, a page shared by n processes counted 1/n; all of it where unreadable."""
    try:
        with reading_as_boxed_user(), open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return _resident(pid)
