"""A batch of hostile notebooks and honest ones: handed in, graded by one command, looked at.

With GRADER_HOSTILE_KEEP=DIR in the environment what was graded is kept there, to look at it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.data.hostile.build import HERE, with_canaries
from tests.data.hostile.expected import FACTS, Hostile
from tests.support import sandboxes
from tests.support.hostile import watch
from tests.support.hostile.command import Command, command_of
from tests.support.hostile.outside import Outside, outside, spellings
from tests.support.project import ROOT, results

KEEP = os.environ.get("GRADER_HOSTILE_KEEP")
HONEST = ("right-plain.ipynb", "right-gates-p-q.ipynb")
TWIN = "honest-wrong.ipynb"  # what attacks on a wrong model stand on
LARGEST = 2**30  # bytes that a process of the grader's own may grow to
SMALLEST = 2**27  # the judge alone is larger: less means that nobody looked
# Less than an assignment allows, so that what never ends is over soon.
LIMITS = ("--cell-seconds", "6", "--notebook-seconds", "60", "--probe-seconds", "10")

# Sentences that only the teacher's part of the assignment has.
TEACHERS = {
    "reference/hh/rubric.toml": "What teachers know of the Hodgkin-Huxley",
    "reference/hh/model.py": "The Hodgkin-Huxley model of the handout, in plain JAX",
}
# The notebooks' own markup as it must stand on no page, and letters that must not either.
MARKUP = (
    *("<script>grader_hostile", "<img src=x", "<svg onload", "onload='grader"),
    *("javascript:grader", "\x1b", "\x00", "\u202e"),
)
# Where notebooks left signs for the next one.
SIGN = "grader-hostile-[12]*"
SIGNS = (Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"))


class NotHere(Exception):
    """A combination of backend and user that this machine lacks; the message says why."""


@dataclass(frozen=True)
class Batch:
    """One graded folder and what was seen from outside while it was graded."""

    backend: str
    tried: tuple[Hostile, ...]
    out: Path
    returncode: int
    said: str
    left: tuple[str, ...]
    largest: int
    heard: tuple[str, ...]
    touched: tuple[str, ...]
    disturbed: tuple[str, ...]
    planted: tuple[str, ...]
    canaries: dict[str, str]

    @cached_property
    def by_file(self) -> dict[str, dict[str, Any]]:
        """Results by the name of the file that was handed in."""
        return {Path(r["submission"]["file"]).name: r for r in results(self.out).values()}

    def folder(self, file: str) -> Path:
        """What was written about one submission."""
        return self.out / str(self.by_file[file]["submission"]["id"])


def graded(combination: str, notebooks: Collection[Hostile]) -> Batch:
    """``notebooks`` and honest ones, graded by one command with one backend, as one user.

    What was written lies in a new folder, below which the caller removes ``Batch.out``'s
    parent. Raises ``NotHere`` where backend or user can't be had.
    """
    command = command_of(combination)
    if isinstance(command, str):
        raise NotHere(command)
    place = Path(tempfile.mkdtemp(prefix="hostile-batch-"))
    place.chmod(0o755)
    try:
        with outside(place / "canaries", command.owner, command.python) as around:
            batch = _grade(command, tuple(notebooks), place, around)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    if KEEP:
        shutil.copytree(batch.out, Path(KEEP) / combination, dirs_exist_ok=True)
    return batch


def _grade(command: Command, notebooks: Sequence[Hostile], place: Path, around: Outside) -> Batch:
    """Hand everything in, grade it, look what happened."""
    handed_in, out, report = place / "handed-in", place / "feedback", place / "watch.json"
    handed_in.mkdir()
    for entry in notebooks:
        notebook = (HERE / entry.file).read_bytes()
        (handed_in / entry.file).write_bytes(with_canaries(notebook, around.names()))
    for name in HONEST:
        shutil.copy(ROOT / "submissions" / "hh" / name, handed_in)
    command.give(place, handed_in, *handed_in.iterdir())
    _remove_signs()
    done = command.grade(
        *(str(handed_in), "-o", str(out), *LIMITS),
        program="tests.support.hostile.first_run_counts",
        below=[str(Path(watch.__file__)), str(report), str(out)],
        **around.environment(),
    )
    if done.returncode == 2 and not out.exists():
        why = f"--sandbox {command.backend}: {done.stderr.strip()}"
        if "lets nobody through" in why or not sandboxes.works_without_grader(command.backend):
            raise NotHere(why)
        raise AssertionError(f"it works here, and the grader makes no box: {why}")
    watched = json.loads(report.read_text())
    signs = _planted(around)
    _remove_signs()
    return Batch(
        backend=command.backend,
        tried=tuple(notebooks),
        out=out,
        returncode=done.returncode,
        said=done.stdout + done.stderr,
        left=tuple(watched["left"]),
        largest=watched["largest"],
        heard=tuple(around.heard),
        touched=tuple(around.changed()),
        disturbed=tuple(around.disturbed()),
        planted=tuple(signs),
        canaries=around.canaries,
    )


def _planted(around: Outside) -> list[str]:
    """Signs that notebooks left where a later one, or a user, would find them."""
    found = [path for place in SIGNS for path in place.glob(SIGN)]
    found += around.home.rglob(SIGN)
    found += Path(sys.prefix).rglob("grader_hostile*")
    return [str(path) for path in found]


def _remove_signs() -> None:
    """Take away what notebooks left outside, so that the next batch starts without it."""
    for place in SIGNS:
        for path in place.glob(SIGN):
            path.unlink(missing_ok=True)


def happened(fact: str, batch: Batch) -> list[str]:
    """What shows that ``fact`` came true of the whole batch, in words."""
    match fact:
        case "leak":
            said = batch.said.encode()
            spelled = {kind: spellings(canary) for kind, canary in batch.canaries.items()}
            printed = [kind for kind, known in spelled.items() if any(s in said for s in known)]
            return leaks(batch, batch.out) + [f"{kind} was printed" for kind in printed]
        case "touched":
            return list(batch.touched)
        case "planted":
            return list(batch.planted)
        case "connected":
            return list(batch.heard)
        case "disturbed":
            return list(batch.disturbed)
        case "left":
            return list(batch.left)
        case "grown":
            seen = SMALLEST < batch.largest < LARGEST
            return [] if seen else [f"the largest has {batch.largest >> 20} MiB"]
        case "sibling":
            scores = {name: batch.by_file[name]["score"] for name in HONEST}
            return [f"{name}: {score}" for name, score in scores.items() if score != 100]
    raise ValueError(fact)


def happened_to(entry: Hostile, batch: Batch) -> list[str]:
    """Which facts that must not came true of one notebook; some only its batch can tell."""
    shown = {fact: _shown(fact, entry, batch) for fact in entry.must_not}
    return [f"{FACTS[fact]}: {words}" for fact, found in shown.items() for words in found]


def _shown(fact: str, entry: Hostile, batch: Batch) -> list[str]:
    match fact:
        case "reached":
            lines = outputs(batch, entry.file).splitlines()
            return [line for line in lines if "ATTACK reached" in line]
        case "leak":
            return leaks(batch, batch.folder(entry.file))
        case "markup":
            return markup(batch.folder(entry.file))
    return happened(fact, batch)


def outputs(batch: Batch, file: str) -> str:
    """What a notebook put out as text, and its errors."""
    stored = batch.folder(file) / "executed.ipynb"
    if not stored.is_file():
        return ""
    words = []
    for cell in json.loads(stored.read_bytes())["cells"]:
        for output in cell.get("outputs", ()):
            words += ["".join(output.get("text", "")), str(output.get("evalue", ""))]
            words.append(json.dumps(output.get("data", {}))[:200_000])
    return "\n".join(words)


def leaks(batch: Batch, folder: Path) -> list[str]:
    """Canaries in any file of a folder, however they are spelled."""
    sought = {kind: spellings(canary) for kind, canary in batch.canaries.items()}
    sought |= {name: spellings(sentence) for name, sentence in TEACHERS.items()}
    return [
        f"{kind} in {path.name}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for content in [path.read_bytes()]
        for kind, spelled in sought.items()
        if any(spelling in content for spelling in spelled)
    ]


def markup(folder: Path) -> list[str]:
    """A notebook's own markup, or letters that a page must not hold, on its pages."""
    found = []
    for name in ("result.html", "teacher.html"):
        page = (folder / name).read_text("utf-8")
        found += [f"{sign!r} in {name}" for sign in MARKUP if sign in page]
    return found
