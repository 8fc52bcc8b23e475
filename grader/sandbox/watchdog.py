"""The watchdog: count a box's processes, memory and disk from outside, and end it.

It counts this process's own memory as well: a message that has not ended grows it unseen.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable, Sequence
from typing import Literal

from grader.sandbox import processes
from grader.sandbox.disk_usage import disk_usage
from grader.sandbox.limits import SOCKETS, ResourceLimits
from grader.sandbox.privileges import Reader
from grader.untrusted.box.init import descendants

Limit = Literal["memory", "processes", "disk", "output", "hidden"]
PERIOD = 0.1  # seconds between two looks
MOST_GROWTH = 640 * 2**20  # bytes by which what a box says may make this process grow
_DISK_PERIOD = 10  # looks at memory for each look at the disk


def pid_of(pidfd: int) -> int:
    """Return the process of ``pidfd``, as it is numbered here; 0 when it is gone."""
    with open(f"/proc/self/fdinfo/{pidfd}") as file:
        for line in file:
            if line.startswith("Pid:"):
                return max(0, int(line.split()[1]))
    return 0


class Watchdog(threading.Thread):
    """A thread that watches the box of ``pidfd`` and calls ``end`` once, with the reason.

    ``folder`` is the box's private folder where it has no disk space of its own, ``user`` who
    it runs as, and ``reader`` as whom this process can look at that user's processes.
    """

    def __init__(
        self,
        pidfd: int,
        bounds: ResourceLimits,
        folder: str | None,
        end: Callable[[Limit], None],
        *,
        user: int,
        reader: Reader,
    ) -> None:
        super().__init__(daemon=True, name="watchdog")
        self._pidfd = os.dup(pidfd)
        self._bounds, self._folder, self._end = bounds, folder, end
        self._as_user = user if reader == "the box's user" else None
        self._blind = reader == "nobody"
        self._before = processes.resident(os.getpid())  # who has loaded much did not grow
        self._in_a_socket = processes.most_in_a_socket()

    def run(self) -> None:
        """Watch until the box ends."""
        init = pid_of(self._pidfd)
        looks = 0
        while not select.select([self._pidfd], [], [], PERIOD)[0]:
            looks += 1
            if excess := self._limit_exceeded(init, look_at_disk=looks % _DISK_PERIOD == 0):
                self._end(excess)
                break
        os.close(self._pidfd)

    def _limit_exceeded(self, init: int, *, look_at_disk: bool) -> Limit | None:
        pids = descendants(init)
        if sum(map(processes.threads, pids)) > self._bounds.processes:
            return "processes"
        try:
            if self._memory(pids) > self._bounds.memory:
                return "memory"
            if processes.resident(os.getpid()) - self._before > MOST_GROWTH:
                return "output"
            if look_at_disk and self._folder:
                held = () if self._blind else processes.removed_files(pids, self._as_user)
                if disk_usage(self._folder, self._bounds.disk, held) > self._bounds.disk:
                    return "disk"
        except processes.HiddenProcess:
            return "hidden"
        return None

    def _memory(self, pids: Sequence[int]) -> int:
        """Return the bytes of processes, in their sockets too. Raises ``HiddenProcess``."""
        count = 0 if self._blind else processes.sockets(pids, self._as_user)
        waiting = max(0, count - SOCKETS) * self._in_a_socket
        if (total := sum(map(processes.resident, pids)) + waiting) <= self._bounds.memory:
            return total  # it is cheap, and never the smaller one
        return waiting + sum(processes.proportional(pid, self._as_user) for pid in pids)
