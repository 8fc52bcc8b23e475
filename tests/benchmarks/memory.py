"""What each kind of the grader's processes holds in memory, over a whole batch."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

PERIOD = 0.25  # seconds
ROLES = ("coordinator", "host", "client", "judge", "warm", "kernel")
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Look:
    """At one moment: how many submissions were finished, and MiB that processes hold.

    Of a kind with several processes the largest counts; a page that two share counts in both.
    """

    seconds: float
    finished: int
    held: Mapping[str, float]


@dataclass
class Recorder:
    """Looks at a process and all below it until it ends. ``count`` tells what is finished."""

    root: int
    count: Callable[[], int]
    looks: list[Look] = field(default_factory=list)
    cpu: dict[tuple[int, int], float] = field(default_factory=dict)  # by pid and its start

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the last look."""
        self._ended.set()
        self._thread.join()

    @property
    def cpu_seconds(self) -> float:
        """Seconds of processors that all of them used, as far as it was seen."""
        return sum(self.cpu.values())

    def _watch(self) -> None:
        began, turn = time.monotonic(), 0
        while not self._ended.wait(PERIOD / 5):
            found = self._processes()
            if turn % 5 == 0:
                held: dict[str, float] = {}
                for pid, role in found.items():
                    held[role] = max(held.get(role, 0.0), _resident(pid))
                self.looks.append(Look(time.monotonic() - began, self.count(), held))
            turn += 1

    def _processes(self) -> dict[int, str]:
        """The root and what is below it, each with its kind."""
        above: dict[int, int] = {}
        used: dict[int, tuple[int, float]] = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            above[int(name)] = int(fields[1])
            used[int(name)] = (int(fields[19]), (int(fields[11]) + int(fields[12])) / _TICK)
        roles = {pid: role for pid in above if (role := self._role(pid, above))}
        for pid in roles:
            began, seconds = used[pid]
            self.cpu[pid, began] = seconds
        return roles

    def _role(self, pid: int, above: Mapping[int, int]) -> str:
        """By what its ancestors are: host and judge are the root's own, the rest is the host's."""
        line = [pid]
        while line[-1] != self.root:
            if (parent := above.get(line[-1])) is None:
                return ""
            line.append(parent)
        if len(line) == 1:
            return "coordinator"
        command = _command(line[-2])
        if "grader.judge.judge_process" in command:
            return "judge"
        if "grader.run.client_server" not in command:
            return ""
        if len(line) == 2:
            return "host"
        below = [_command(each) for each in reversed(line[:-2])]
        if "grader.run.client_server" in below[0]:
            return "client" if len(below) == 1 else ""
        while below and "/bwrap " in below[0]:  # it waits for what it made
            del below[0]
        return ("", "warm")[len(below)] if len(below) < 2 else "kernel"


def _command(pid: int) -> str:
    try:
        return (
            Path(f"/proc/{pid}/cmdline")
            .read_bytes()
            .replace(b"\0", b" ")
            .decode("utf-8", "replace")
        )
    except OSError:
        return ""


def _resident(pid: int) -> float:
    """MiB that a process has in memory; 0 where that can't be read."""
    try:
        return (
            int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            * os.sysconf("SC_PAGE_SIZE")
            / 2**20
        )
    except OSError:
        return 0.0


def growth(looks: list[Look], role: str, parts: int = 4) -> list[float]:
    """The median of what ``role`` held in each of ``parts`` equal parts of the batch, in MiB."""
    there = [look for look in looks if look.held.get(role)]
    if len(there) < parts:
        return [median(look.held[role] for look in there)] if there else []
    size = len(there) // parts
    return [
        median(look.held[role] for look in there[number * size : (number + 1) * size])
        for number in range(parts)
    ]
