"""A class of 300 for real: graded, killed on the way, graded to its end, and handed back.

    python -m tests.benchmarks.whole_class                      300 students, about 5 minutes
    python -m tests.benchmarks.whole_class -n 100 --json c.json

Says what it cost, what each kind of process held in memory over the batch, and every result
and every place in an export that is not as it must be; exits with 1 when there is one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.__main__ import environment
from tests.benchmarks.memory import ROLES, Recorder, growth
from tests.support.whole_class import platforms, results
from tests.support.whole_class.killing import finished, run_and_kill
from tests.support.whole_class.students import class_of

CELL_SECONDS = 15  # no honest cell takes longer, and three students' never end


def main() -> None:
    """Grade, kill, grade, export, compare; print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.whole_class")
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("-n", "--number", type=int, default=300, help="who handed in")
    parser.add_argument("-j", "--jobs", type=int, help="of the grader; default: its own")
    parser.add_argument("--keep", type=Path, help="leave everything in this folder")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="whole-class-") as temporary:
        place = options.keep or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        wrong = _class(options, place, Console(width=110))
    sys.exit(1 if wrong else 0)


def _class(options: argparse.Namespace, place: Path, console: Console) -> list[str]:
    students = class_of(options.number, absent=options.number // 25, slow=options.number // 100)
    download, out = place / "class.zip", place / "feedback"
    platforms.write_download(students, download)
    own = environment(XDG_CACHE_HOME=str(place / "cache"))
    command = [sys.executable, "-m", "grader", "grade", str(download), "-o", str(out)]
    command += ["--lang", "en", "--cell-seconds", str(CELL_SECONDS)]
    command += [] if options.jobs is None else ["--jobs", str(options.jobs)]
    recorders: list[Recorder] = []

    def watch(process: subprocess.Popen[bytes]) -> None:
        recorders.append(Recorder(process.pid, lambda: len(list(out.glob("*/result.json")))))

    times = [time.monotonic()]
    before = run_and_kill(command, own, out, options.number // 2, watch)
    times.append(time.monotonic())
    recorders[0].stop()
    with (place / "second.txt").open("w") as said:
        second = subprocess.Popen(command, env=own, stdout=said, stderr=subprocess.STDOUT)
        watch(second)
        status = second.wait()
    times.append(time.monotonic())
    recorders[1].stop()
    wrong = [] if status == 0 else [f"the second run ended with {status}, see second.txt"]
    after = finished(out)
    wrong += [f"{id}: graded twice" for id, was in before.items() if after.get(id) != was]
    found = results.read_results(out)
    wrong += results.unexpected(students, found)
    exports = place / "exports"
    exports.mkdir()
    platforms.write_gradebooks(students, exports)
    for name in results.EXPORTS:
        arguments = platforms.export(name, out, exports)
        done = subprocess.run([sys.executable, "-m", "grader", *arguments], env=own, stdout=-3)
        if done.returncode not in (0, 1):
            wrong.append(f"export {name} ended with {done.returncode}")
    wrong += results.unequal(students, found, exports)
    _show(console, options.number, len(before), times, recorders, wrong)
    if options.json:
        _save(options.json, times, recorders, wrong)
    return wrong


def _show(
    console: Console,
    number: int,
    kept: int,
    times: list[float],
    recorders: list[Recorder],
    wrong: list[str],
) -> None:
    walls = [after - before for before, after in pairwise(times)]
    console.print(f"{number} submissions; {kept} were finished when it was killed")
    for name, wall, recorder in zip(("killed", "to its end"), walls, recorders, strict=True):
        console.print(f"{name}: {wall:.1f} s, {recorder.cpu_seconds:.1f} s of processors")
    table = Table(title="MiB held by the largest of a kind, median of each quarter of a run; most")
    for column in ("", "killed", "most", "to its end", "most"):
        table.add_column(column, justify="left" if not column else "right")
    for role in ROLES:
        row = [role]
        for recorder in recorders:
            quarters = growth(recorder.looks, role)
            most = max((look.held.get(role, 0.0) for look in recorder.looks), default=0.0)
            row += [" ".join(f"{each:.0f}" for each in quarters), f"{most:.0f}"]
        table.add_row(*row)
    console.print(table)
    console.print("\n".join(wrong) or "every result is as it must be, every export as the results")


def _save(file: Path, times: list[float], recorders: list[Recorder], wrong: list[str]) -> None:
    runs = [
        {
            "cpu": recorder.cpu_seconds,
            "looks": [[look.seconds, look.finished, dict(look.held)] for look in recorder.looks],
        }
        for recorder in recorders
    ]
    file.write_text(json.dumps({"times": times, "runs": runs, "wrong": wrong}), "utf-8")


if __name__ == "__main__":
    main()
