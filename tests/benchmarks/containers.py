"""Whether marks in a container are those of a bare machine, for all labelled samples.

    python -m tests.benchmarks.containers                         all of them, half an hour and more
    python -m tests.benchmarks.containers -a thalamic hh-lesson
    python -m tests.benchmarks.containers -a hh --samples 'right-*' 'E_K*'

Each assignment's samples are graded three times with one secret, so with the same stimuli: on
this machine as it is, and in ``tests/support/container.py`` as root and as an ordinary user, each
time in the sandbox that ``--sandbox auto`` takes there. Prints a table, and every check that
differs; exits with 1 when there is one.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from grader.authoring.verify.sample_labels import load_samples
from tests.benchmarks.__main__ import environment
from tests.support.project import ROOT, points, results
from tests.support.sandboxes import give, in_container

IDS = sorted(file.parent.name for file in ROOT.glob("submissions/*/expected.toml"))
BARE = "bare machine"
CONDITIONS: Mapping[str, str] = {
    BARE: "",
    "container, root": "root",
    "container, ordinary user": "ordinary",
}
"""How each is called, and the user that it is in a container."""
CELL_SECONDS = "15"  # no honest cell takes longer, and some samples' never end
NOT_GRADED = 3  # some were not, for a fault of ours: their results differ

Results = Mapping[str, Mapping[str, Any]]


def main() -> None:
    """Grade, compare, and print what differs."""
    options = _options()
    console, said = Console(width=110), list[str]()
    table = Table(title="Marks in a container beside those of the bare machine")
    for column in ("assignment", "condition", "sandbox"):
        table.add_column(column)
    for column in ("samples", "same", "differ"):
        table.add_column(column, justify="right")
    place = Path(tempfile.mkdtemp(prefix="containers-", dir="/tmp"))  # other users reach it
    place.chmod(0o755)
    try:
        for id in options.assignment:
            files = _chosen(id, options.samples)
            graded = {}
            for condition, user in _possible(console).items():
                with console.status(f"{id}: {condition}"):
                    graded[condition] = _graded(id, files, user, place)
                found = differences(graded[BARE], graded[condition])
                said += [f"{id}, {condition}: {what}" for what in found.values()]
                taken = {r["provenance"]["sandbox"] for r in graded[condition].values()}
                counts = [] if condition == BARE else [len(files) - len(found), len(found)]
                shown = [len(files), *counts]
                table.add_row(id, condition, " ".join(sorted(taken)), *map(str, shown))
    finally:
        shutil.rmtree(place)
    console.print(table)
    for line in said:
        console.print(line, highlight=False)
    sys.exit(bool(said))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.containers")
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("-a", "--assignment", nargs="+", choices=IDS, default=IDS)
    parser.add_argument("--samples", nargs="+", default=["*"], help="patterns of their names")
    return parser.parse_args()


def _possible(console: Console) -> Mapping[str, str]:
    if os.geteuid() == 0:
        return CONDITIONS
    console.print("Nobody but root can be a container's root: that is left out.")
    return {condition: user for condition, user in CONDITIONS.items() if user != "root"}


def _chosen(id: str, patterns: Sequence[str]) -> list[Path]:
    folder = ROOT / "submissions" / id
    files = [folder / sample.file for sample in load_samples(folder)]
    return [f for f in files if any(fnmatch.fnmatch(f.stem, pattern) for pattern in patterns)]


def _graded(id: str, files: Sequence[Path], user: str, place: Path) -> Results:
    """The results of one ``grader grade``, by the name of the file that was handed in."""
    own = place / id / (user or "bare")
    (handed_in := own / "handed-in").mkdir(parents=True)
    for file in files:
        shutil.copy(file, handed_in)
    give(own, user)
    command = [sys.executable, "-m", "grader", "grade", str(handed_in), "-a", id]
    done = subprocess.run(
        [
            *(in_container(user) if user else []),
            *(*command, "-o", str(own / "out"), "--cell-seconds", CELL_SECONDS),
        ],
        env=environment(HOME=str(own), XDG_CACHE_HOME=str(own / "cache"), XDG_STATE_HOME=str(own)),
        cwd="/",
        capture_output=True,
        text=True,
    )
    if done.returncode not in (0, NOT_GRADED):
        said = f"{done.stdout}{done.stderr}"[-3000:]
        raise RuntimeError(f"grader grade ended with {done.returncode}:\n{said}")
    return {Path(r["submission"]["file"]).name: r for r in results(own / "out").values()}


def differences(expected: Results, found: Results) -> Mapping[str, str]:
    """What is different about each file that did not get the same."""
    different = {}
    for file in sorted({*expected, *found}):
        here, there = (points(r[file]) if file in r else {} for r in (expected, found))
        apart = [
            f"{what} {here.get(what)} -> {there.get(what)}"
            for what in {**here, **there}
            if here.get(what) != there.get(what)
        ]
        if apart:
            runs = " -> ".join(r[file]["run"]["status"] for r in (expected, found) if file in r)
            different[file] = f"{file} ({runs}): {'; '.join(apart)}"
    return different


if __name__ == "__main__":
    main()
