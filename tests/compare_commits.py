"""Whether two commits give all labelled samples the same results, message for message.

    python -m tests.compare_commits OLD            a commit beside the working tree
    python -m tests.compare_commits OLD NEW        two commits
    python -m tests.compare_commits OLD -a thalamic hh-lesson

Both grade the samples of OLD, its solutions and its released notebooks, each with the code and the
assignments of its own tree, one secret, one seed and two notebooks at a time. One sample is changed
first: ``STEADY``. Everything that ``grader grade`` writes is compared: results, pages, the batch's
files, formats for platforms, run notebooks, digests of the evidence's arrays, and what the command
says. Prints a table, each difference once with the files that have it, and what was struck out
because no two runs agree on it (``tests/support/graded_differences.py`` has the reasons). Nothing
is rounded: what is not struck out must be the same to the last digit. Exit status: 0 nothing
differs, 1 something does, 2 it could not be compared.

A commit takes six to nine minutes on two processors that others use, too. What its samples got is
kept below the user's cache folder, some 120 MB a commit, so that a series of changes costs one
grading for each; remove the folder when the series is over. A commit beside itself is graded once
more: that shows what no two runs agree on.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

from tests.benchmarks.__main__ import environment
from tests.support.graded_differences import (
    NOT_COMPARED,
    STRUCK_OUT,
    Difference,
    by_difference,
    differences,
    only_what_is_compared,
)
from tests.support.project import ROOT

WORKING_TREE = "."
OPTIONS = (
    *("--seed", "7", "--jobs", "2", "--lang", "en"),
    # Some samples' cells never end. Shorter, and a busy machine would need longer limits, which
    # a result says: ten times what the solution takes must be within them.
    *("--cell-seconds", "30"),
    *("--format", "junit,github,markdown,gradescope,prairielearn"),
)
STEADY = {"endless-loop.ipynb": (rb"while True:\n", rb"while True:\n  time.sleep(60)\n")}
"""What is changed in a sample whose result would name a line of chance: where it was stopped."""

_MOST_SHOWN = 40  # differences of one assignment
_MOST_NAMED = 3  # files of one difference


class NotCompared(Exception):
    """Why two commits can't be compared."""


@dataclass(frozen=True)
class Side:
    """The tree of a commit, or a copy of the working tree, which has no commit."""

    tree: Path
    commit: str

    def samples(self, id: str) -> Mapping[str, bytes]:
        """The labelled notebooks of an assignment, its solution and what students get."""
        folder = self.tree / "submissions" / id
        labels = tomllib.loads((folder / "expected.toml").read_text("utf-8"))
        files = [
            *(folder / sample["file"] for sample in labels["samples"]),
            self.tree / "reference" / id / f"{id}-solution.ipynb",
            self.tree / "assignments" / id / f"{id}.ipynb",
        ]
        return {file.name: _steady(file) for file in files}


