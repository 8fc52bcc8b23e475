"""Runs a command and says what it left behind: ``python watch.py REPORT OUT COMMAND...``.

It adopts whatever the command orphans (a subreaper), so that no daemon, however it was
made, escapes. Named in REPORT are:

- what was orphaned for two seconds while the command ran, and what still lives two
  seconds after its end;
- processes called ``gh-NAME`` that still live five seconds after ``OUT/NAME/result.json``
  was written, if they are older than that file: their submission is over, they are not;
- how large the grader's own processes grew.
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
AFTER_RESULT = 5.0  # the same after a result
LONGEST = 12  # letters of a notebook's name that fit into a process's


def below(process: int) -> dict[int, int]:
    """Every living descendant of ``process``, and its parent."""
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
    return {child: parents[child] for child in found}


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


def submission(process: int) -> str:
    """What of its notebook's name a process was given; empty when it has none."""
    for file in ("comm", "cmdline"):
        try:
            name = Path(f"/proc/{process}/{file}").read_text("utf-8", "replace").split("\0")[0]
        except OSError:
            return ""
        if name.startswith("gh-"):
            return name.removeprefix("gh-").strip()
    return ""


def outlives_its_result(process: int, name: str, out: Path) -> bool:
    """Whether the submission that made a process was graded while the process lives on."""
    try:
        ticks = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])
        up = float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, IndexError):
        return False
    now = time.time()
    born = now - up + ticks / os.sysconf("SC_CLK_TCK")
    for result in out.glob(
        f"{name}*/result.json" if len(name) >= LONGEST else f"{name}/result.json"
    ):
        graded = result.stat().st_mtime
        if born < graded < now - AFTER_RESULT:
            return True
    return False


def main() -> int:
    """The command line; exits as the command did."""
    report, out, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    largest, left, seen = 0, set(), dict[int, float]()
    with subprocess.Popen(command) as started:
        while started.poll() is None:
            time.sleep(0.3)
            for process, parent in below(os.getpid()).items():
                if process == started.pid or "-m grader" in command_line(process):
                    largest = max(largest, resident(process))
                name = submission(process)
                orphaned = False
                if parent == os.getpid() and process != started.pid:
                    orphaned = time.monotonic() - seen.setdefault(process, time.monotonic()) > GRACE
                if orphaned or (name and outlives_its_result(process, name, Path(out))):
                    left.add(command_line(process))
    end = time.monotonic() + GRACE
    while (living := below(os.getpid())) and time.monotonic() < end:
        time.sleep(0.1)
    left |= {command_line(process) for process in living}
    while living := below(os.getpid()):
        for process in living:
            os.kill(process, signal.SIGKILL)
        time.sleep(0.1)
    Path(report).write_text(json.dumps({"left": sorted(left - {""}), "largest": largest}))
    return started.returncode


if __name__ == "__main__":
    sys.exit(main())
