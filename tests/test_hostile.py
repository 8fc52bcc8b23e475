"""Hostile notebooks through the real pipeline, boxed in by each backend.

    GRADER_HOSTILE="bwrap-ordinary landlock-root"  other combinations of backend and user than
                                                   those below; ``none-...``, too; all notebooks
                                                   in each
    GRADER_HOSTILE_ONLY="tcp daemon"               only these notebooks
    GRADER_HOSTILE_KEEP=DIR                        keep what was graded, to look at it

One ``grader grade`` grades the whole folder and two honest submissions beside it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from hostile.build import HERE, on_wrong_model, with_canaries
from hostile.command import Command, command_of
from hostile.expected import FACTS, Hostile, load_hostile, wrong_verdict
from hostile.outside import Outside, outside, spellings
from project import ROOT, results

# Each backend once, each user once; landlock where user namespaces are refused, as in Docker.
COMBINATIONS = os.environ.get("GRADER_HOSTILE", "bwrap-root landlock-ordinary").split()
# What no backend has a part in is tried with the first of them alone.
OF_THE_PIPELINE = {
    *("bounds_output", "earns_what_it_shows", "own_faults_are_its_own", "shows_no_markup"),
    *("survives_any_message", "unpickles_nothing"),
}
KEEP = os.environ.get("GRADER_HOSTILE_KEEP")
ONLY = os.environ.get("GRADER_HOSTILE_ONLY", "").split()
HOSTILE = [h for h in load_hostile(HERE) if not ONLY or Path(h.file).stem in ONLY]
HONEST = ("right-plain.ipynb", "right-gates-p-q.ipynb")
TWIN = "honest-wrong.ipynb"  # what attacks on a wrong model stand on
LARGEST = 2**30  # bytes that a process of the grader's own may grow to
# Less than an assignment allows, so that what never ends is over soon.
LIMITS = ("--cell-seconds", "6", "--notebook-seconds", "60", "--probe-seconds", "10")


def tried(combination: str) -> tuple[Hostile, ...]:
    """The notebooks that are handed in to one combination of backend and user."""
    if "GRADER_HOSTILE" in os.environ or combination == COMBINATIONS[0]:
        return tuple(HOSTILE)
    return tuple(h for h in HOSTILE if h.promise not in OF_THE_PIPELINE or h.file == TWIN)


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

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(sys.platform != "linux", reason="the box is made of Linux's parts"),
]


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


@pytest.fixture(scope="module", params=COMBINATIONS)
def batch(request: pytest.FixtureRequest) -> Iterator[Batch]:
    """Everything graded by one command with one backend, as one user."""
    command = command_of(request.param)
    if isinstance(command, str):
        pytest.skip(command)
    place = Path(tempfile.mkdtemp(prefix="hostile-batch-"))
    place.chmod(0o755)
    try:
        with outside(place / "canaries", command.owner, command.python) as around:
            yield grade(command, tried(request.param), place, around)
    finally:
        if KEEP and (place / "feedback").is_dir():
            shutil.copytree(place / "feedback", Path(KEEP) / request.param, dirs_exist_ok=True)
        shutil.rmtree(place, ignore_errors=True)


def grade(command: Command, notebooks: Sequence[Hostile], place: Path, around: Outside) -> Batch:
    """Hand everything in, grade it, look what happened. Skips where the backend doesn't work."""
    handed_in, out, report = place / "handed-in", place / "feedback", place / "watch.json"
    handed_in.mkdir()
    for entry in notebooks:
        notebook = (HERE / entry.file).read_bytes()
        (handed_in / entry.file).write_bytes(with_canaries(notebook, around.names()))
    for name in HONEST:
        shutil.copy(ROOT / "submissions" / "hh" / name, handed_in)
    command.give(place, handed_in, *handed_in.iterdir())
    remove_signs()
    done = command.grade(
        *(str(handed_in), "-o", str(out), *LIMITS),
        below=[str(HERE / "watch.py"), str(report), str(out)],
        **around.environment(),
    )
    if done.returncode == 2 and not out.exists():
        pytest.skip(f"--sandbox {command.backend}: {done.stderr.strip().splitlines()[-1]}")
    watched = json.loads(report.read_text())
    signs = planted(around)
    remove_signs()
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


