"""Runs a command and says what it left behind: ``python watch.py REPORT COMMAND...``.

It adopts whatever the command orphans (a subreaper), so that no daemon, however it was
made, escapes: what still lives two seconds after the command's end is named in REPORT
and ended. It also notes how large the grader's own processes grew.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
GRACE = 2.0  # seconds after the command's end in which processes may still end


def below(process: int) -> set[int]:
    """Every living descendant of ``process``."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                parents[int(entry.name)] = int(parent)
    found: set[int] = set()
    more = {process}
    while more:
        more = {child for child, parent in parents.items() if parent in more} - found
        found |= more
    return found


def command_line(process: int) -> str:
    """What a process calls itself; empty when it is gone."""
    try:
        name = Path(f"/proc/{process}/comm").read_text("utf-8", "replace").strip()
        words = Path(f"/proc/{process}/cmdline").read_text("utf-8", "replace").split("\0")
        return f"{name}: {' '.join(words)}"[:200]
    except OSError:
        return ""


def resident(process: int) -> int:
    """Bytes of memory of a process; 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    """The command line; exits as the command did."""
    report, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    largest = 0
    with subprocess.Popen(command) as started:
        while started.poll() is None:
            time.sleep(0.3)
            for process in below(os.getpid()):
                if "-m grader" in command_line(process):
                    largest = max(largest, resident(process))
    end = time.monotonic() + GRACE
    while (left := below(os.getpid())) and time.monotonic() < end:
        time.sleep(0.1)
    named = sorted(command_line(process) for process in left)
    while left := below(os.getpid()):
        for process in left:
            os.kill(process, signal.SIGKILL)
        time.sleep(0.1)
    Path(report).write_text(json.dumps({"left": named, "largest": largest}))
    return started.returncode


if __name__ == "__main__":
    sys.exit(main())
