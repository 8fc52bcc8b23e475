"""A class of hundreds, for real: killed in the middle, finished, changed, handed back.

    python -m tests.benchmarks.of_class                   300 students
    python -m tests.benchmarks.of_class -n 100 --keep /tmp/class --json class.json

Makes a Moodle download with every kind of trouble, grades it, kills the grader with SIGKILL
when half is done, grades again, and again with nothing changed and with everything to be
judged again; exports all formats, and compares every number. It says how long that took and
how much memory each kind of process had on the way. Exit status 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import moodle_class
from moodle_troubles import RARE, TROUBLES

from tests.benchmarks.__main__ import environment
from tests.benchmarks.measure import PERIOD, Tree

ROLES = ("coordinator", "host", "client", "judge", "box")
POINTS = 10  # rows of the table of memory


@dataclass
class Run:
    """One run of the grader: what it cost, and MiB of each role when so many were done."""

    name: str
    wall: float = 0.0
    cpu: float = 0.0
    status: int = 0
    memory: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    said: str = ""


def main() -> int:
    """Do all of it; 1 where something is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.of_class")
    parser.add_argument("-n", "--number", type=int, default=300, help="students")
    parser.add_argument("-j", "--jobs", type=int, help="of the grader; default: its own")
    parser.add_argument("--keep", type=Path, help="work in this folder, and leave it")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    options = parser.parse_args()
    with (
        nullcontext(options.keep)
        if options.keep
        else tempfile.TemporaryDirectory(prefix="grader-class-") as temporary
    ):
        place = options.keep or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        return _class(options, place.resolve(), Console(width=110))


def _class(options: argparse.Namespace, place: Path, console: Console) -> int:
    those = moodle_class.students(options.number, list(TROUBLES), list(RARE))
    download, *books = moodle_class.write(place, those)
    out = place / "feedback"
    size = download.stat().st_size / 1e6
    console.print(f"{len(those)} students, {len({s.kind for s in those})} kinds; {size:.1f} MB")
    jobs = [] if options.jobs is None else ["--jobs", str(options.jobs)]
    command = ["grade", str(download), "-o", str(out), "--cell-seconds", "20", *jobs]
    runs = [_run("killed at half", [*command, "--lang", "en"], out, kill_at=len(those) // 2)]
    before = _finished(out)
    runs.append(_run("the rest", [*command, "--lang", "en"], out))
    wrong = [f"{id}: graded twice" for id, it in before.items() if _finished(out)[id] != it]
    runs.append(_run("nothing changed", [*command, "--lang", "en"], out))
    runs.append(_run("all judged again", [*command, "--lang", "zh"], out))
    wrong += [f"{run.name}: exit status {run.status}" for run in runs[1:] if run.status]
    wrong += moodle_class.faults(those, out)
    wrong += moodle_class.export_faults(those, out, _exported(out, place, books))
    console.print(_costs(runs, len(before)))
    for run in runs:
        if len(run.memory) > 1:
            console.print(_memory(run))
    for line in wrong:
        console.print(line, style="red", markup=False)
    console.print(f"{len(wrong)} faults" if wrong else "Every result and every export is right.")
    if options.json:
        options.json.write_text(json.dumps([vars(run) for run in runs], indent=1), "utf-8")
    return 1 if wrong else 0


def _run(name: str, arguments: Sequence[str], out: Path, kill_at: int | None = None) -> Run:
    """Run the grader, looking at its memory; end it with SIGKILL when so many are done."""
    run, began = Run(name), time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "grader", *arguments],
            env=environment(COLUMNS="100"),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        tree, looked = Tree(process.pid), 0.0
        already = set(_finished(out).items())
        while process.poll() is None:
            time.sleep(PERIOD)
            tree.look(memory=False)
            if time.monotonic() - looked > 1.0:
                looked = time.monotonic()
                done = len(set(_finished(out).items()) - already)
                run.memory.append((done, _by_role(process.pid, [pid for pid, _ in tree.used])))
                if kill_at is not None and done >= kill_at:
                    process.send_signal(signal.SIGKILL)
        run.status, run.wall, run.cpu = process.wait(), time.monotonic() - began, tree.cpu
        said.seek(0)
        run.said = said.read()
    return run


def _finished(out: Path) -> dict[str, int]:
    """Every submission with a result, and which file on the disk it is."""
    found = {}
    for entry in os.scandir(out) if out.is_dir() else ():
        try:
            found[entry.name] = os.stat(f"{entry.path}/result.json").st_ino
        except OSError:
            continue
    return found


def _by_role(root: int, pids: Sequence[int]) -> dict[str, float]:
    """Resident MiB: of the largest process of each role."""
    largest = dict.fromkeys(ROLES, 0.0)
    host = 0
    for pid in sorted(pids):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        values = dict(line.split(":", 1) for line in lines if ":" in line)
        if pid == root:
            role = "coordinator"
        elif b"grader.judge.process" in command:
            role = "judge"
        elif b"grader.clients" in command and int(values["PPid"]) == root:
            role, host = "host", pid
        elif b"grader.clients" in command and int(values["PPid"]) == host:
            role = "client"
        else:
            role = "box"
        resident = int(values.get("VmRSS", "0 kB").split()[0]) / 1024
        largest[role] = max(largest[role], resident)
    return largest


def _exported(out: Path, place: Path, books: Sequence[Path]) -> dict[str, bytes]:
    """What every format of ``grader export`` makes of the results."""
    into = {"moodle": ["--into", str(books[0])], "canvas": ["--into", str(books[1])]}
    exported = {}
    for format in ("moodle", "canvas", "moodle-feedback", "csv"):
        file = place / f"{format}.exported"
        command = [sys.executable, "-m", "grader", "export", format, "-f", str(out), "--overwrite"]
        subprocess.run(
            [*command, *into.get(format, ()), "-o", str(file)],
            env=environment(),
            capture_output=True,
            check=format != "canvas",  # there two students have one name, and the status is 1
        )
        exported[format] = file.read_bytes()
    return exported


def _costs(runs: Sequence[Run], killed_at: int) -> Table:
    table = Table(title=f"Seconds; killed when {killed_at} were done")
    for column in ("", "wall", "CPU", "exit status"):
        table.add_column(column, justify="right" if column else "left")
    for run in runs:
        table.add_row(run.name, f"{run.wall:.1f}", f"{run.cpu:.1f}", str(run.status))
    return table


def _memory(run: Run) -> Table:
    """Resident MiB of the largest process of each role, over the run."""
    table = Table(title=f"{run.name}: resident MiB when so many were done")
    for column in ("done", *ROLES):
        table.add_column(column, justify="right")
    last = len(run.memory) - 1
    for place in sorted({round(last * point / (POINTS - 1)) for point in range(POINTS)}):
        done, roles = run.memory[place]
        table.add_row(str(done), *(f"{roles[role]:.0f}" for role in ROLES))
    peak = {role: max(found[role] for _, found in run.memory) for role in ROLES}
    table.add_row("peak", *(f"{peak[role]:.0f}" for role in ROLES), style="bold")
    return table


if __name__ == "__main__":
    sys.exit(main())
