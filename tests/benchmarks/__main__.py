"""How fast the grader is, in one run with the others in turn.

    python -m tests.benchmarks                     20 notebooks, one round
    python -m tests.benchmarks -n 20 -r 3 --json times.json
    python -m tests.benchmarks --nbgrader /venv/bin/nbgrader --otter /venv/bin/otter

Every round grades the same notebooks with each contestant, forwards and backwards in
turn, so that what else the machine does meets all of them. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.benchmarks import notebooks, others
from tests.benchmarks.measure import Cost, run
from tests.benchmarks.notebooks import ROOT

SETS = {"copies": notebooks.copies, "samples": notebooks.samples}


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """What grades ``files`` in a fresh folder; ``number`` of them, the first ones."""

    name: str
    number: int
    grade: Callable[[list[Path], Path], Cost]


def main() -> None:
    """Measure, and print tables."""
    options = _options()
    console = Console(width=110)
    compileall.compile_dir(ROOT / "grader", quiet=2)
    measured: dict[str, dict[str, list[Cost]]] = {}
    with tempfile.TemporaryDirectory(prefix="grader-benchmark-") as temporary:
        place = Path(temporary)
        for kind in options.sets:
            (handed_in := place / kind).mkdir()
            files = SETS[kind](options.number, handed_in)
            there = _contestants(options, place, console)
            measured[kind] = _rounds(there, files, place, options.rounds, console)
            console.print(_table(kind, there, measured[kind]))
        stages = _stages(place, files[: options.staged])
        console.print(_stage_table(stages))
    if options.json:
        times = {k: {n: list(map(asdict, c)) for n, c in v.items()} for k, v in measured.items()}
        options.json.write_text(json.dumps({"costs": times, "stages": stages}, indent=1), "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("-n", "--number", type=int, default=20, help="notebooks in a batch")
    parser.add_argument("-r", "--rounds", type=int, default=1, help="of all contestants in turn")
    parser.add_argument("-j", "--jobs", type=int, help="of the grader; default: its own")
    parser.add_argument("--cold", type=int, default=5, help="notebooks of a cold run in a round")
    parser.add_argument("--staged", type=int, default=5, help="notebooks timed stage by stage")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--nbgrader", help="path of the program, in an environment of its own")
    parser.add_argument("--otter", help="path of the program, in an environment of its own")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    return parser.parse_args()


def environment(**changes: str) -> dict[str, str]:
    """Ours, with bytecode allowed: it is compiled on all sides."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GRADER_", "PYTHON"))}
    return {**kept, "GRADER_SECRET": "benchmark", "PYTHONPATH": str(ROOT), **changes}


def _contestants(
    options: argparse.Namespace, place: Path, console: Console
) -> tuple[Contestant, ...]:
    def ours(cache: str) -> Callable[[list[Path], Path], Cost]:
        def grade(files: list[Path], folder: Path) -> Cost:
            jobs = [] if options.jobs is None else ["--jobs", str(options.jobs)]
            command = [sys.executable, "-m", "grader", "grade", *map(str, files), *jobs]
            return run([*command, "-o", "feedback"], environment(XDG_CACHE_HOME=cache), folder)

        return grade

    def cold(files: list[Path], folder: Path) -> Cost:
        program = str(Path(__file__).with_name("cold.py"))
        return run([sys.executable, program, *map(str, files)], environment(), folder)

    number, few = options.number, min(options.cold, options.number)
    with_cache, without = ours(str(place / "cache")), ours("/dev/null")
    _warm_up(with_cache, cold, place)
    found = [
        Contestant(name="grader", number=number, grade=with_cache),
        Contestant(name="grader, 1 notebook", number=1, grade=with_cache),
        Contestant(name="grader, no compiled programs", number=number, grade=without),
        Contestant(name="cold nbclient", number=few, grade=cold),
    ]
    for name, program in (("nbgrader", options.nbgrader), ("otter", options.otter)):
        if program is None or not os.path.exists(program):
            console.print(f"{name}: not measured; --{name} names its program where it is installed")
            continue
        grade = others.GRADERS[name](program, environment(), place)
        found.append(Contestant(name=name, number=few, grade=grade))
    return tuple(found)


