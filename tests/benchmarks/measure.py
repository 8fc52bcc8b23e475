"""What a command and all that it starts cost, read from /proc while it runs.

``getrusage`` does not tell: the last process of a box is killed together with its
namespace, and the system counts nothing of what such a process had used. So the tree is
looked at every `PERIOD` seconds, and each process counts with the last that was seen of it.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PERIOD = 0.05  # seconds; what a process used after the last look at it is lost
_TICK = os.sysconf("SC_CLK_TCK")
_LOOKS_AT_MEMORY = 10  # one for so many looks: it is dear


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Seconds of the clock and of processors, MiB at the peak (shared pages counted once)."""

    wall: float
    cpu: float
    peak: float
    output: str


@dataclass
class Tree:
    """A process and everything below it, whoever adopted it since."""

    root: int
    used: dict[tuple[int, int], float] = field(default_factory=dict)  # by pid and its start
    peak: float = 0.0

    def look(self, *, memory: bool) -> None:
        """Remember what every process has used by now."""
        above: dict[int, int] = {}
        seen: dict[int, tuple[int, float]] = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            above[int(name)] = int(fields[1])
            seen[int(name)] = (int(fields[19]), (int(fields[11]) + int(fields[12])) / _TICK)
        ours = [pid for pid in seen if self._is_ours(pid, seen[pid][0], above)]
        for pid in ours:
            self.used[pid, seen[pid][0]] = seen[pid][1]
        if memory:
            self.peak = max(self.peak, sum(map(_proportional, ours)))

    def _is_ours(self, pid: int, began: int, above: Mapping[int, int]) -> bool:
        if (pid, began) in self.used:
            return True
        while pid != self.root and pid in above:
            pid = above[pid]
        return pid == self.root

    @property
    def cpu(self) -> float:
        """Seconds of all processes together."""
        return sum(self.used.values())


def _proportional(pid: int) -> float:
    """MiB, a page that n processes share counted as 1/n; 0 where it can't be read."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Cost:
    """Run ``command`` to its end. Raises ``RuntimeError`` with what it said when it fails."""
    log = folder / "output.txt"
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        tree, ended = Tree(process.pid), threading.Event()
        watcher = threading.Thread(target=_watch, args=(tree, ended))
        watcher.start()
        try:
            while process.poll() is None:
                time.sleep(PERIOD / 5)
            wall = time.monotonic() - began
        finally:
            ended.set()
            watcher.join()
    said = log.read_text("utf-8", "replace")
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{said[-3000:]}")
    return Cost(wall=wall, cpu=tree.cpu, peak=tree.peak, output=said)


def _watch(tree: Tree, ended: threading.Event) -> None:
    looks = 0
    while not ended.wait(PERIOD):
        tree.look(memory=looks % _LOOKS_AT_MEMORY == 0)
        looks += 1