def _steady(file: Path) -> bytes:
    content = file.read_bytes()
    old, new = STEADY.get(file.name, (b"", b""))
    if old not in content:
        raise NotCompared(f"{file} has another loop than tests.compare_commits.STEADY says.")
    return content.replace(old, new) if old else content


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade, compare, print; returns the exit status."""
    options = _options(arguments)
    console = Console(width=110, highlight=False)
    place = Path(tempfile.mkdtemp(prefix="compare-commits-", dir="/tmp"))  # boxed users reach it
    place.chmod(0o755)
    try:
        old, new = _side(options.old, place / "old"), _side(options.new, place / "new")
        return compare(old, new, options, console)
    except NotCompared as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(place)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.compare_commits", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("old", metavar="OLD", help="a commit; its samples are graded")
    parser.add_argument(
        "new",
        metavar="NEW",
        nargs="?",
        default=WORKING_TREE,
        help="a commit, or . for the working tree as it is now (default)",
    )
    parser.add_argument("-a", "--assignment", nargs="+", help="some assignments; default: all")
    parser.add_argument(
        "--cache",
        type=Path,
        default=user_cache_path("grader-comparisons"),
        help="folder for what commits got (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def compare(old: Side, new: Side, options: argparse.Namespace, console: Console) -> int:
    """Grade what the cache does not have, print what differs; returns the exit status."""
    table = Table(title=f"{options.old} beside {options.new}")
    table.add_column("assignment")
    for column in ("samples", "files compared", "differing", "old graded in", "new graded in"):
        table.add_column(column, justify="right")
    described: dict[str, list[str]] = {}
    for id in _chosen(options.assignment, old):
        samples = old.samples(id)
        with console.status(f"{id}: {options.old}"):
            before, old_time = _graded(old, id, samples, options.cache)
        with console.status(f"{id}: {options.new}"):
            again = None if new.commit == old.commit else options.cache
            after, new_time = _graded(new, id, samples, again)
        found = differences(before, after)
        counts = (len(samples), len(found), sum(map(bool, found.values())))
        table.add_row(id, *map(str, counts), old_time, new_time)
        if each := by_difference(found):
            described[id] = [_described(one, files) for one, files in each.items()]
    console.print(table)
    for id, texts in described.items():
        _print_bounded(id, texts, options.cache, console)
    struck = ", ".join(dict.fromkeys(one.what for one in STRUCK_OUT))
    console.print(f"\nStruck out before comparing: {struck}.")
    console.print(f"Not compared: {', '.join(NOT_COMPARED)}.")
    return 1 if described else 0


def _print_bounded(id: str, texts: Sequence[str], cache: Path, console: Console) -> None:
    for text in (f"\n{id}: {len(texts)} differences", *texts[:_MOST_SHOWN]):
        console.print(text, markup=False, soft_wrap=True)
    if len(texts) > _MOST_SHOWN:
        cache.mkdir(parents=True, exist_ok=True)
        (file := cache / f"differences-{id}.txt").write_text("\n".join(texts), "utf-8")
        console.print(f"... all of them: {file}", markup=False, soft_wrap=True)


def _described(difference: Difference, files: Sequence[str]) -> str:
    named = ", ".join(files[:_MOST_NAMED])
    more = f" and {len(files) - _MOST_NAMED} more" if len(files) > _MOST_NAMED else ""
    return f"--- {named}{more}\n{difference.shown()}"


def _side(name: str, folder: Path) -> Side:
    """A copy of a tree that nobody changes while it grades."""
    (tree := folder / "tree").mkdir(parents=True)
    if name == WORKING_TREE:
        listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").decode()
        for path in filter(None, listed.split("\0")):
            if (file := ROOT / path).is_file():
                (tree / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, tree / path)
        return Side(tree, "")
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit.decode().strip()))) as archive:
        archive.extractall(tree, filter="data")  # not a worktree: the repository stays as it is
    return Side(tree, commit.decode().strip())


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True)
    if done.returncode != 0:
        raise NotCompared(f"git {' '.join(arguments)} failed. {done.stderr.decode()}")
    return done.stdout


def _chosen(ids: Sequence[str] | None, side: Side) -> Sequence[str]:
    there = sorted(file.parent.name for file in side.tree.glob("submissions/*/expected.toml"))
    if unknown := {*(ids or ())} - {*there}:
        raise NotCompared(
            f"No labelled samples: {', '.join(sorted(unknown))}; of {', '.join(there)}."
        )
    return ids or there


def _graded(
    side: Side, id: str, samples: Mapping[str, bytes], cache: Path | None
) -> tuple[Path, str]:
    """What ``grader grade`` left, and how long it took; ``cache`` may have it already."""
    kept = (
        None if cache is None or not side.commit else cache / cache_key(side.commit, samples) / id
    )
    if kept is not None and kept.exists():
        return kept, "kept"
    start = time.monotonic()
    out = _grade(side, id, samples)
    took = f"{time.monotonic() - start:.0f} s"
    if kept is None:
        return out, took
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:  # whole, or not there
        Path(shutil.copytree(out, Path(folder) / id)).rename(kept)
    return kept, took


def cache_key(commit: str, samples: Mapping[str, bytes]) -> str:
    """The commit, and all else that decides what it gives."""
    versions = sorted(f"{one.name} {one.version}" for one in distributions())
    handed_in = [(name, hashlib.sha256(content).hexdigest()) for name, content in samples.items()]
    decides = repr((OPTIONS, sys.version, os.uname(), versions, handed_in))
    return f"{commit[:12]}-{hashlib.sha256(decides.encode()).hexdigest()[:12]}"


def _grade(side: Side, id: str, samples: Mapping[str, bytes]) -> Path:
    (handed_in := side.tree.parent / id / "handed-in").mkdir(parents=True)
    for name, content in samples.items():
        (handed_in / name).write_bytes(content)
    home = handed_in.parent / "home"
    variables = environment(
        PYTHONPATH=str(side.tree),
        GRADER_SECRET="one secret for both",
        COLUMNS="100",
        LC_ALL="C.UTF-8",
        HOME=str(home),
        XDG_CACHE_HOME=str(home / "cache"),
        XDG_STATE_HOME=str(home / "state"),
    )

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        where = handed_in.parent
        return subprocess.run(command, cwd=where, env=variables, capture_output=True, text=True)

    code = python("-c", "import grader; print(grader.__file__)").stdout.strip()
    if not Path(code).is_relative_to(side.tree):
        raise NotCompared(f"Another grader would run, {code}, not that of {side.tree}.")
    done = python("-m", "grader", "grade", "handed-in", "-a", id, "-o", "out", *OPTIONS)
    if done.returncode not in (0, 3):  # 3: a submission could not be graded; its result says why
        raise NotCompared(
            f"{id}: grader grade ended with {done.returncode}:\n{done.stderr[-3000:]}"
        )
    out = handed_in.parent / "out"
    # Which notebook ends first is chance; what each got stands in its result.
    said = re.sub(r"(?m)^\[\d+/\d+\] .*\n", "", done.stdout)
    said = f"{said}\n{done.stderr}\nexit status {done.returncode}\n"
    (out / "console.txt").write_text(said, "utf-8")
    only_what_is_compared(out)
    return out


if __name__ == "__main__":
    sys.exit(main())