def _warm_up(*args: Callable[[list[Path], Path], Cost] | Path) -> None:
    """Bytecode, the disk's cache and the compiled programs are there before it counts."""
    *graders, place = args
    assert isinstance(place, Path)
    for number, grade in enumerate(graders):
        assert not isinstance(grade, Path)
        folder = Path(tempfile.mkdtemp(prefix=f"warm-{number}-", dir=place))
        grade(notebooks.copies(1, folder), folder)


def _rounds(
    there: tuple[Contestant, ...], files: list[Path], place: Path, rounds: int, console: Console
) -> dict[str, list[Cost]]:
    costs: dict[str, list[Cost]] = {contestant.name: [] for contestant in there}
    for number in range(rounds):
        for contestant in there if number % 2 == 0 else reversed(there):
            folder = Path(tempfile.mkdtemp(prefix="round-", dir=place))
            with console.status(f"round {number + 1} of {rounds}: {contestant.name}"):
                cost = contestant.grade(files[: contestant.number], folder)
            costs[contestant.name].append(cost)
    return costs


def _table(kind: str, there: tuple[Contestant, ...], costs: dict[str, list[Cost]]) -> Table:
    numbers = {contestant.name: contestant.number for contestant in there}
    table = Table(title=f"{kind}: seconds for a submission, median of the rounds")
    for column in ("", "wall", "CPU", "cold / this, wall", "cold / this, CPU", "peak MiB"):
        table.add_column(column, justify="left" if not column else "right")

    def middle(name: str, what: str) -> float:
        return median(getattr(cost, what) for cost in costs[name])

    def row(name: str, wall: float, cpu: float, peak: float | None) -> None:
        ratios = [middle("cold nbclient", "wall") / cold / wall if wall > 0 else 0.0]
        ratios.append(middle("cold nbclient", "cpu") / cold / cpu if cpu > 0 else 0.0)
        shown = [f"{wall:.2f}", f"{cpu:.2f}", *(f"{ratio:.1f}" for ratio in ratios)]
        table.add_row(name, *shown, "" if peak is None else f"{peak:.0f}")

    cold, many = numbers["cold nbclient"], numbers["grader"]
    for name, number in numbers.items():
        wall, cpu = middle(name, "wall"), middle(name, "cpu")
        label = f"{name}, {number} of them" if number > 1 else name
        row(label, wall / number, cpu / number, middle(name, "peak"))
    if many > 1:
        more = {w: middle("grader", w) - middle("grader, 1 notebook", w) for w in ("wall", "cpu")}
        each = {what: seconds / (many - 1) for what, seconds in more.items()}
        row("grader, each further notebook", each["wall"], each["cpu"], None)
        start = {w: middle("grader, 1 notebook", w) - each[w] for w in each}
        row("grader, fixed start of a batch", start["wall"], start["cpu"], None)
    return table


def _stages(place: Path, files: list[Path]) -> dict[str, list[float]]:
    folder = Path(tempfile.mkdtemp(prefix="stages-", dir=place))
    command = [sys.executable, "-m", "tests.benchmarks.stages", *map(str, files)]
    said = run(command, environment(PYTHONWARNINGS="ignore"), folder).output
    found: dict[str, list[float]] = json.loads(said.strip().splitlines()[-1])
    return found


def _stage_table(stages: dict[str, list[float]]) -> Table:
    total = sum(map(sum, stages.values())) or 1.0
    table = Table(title="CPU seconds of a submission by stage, with compiled programs")
    for column in ("", "kernel", "grader", "share"):
        table.add_column(column, justify="left" if not column else "right")
    for stage, (own, kernel) in stages.items():
        share = f"{100 * (own + kernel) / total:.0f} %"
        table.add_row(stage, f"{kernel:.3f}", f"{own:.3f}", share)
    own, kernel = (sum(pair[side] for pair in stages.values()) for side in (0, 1))
    table.add_row("all", f"{kernel:.3f}", f"{own:.3f}", "100 %")
    return table


if __name__ == "__main__":
    main()
