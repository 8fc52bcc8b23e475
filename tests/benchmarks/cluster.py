"""How cost grows with a class, on a cluster of two workers beside this machine alone.

    python -m tests.benchmarks.cluster                       10, 30, 100 right copies
    python -m tests.benchmarks.cluster -n 10 100 300 1000 --json cost.json

Each number is graded here and by the workers in turn, in one run. A line through all says what
a class of 100,000 would take; that is calculated, not run. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.benchmarks import notebooks
from tests.benchmarks.measure import PERIOD, Cost, Tree, run
from tests.clustered import Cluster, cluster

LARGE = 100_000


@dataclass(frozen=True)
class Row:
    """What a class of ``number`` cost here, and on the cluster: its coordinator, all the rest."""

    number: int
    here: Cost
    there: Cost
    workers: float  # seconds of processors
    scheduler: float


class Watched:
    """What processes that go on have used by now."""

    def __init__(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        self._trees = [Tree(process.pid) for process in processes]
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(PERIOD):
            self.used()

    def used(self) -> float:
        with self._lock:
            for tree in self._trees:
                tree.look(memory=False)
            return sum(tree.cpu for tree in self._trees)

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.cluster")
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("-n", "--numbers", type=int, nargs="+", default=[10, 30, 100])
    parser.add_argument("--threads", type=int, default=2, help="of each of the two workers")
    parser.add_argument("-j", "--jobs", type=int, help="here; default: the grader's own")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    options = parser.parse_args()
    console = Console(width=110)
    with cluster() as started:
        started.worker("--nthreads", str(options.threads))
        started.worker("--nthreads", str(options.threads))
        scheduler, *workers = started.processes
        watched = Watched(workers), Watched([scheduler])
        _class(started, 2, watched, options.jobs)  # what is compiled once, is
        rows = []
        for number in options.numbers:
            with console.status(f"{number} submissions"):
                rows.append(_class(started, number, watched, options.jobs))
        for one in watched:
            one.stop()
    console.print(_table(rows))
    if len(rows) > 2:
        console.print(_large(rows))
    if options.json:
        options.json.write_text(json.dumps([_plain(row) for row in rows], indent=1))


def _class(
    started: Cluster, number: int, watched: tuple[Watched, Watched], jobs: int | None
) -> Row:
    place = started.folder / f"of-{number}"
    (place / "in").mkdir(parents=True)
    notebooks.copies(number, place / "in")
    command = [sys.executable, "-m", "grader", "grade", "in", "-a", "hh", "--lang", "en"]
    mine = [] if jobs is None else ["--jobs", str(jobs)]
    here = run([*command, "-o", "here", *mine], started.environment(), place)
    before = [one.used() for one in watched]
    there = run([*command, "-o", "there", "--cluster", started.address],
                started.environment(), place)  # fmt: skip
    workers, scheduler = (one.used() - was for one, was in zip(watched, before, strict=True))
    return Row(number, here, there, workers, scheduler)


def _table(rows: Sequence[Row]) -> Table:
    table = Table(title="seconds for a submission: here, and with two workers on this machine")
    columns = ("n", "here, wall", "CPU", "cluster, wall", "CPU", "ratio, wall", "CPU",
               "coordinator, CPU", "MiB", "scheduler, CPU")  # fmt: skip
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows:
        n, cpu = row.number, _cpu(row)
        shown = [row.here.wall / n, row.here.cpu / n, row.there.wall / n, cpu / n]
        shown += [row.there.wall / row.here.wall, cpu / row.here.cpu]
        table.add_row(
            str(n),
            *(f"{value:.2f}" for value in shown),
            f"{row.there.cpu / n:.3f}",
            f"{row.there.peak:.0f}",
            f"{row.scheduler / n:.3f}",
        )
    return table


def _cpu(row: Row) -> float:
    return row.there.cpu + row.workers + row.scheduler


def _large(rows: Sequence[Row]) -> Table:
    """Lines through what was measured, and what they say of a large class."""
    measured = {
        "here, wall, s": [row.here.wall for row in rows],
        "here, CPU, s": [row.here.cpu for row in rows],
        "cluster, wall, s": [row.there.wall for row in rows],
        "cluster, CPU, s": [_cpu(row) for row in rows],
        "coordinator, CPU, s": [row.there.cpu for row in rows],
        "scheduler, CPU, s": [row.scheduler for row in rows],
        "coordinator, MiB": [row.there.peak for row in rows],
    }
    table = Table(title=f"lines through these, and {LARGE:,} by them: calculated, not run")
    for column in ("", "at the start", "for each", f"{LARGE:,}", "in hours"):
        table.add_column(column, justify="left" if not column else "right")
    for name, values in measured.items():
        each, start = np.polyfit([row.number for row in rows], values, 1)
        whole = start + each * LARGE
        hours = "" if name.endswith("MiB") else f"{whole / 3600:.1f}"
        table.add_row(name, f"{start:.1f}", f"{each:.4f}", f"{whole:,.0f}", hours)
    return table


def _plain(row: Row) -> dict[str, float]:
    both = {"here": row.here, "there": row.there}
    costs = {f"{w}_{k}": getattr(c, k) for w, c in both.items() for k in ("wall", "cpu", "peak")}
    return {"number": row.number, **costs, "workers": row.workers, "scheduler": row.scheduler}


if __name__ == "__main__":
    main()