def planted(around: Outside) -> list[str]:
    """Signs that notebooks left where a later one, or a user, would find them."""
    found = [path for place in SIGNS for path in place.glob(SIGN)]
    found += around.home.rglob(SIGN)
    found += Path(sys.prefix).rglob("grader_hostile*")
    return [str(path) for path in found]


def remove_signs() -> None:
    """Take away what notebooks left outside, so that the next batch starts without it."""
    for place in SIGNS:
        for path in place.glob(SIGN):
            path.unlink(missing_ok=True)


def happened(fact: str, batch: Batch, entry: Hostile) -> list[str]:
    """What shows that ``fact`` came true, in words; some can't be told by submission."""
    match fact:
        case "reached":
            lines = outputs(batch, entry.file).splitlines()
            return [line for line in lines if "ATTACK reached" in line]
        case "leak":
            return leaks(batch, batch.folder(entry.file))
        case "markup":
            return markup(batch.folder(entry.file))
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
            return [f"{batch.largest >> 20} MiB"] if batch.largest > LARGEST else []
        case "sibling":
            return [f"{name}: {batch.by_file[name]['score']}" for name in HONEST
                    if batch.by_file.get(name, {}).get("score") != 100]  # fmt: skip
    raise ValueError(fact)


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


@pytest.mark.parametrize("entry", HOSTILE, ids=lambda entry: Path(entry.file).stem)
def test_verdict(entry: Hostile, batch: Batch) -> None:
    """A hostile notebook gets its verdict, and its attack was really tried."""
    if entry not in batch.tried:
        pytest.skip(f"tried with {COMBINATIONS[0]} alone")
    assert entry.file in batch.by_file, batch.said[-2000:]
    assert wrong_verdict(entry, batch.by_file[entry.file]) == []
    assert entry.says in outputs(batch, entry.file), "the attack was not tried"


def test_no_attack_earns_more_than_its_honest_twin(batch: Batch) -> None:
    """Attacks that stand on a wrong model get no point more than that model without an attack."""
    most = batch.by_file[TWIN]["score"]
    assert {
        name: batch.by_file[name]["score"]
        for name in on_wrong_model()
        if name in batch.by_file and not batch.by_file[name]["score"] <= most
    } == {}


@pytest.mark.parametrize("promise", sorted({entry.promise for entry in HOSTILE}))
def test_promise(promise: str, batch: Batch) -> None:
    """What a promise says must not happen did not happen, for all notebooks that test it."""
    if promise not in {entry.promise for entry in batch.tried}:
        pytest.skip(f"tried with {COMBINATIONS[0]} alone")
    broken = [
        f"{entry.file}: {FACTS[fact]}: {shown}"
        for entry in HOSTILE
        if entry.promise == promise and entry.file in batch.by_file
        for fact in entry.must_not
        for shown in happened(fact, batch, entry)
    ]
    assert broken == []


def test_the_batch_goes_on(batch: Batch) -> None:
    """Every submission is graded, none for our fault, and honest ones have all their points."""
    assert set(batch.by_file) == {entry.file for entry in batch.tried} | set(HONEST)
    assert happened("sibling", batch, HOSTILE[0]) == []
    assert batch.returncode == 0, batch.said[-2000:]


def test_every_result_names_its_box(batch: Batch) -> None:
    """The results say under which backend they came about."""
    assert {r["provenance"]["sandbox"] for r in batch.by_file.values()} == {batch.backend}


def test_no_canary_leaves_the_batch(batch: Batch) -> None:
    """No file of the batch, whoever it is about, holds a canary; nor does what was printed."""
    assert leaks(batch, batch.out) == []
    said = batch.said.encode()
    assert not [k for k, c in batch.canaries.items() if any(s in said for s in spellings(c))]


@pytest.mark.parametrize("fact", ["touched", "planted", "connected", "disturbed", "left", "grown"])
def test_nothing_happens_outside(fact: str, batch: Batch) -> None:
    """Seen from outside, the batch changed, reached, disturbed and left nothing."""
    assert happened(fact, batch, HOSTILE[0]) == []
