"""How cost grows with a class, on a cluster of two workers beside this machine alone.

    python -m tests.benchmarks.cluster                       10, 30, 100 right copies
    python -m tests.benchmarks.cluster -n 10 30 100 1000 --here-up-to 100 --json cost.json

Each number is graded here and by the workers in turn, in one run; large ones by the workers
alone, where that is asked for. A line through all says what a class of 100,000 would take; that
is calculated, not run. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.benchmarks import notebooks
from tests.benchmarks.measure import PERIOD, Cost, Tree, run
from tests.support.dask_cluster import Cluster, cluster

LARGE = 100_000


@dataclass(frozen=True)
class Row:
    """What a class of ``number`` cost here, and on the cluster: its coordinator, all the rest."""

    number: int
    here: Cost | None
    there: Cost
    workers: float  # seconds of processors
    scheduler: float


class Workers(Tree):
    """Several processes that go on, with all below them: what they use within the block."""

    def __init__(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        super().__init__(0)
        self._roots = {process.pid for process in processes}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _is_ours(self, pid: int, began: int, above: Mapping[int, int]) -> bool:
        while pid not in self._roots and pid in above:
            pid = above[pid]
        return pid in self._roots or (pid, began) in self.used

    def _watch(self) -> None:
        while not self._ended.wait(PERIOD):
            self.look(memory=False)

    def __enter__(self) -> Workers:
        self.look(memory=False)
        self._before = self.cpu
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.look(memory=False)
        self.spent = self.cpu - self._before


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.cluster")
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("-n", "--numbers", type=int, nargs="+", default=[10, 30, 100])
    parser.add_argument(
        "--here-up-to", type=int, default=LARGE, help="larger classes by the workers alone"
    )
    parser.add_argument("--threads", type=int, default=2, help="of each of the two workers")
    parser.add_argument("-j", "--jobs", type=int, help="here; default: the grader's own")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    options = parser.parse_args()
    console = Console(width=110)
    with cluster() as started:
        started.worker("--nthreads", str(options.threads))
        started.worker("--nthreads", str(options.threads))
        _class(started, 2, options.jobs, here=True)  # what is compiled once, is
        rows: list[Row] = []
        for number in options.numbers:
            here = number <= options.here_up_to
            rows.append(_class(started, number, options.jobs, here=here))
            console.print(_table(rows))
            if options.json:
                options.json.write_text(json.dumps([_plain(row) for row in rows], indent=1))
    if len(rows) > 2:
        console.print(_large(rows))


def _class(started: Cluster, number: int, jobs: int | None, *, here: bool) -> Row:
    place = started.folder / f"of-{number}"
    (place / "in").mkdir(parents=True)
    notebooks.copies(number, place / "in")
    command = [sys.executable, "-m", "grader", "grade", "in", "-a", "hh", "--lang", "en"]
    own = started.environment()
    mine = [] if jobs is None else ["--jobs", str(jobs)]
    alone = run([*command, "-o", "here", *mine], own, place) if here else None
    scheduler, *others = started.processes
    with Workers(others) as workers, Workers([scheduler]) as middle:
        there = run([*command, "-o", "there", "--cluster", started.address], own, place)
    return Row(number, alone, there, workers.spent, middle.spent)


def _table(rows: Sequence[Row]) -> Table:
    table = Table(title="seconds for a submission: here, and with two workers on this machine")
    columns = ("n", "here, wall", "CPU", "cluster, wall", "CPU", "ratio, wall", "CPU",
               "coordinator, CPU", "MiB", "scheduler, CPU")  # fmt: skip
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows:
        n, wall, cpu, here = row.number, row.there.wall, _cpu(row), row.here
        alone = [] if here is None else [here.wall / n, here.cpu / n]
        ratios = [] if here is None else [wall / here.wall, cpu / here.cpu]
        table.add_row(
            str(n),
            *([f"{value:.2f}" for value in alone] or ["", ""]),
            *(f"{value:.2f}" for value in (wall / n, cpu / n)),
            *([f"{value:.2f}" for value in ratios] or ["", ""]),
            f"{row.there.cpu / n:.3f}",
            f"{row.there.peak:.0f}",
            f"{row.scheduler / n:.3f}",
        )
    return table


def _cpu(row: Row) -> float:
    return row.there.cpu + row.workers + row.scheduler


def _large(rows: Sequence[Row]) -> Table:
    """Lines through what was measured, and what they say of a large class."""
    here = [(row.number, row.here) for row in rows if row.here is not None]
    numbers = [row.number for row in rows]
    alone = {"wall": [cost.wall for _, cost in here], "CPU": [cost.cpu for _, cost in here]}
    measured = {
        "cluster, wall, s": [row.there.wall for row in rows],
        "cluster, CPU, s": [_cpu(row) for row in rows],
        "coordinator, CPU, s": [row.there.cpu for row in rows],
        "scheduler, CPU, s": [row.scheduler for row in rows],
        "coordinator, MiB": [row.there.peak for row in rows],
    }
    table = Table(title=f"lines through these, and {LARGE:,} by them: calculated, not run")
    for column in ("", "at the start", "for each", f"{LARGE:,}", "in hours"):
        table.add_column(column, justify="left" if not column else "right")
    lines = [(f"here, {name}, s", [n for n, _ in here], all_) for name, all_ in alone.items()]
    lines += [(name, numbers, values) for name, values in measured.items()]
    for name, of, values in lines:
        if len(of) < 2:
            continue
        each, start = np.polyfit(of, values, 1)
        whole = start + each * LARGE
        hours = "" if name.endswith("MiB") else f"{whole / 3600:.1f}"
        table.add_row(name, f"{start:.1f}", f"{each:.4f}", f"{whole:,.0f}", hours)
    return table


def _plain(row: Row) -> dict[str, float]:
    both = {"here": row.here, "there": row.there}
    costs = {
        f"{where}_{name}": getattr(cost, name)
        for where, cost in both.items()
        if cost is not None
        for name in ("wall", "cpu", "peak")
    }
    return {"number": row.number, **costs, "workers": row.workers, "scheduler": row.scheduler}


if __name__ == "__main__":
    main()
