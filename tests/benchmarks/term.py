"""A term on a cluster for real, from notebooks to a platform, with what goes wrong on the way.

    python -m tests.benchmarks.term                  300 students
    python -m tests.benchmarks.term -n 30 --keep FOLDER

Two workers grade the class and one is killed in the middle; results go into a gradebook; one
student's mark is set by hand; a tolerance changes and the stored evidence is judged again by the
worker that is left; marks that change are shown, then taken; LTI sends them to a platform that
fails twice on the way. Says what was not as it must be, and exits with 1 when there is anything.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]

from tests.support.dask_cluster import Cluster, cluster, until  # noqa: E402
from tests.support.lms import lti  # noqa: E402
from tests.support.passbacks import Term, name, number, users  # noqa: E402
from tests.support.project import SOLUTION  # noqa: E402

KINDS = {
    "right": {},
    "near": {"E=-77., g_max=36.)": "E=-77.1, g_max=36.)"},
    "off": {"g_max=120.)": "g_max=121.)"},
}
STRICTER = ("within = 0.01, credit = 0.4", "within = 0.0001, credit = 0.4")
FAULTS = ("drop", "late")  # before a mark was taken, and after it
OVERRIDDEN = 85.0


class Wrong(Exception):
    """Something is not as it must be."""


def main() -> None:
    """Go through the term, and say what each part took."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.term", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("-n", "--number", type=int, default=300, help="who handed in")
    parser.add_argument("--keep", type=Path, help="leave a copy of everything in this folder")
    options = parser.parse_args()
    console = Console(width=110)
    try:
        with cluster() as started:
            _term(started, options.number, console)
            if options.keep:
                shutil.copytree(started.folder, options.keep, dirs_exist_ok=True)
    except Wrong as wrong:
        console.print(f"not as it must be: {wrong}")
        sys.exit(1)
    console.print("every submission was graded once, and every mark arrived once")


def _term(started: Cluster, count: int, console: Console) -> None:
    kinds = _hand_in(started.folder, count)
    with _part("graded by two workers, one killed in the middle", console):
        _grade_and_kill(started, count)
    before = _marks(started.out)
    kept = next(place for place, kind in kinds.items() if kind == "near")
    with _part("one mark set by hand", console):
        _grader(started, "gradebook", "override", _id(started, kept), f"{OVERRIDDEN:g}",
                "--why", "said so", "-g", "term.sqlite")  # fmt: skip
    with _part("judged again after a tolerance changed", console):
        _make_stricter(started.folder)
        said = _communicate(started.grading("--assignments", "."))
        _must(f"{count} judged again, 0 to run" in said, f"all are judged and none is run: {said}")
    after = _marks(started.out)
    changed = [place for place in after if after[place] != before[place] and place != kept]
    _must(changed and after[kept] != before[kept], "the tolerance changes marks")
    with _part(f"shown, then taken: {len(changed)} marks", console):
        regrade = ("gradebook", "regrade", "out", "-g", "term.sqlite", "--assignments", ".")
        shown = _grader(started, *regrade)
        _must(f"keeps {OVERRIDDEN:g}" in shown, "what was set by hand stands")
        applied = _grader(started, *regrade, "--apply")
        _must(f"{len(changed)} marks changed" in applied, f"{len(changed)} change: {applied}")
    with _part("sent, with two faults on the way", console):
        _send(started.folder, count, {**after, kept: OVERRIDDEN})


def _hand_in(folder: Path, count: int) -> dict[int, str]:
    """A class as Moodle gives it out, with an assignment of its own; who handed in what."""
    for part in ("assignments", "reference"):
        shutil.copytree(ROOT / part / "hh", folder / part / "hh")
    drawn = random.Random(1)
    kinds = {place: drawn.choice([*KINDS]) for place in range(count)}
    kinds[0] = "near"
    for place, kind in kinds.items():
        own = folder / "class" / f"{name(place)}_{number(place)}_assignsubmission_file"
        own.mkdir()
        (own / "hh.ipynb").write_text(_notebook(KINDS[kind], place), "utf-8")
    return kinds


def _notebook(changes: dict[str, str], place: int) -> str:
    text = SOLUTION.read_text("utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    table = json.loads(text)
    first = next(cell for cell in table["cells"] if cell["cell_type"] == "code")
    first["source"] = "".join(first["source"]) + f"\n# {place}"
    return json.dumps(table, ensure_ascii=False)


def _grade_and_kill(started: Cluster, count: int) -> None:
    victim = started.worker()
    started.worker()
    book = ("--assignments", ".", "--gradebook", "term.sqlite")
    grading = started.grading(*book)
    until(lambda: len(started.written()) >= count // 2 or grading.poll() is not None,
          "half of the class was not graded", 3600)  # fmt: skip
    victim.kill()
    said = _communicate(grading)
    names = Counter(re.findall(r"^\[\d+/\d+\] (.+?): ", said, re.M))
    _must(
        set(names.values()) == {1} and len(names) == count, f"each is graded once: {said[-2000:]}"
    )
    _must(len(started.written()) == count, "each has a result")


def _make_stricter(folder: Path) -> None:
    file = folder / "assignments" / "hh" / "assignment.toml"
    text = file.read_text("utf-8")
    assert STRICTER[0] in text
    file.write_text(text.replace(*STRICTER), "utf-8")


def _send(folder: Path, count: int, expected: dict[int, float]) -> None:
    term = Term(folder)
    with lti.course(users(count)) as platform:
        term.lti(platform.url)
        platform.faults.coming += [("POST /course/7/lineitem/scores", one) for one in FAULTS]
        sent = term.export("lti", "--send")
        _must(sent.exit_code == 0 and not platform.faults.coming, f"all are sent: {sent.output}")
        times = Counter(map(len, platform.scores.values()))
        _must(times == {1: count}, f"each arrives once: {times}")
        got = {int(user[1:]) - 100: mark for user, mark in platform.marks().items()}
        _must(got.keys() == expected.keys(), "everybody's mark arrives")
        off = [place for place in got if abs(got[place] - expected[place]) > 1e-6]
        _must(not off, f"the marks are the gradebook's; not so for {off}")


def _marks(out: Path) -> dict[int, float]:
    """What each student got, by their place."""
    rows = json.loads((out / "roster.json").read_text("utf-8"))["submissions"]
    found = {}
    for row in rows:
        result = json.loads((out / row["id"] / "result.json").read_text("utf-8"))
        found[int(row["lms_id"]) - 100] = result["score"]
    return found


def _id(started: Cluster, place: int) -> str:
    rows = json.loads((started.out / "roster.json").read_text("utf-8"))["submissions"]
    found: str = next(row["id"] for row in rows if row["lms_id"] == number(place))
    return found


def _grader(started: Cluster, *arguments: str) -> str:
    return _communicate(
        subprocess.Popen(
            [sys.executable, "-m", "grader", *arguments, "--lang", "en"],
            cwd=started.folder,
            env=started.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    )


def _communicate(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate()
    _must(process.returncode == 0, said)
    return said


def _must(holds: object, what: str) -> None:
    if not holds:
        raise Wrong(what)


@contextmanager
def _part(what: str, console: Console) -> Iterator[None]:
    began = time.monotonic()
    with console.status(what):
        yield
    console.print(f"{what}: {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
