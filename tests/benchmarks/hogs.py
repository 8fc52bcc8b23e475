"""Right notebooks beside notebooks that take all they can get, on a small machine.

    python -m tests.benchmarks.hogs [-n COPIES] [--cores 0.5] [--memory-mb 1024] [--jobs 2]

As many hogs as right copies: processor, memory, output, processes, disk in turn, each bounded in
itself. `grader grade` runs in a control group with so much of a processor and so much memory
(root's to make). Exit status 1 where a right copy lost a point.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.assignment.load import load_assignment
from tests.benchmarks.notebooks import ROOT
from tests.support.cgroups import limited

HOGS = {
    "processor": """
import os, time
for _ in range(3): os.fork()
end = time.time() + 30
while time.time() < end: pass
""",
    "memory": """
import numpy, time
kept = []
for _ in range(30): kept.append(numpy.ones(50_000_000 // 8)); time.sleep(0.05)
time.sleep(10)
""",
    "output": """
for _ in range(3000): print("x" * 100_000)
""",
    "processes": """
import os, time
for _ in range(300):
    try:
        if os.fork() == 0: time.sleep(20); os._exit(0)
    except OSError: time.sleep(0.01)
time.sleep(10)
""",
    "disk": """
import os, time
for n in range(12):
    with open(f"f{n}", "wb") as file: file.write(os.urandom(1 << 20) * 80)
time.sleep(5)
""",
}


def main(arguments: Sequence[str]) -> int:
    """Grade them, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.hogs", description=__doc__)
    parser.add_argument("-n", "--number", type=int, default=10)
    parser.add_argument("-a", "--assignment", default="hh")
    parser.add_argument("--cores", type=float, default=0.5)
    parser.add_argument("--memory-mb", type=int, default=1024)
    options, further = parser.parse_known_args(arguments)
    assignment = load_assignment(
        ROOT / "assignments" / options.assignment, ROOT / "reference" / options.assignment
    )
    assert assignment.rubric is not None
    with tempfile.TemporaryDirectory(prefix="grader-benchmark-") as temporary:
        place = Path(temporary)
        place.chmod(0o755)
        handed_in = place / "in"
        handed_in.mkdir()
        for number in range(options.number):
            shutil.copy(assignment.rubric.solution, handed_in / f"{number:02}-right.ipynb")
            kind = list(HOGS)[number % len(HOGS)]
            made = _with_first_cell(assignment.rubric.solution, HOGS[kind])
            (handed_in / f"{number:02}-{kind}.ipynb").write_text(made, "utf-8")
        command = [sys.executable, "-m", "grader", "grade", str(handed_in)]
        command += ["-a", options.assignment, "-o", str(place / "out"), *further]
        began = time.monotonic()
        with limited(cpu=int(100 * options.cores), memory=options.memory_mb << 20) as join:
            status = subprocess.run([*join, *command], cwd=ROOT).returncode
        seconds = time.monotonic() - began
        results = [json.loads(file.read_text("utf-8")) for file in place.glob("out/*/result.json")]
        _show(results, options.assignment, status, seconds)
    right = [one for one in results if one["submission"]["file"].endswith("-right.ipynb")]
    whole = len(right) == options.number and all(r["score"] == r["max_score"] for r in right)
    return 0 if whole else 1


def _with_first_cell(notebook: Path, source: str) -> str:
    content = json.loads(notebook.read_text("utf-8"))
    cell = {"cell_type": "code", "id": "hog", "metadata": {}, "outputs": []}
    content["cells"].insert(0, {**cell, "execution_count": None, "source": source})
    return json.dumps(content)


def _show(results: Sequence[dict], assignment: str, status: int, seconds: float) -> None:
    table = Table("notebook", "mark", "run", "why", title=assignment)
    for one in sorted(results, key=lambda one: one["submission"]["file"]):
        mark = "not graded" if one["score"] is None else f"{one['score']:g}"
        table.add_row(
            one["submission"]["file"],
            mark,
            one["run"]["status"],
            str(one["run"].get("error", ""))[:60],
        )
    console = Console(width=110)
    console.print(table)
    console.print(f"exit status {status}, {seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
