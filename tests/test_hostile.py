"""Hostile notebooks through the real pipeline, under every backend that works here.

    GRADER_HOSTILE_BACKENDS=none    other backends than bwrap and landlock, with spaces between
    GRADER_HOSTILE_UID=65534        grade as this user; the tests run as root then
    GRADER_HOSTILE_ONLY="tcp daemon"  only these notebooks
    GRADER_HOSTILE_KEEP=DIR         keep what was graded, to look at it

One ``grader grade`` grades the whole folder and two honest submissions beside it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, results
from hostile.build import HERE, with_canaries
from hostile.expected import FACTS, Hostile, load_hostile, wrong_verdict
from hostile.outside import Outside, outside, spellings

# Asked for by name: some attacks don't get their verdict yet, and the whole takes long.
#     GRADER_HOSTILE_BACKENDS="bwrap landlock" python -m pytest tests/test_hostile.py
BACKENDS = os.environ.get("GRADER_HOSTILE_BACKENDS", "").split()
OWNER = int(os.environ["GRADER_HOSTILE_UID"]) if "GRADER_HOSTILE_UID" in os.environ else None
KEEP = os.environ.get("GRADER_HOSTILE_KEEP")
ONLY = os.environ.get("GRADER_HOSTILE_ONLY", "").split()
HOSTILE = [h for h in load_hostile(HERE) if not ONLY or Path(h.file).stem in ONLY]
HONEST = ("right-plain.ipynb", "right-gates-p-q.ipynb")
GRADER = (sys.executable, "-m", "grader")
LARGEST = 2**30  # bytes that a process of the grader's own may grow to
SECONDS = 3600

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
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the box is made of Linux's parts"),
]


@dataclass(frozen=True)
class Batch:
    """One graded folder and what was seen from outside while it was graded."""

    backend: str
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


@pytest.fixture(scope="module", params=BACKENDS)
def batch(request: pytest.FixtureRequest) -> Iterator[Batch]:
    """Everything graded by one command under one backend."""
    backend = str(request.param)
    if reason := unsupported(backend):
        pytest.skip(reason)
    place = Path(tempfile.mkdtemp(prefix="hostile-batch-"))
    place.chmod(0o755)
    try:
        with outside(place / "canaries", OWNER) as around:
            yield grade(backend, place, around)
    finally:
        if KEEP:
            shutil.copytree(place / "feedback", Path(KEEP) / backend, dirs_exist_ok=True)
        shutil.rmtree(place, ignore_errors=True)


def unsupported(backend: str) -> str:
    """Why ``backend`` can't be used here; empty when it can."""
    with tempfile.TemporaryDirectory(prefix="hostile-try-") as folder:
        if OWNER is not None:
            os.chown(folder, OWNER, OWNER)
        file = shutil.copy(ROOT / "submissions" / "hh" / "unfilled.ipynb", folder)
        done = subprocess.run(
            [*GRADER, "grade", file, "-o", f"{folder}/out", "--sandbox", backend],
            capture_output=True,
            text=True,
            timeout=300,
            user=OWNER,
            env=os.environ | {"HOME": folder},
        )
    if done.returncode == 0:
        return ""
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return f"grader grade --sandbox {backend}: {lines[-1] if lines else done.returncode}"


def grade(backend: str, place: Path, around: Outside) -> Batch:
    """Hand everything in, grade it, look what happened."""
    handed_in, out, report = place / "handed-in", place / "feedback", place / "watch.json"
    handed_in.mkdir()
    for entry in HOSTILE:
        notebook = (HERE / entry.file).read_bytes()
        (handed_in / entry.file).write_bytes(with_canaries(notebook, around.names()))
    for name in HONEST:
        shutil.copy(ROOT / "submissions" / "hh" / name, handed_in)
    if OWNER is not None:
        for path in (place, handed_in, *handed_in.iterdir()):
            os.chown(path, OWNER, OWNER)
    remove_signs()
    watch = [sys.executable, str(HERE / "watch.py"), str(report), str(out)]
    command = ["grade", str(handed_in), "-o", str(out), "--sandbox", backend]
    done = subprocess.run(
        [*watch, *GRADER, *command, "--cell-seconds", "20", "--notebook-seconds", "60"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        user=OWNER,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "100", **around.environment()},
    )
    watched = json.loads(report.read_text())
    signs = planted(around)
    remove_signs()
    return Batch(
        backend=backend,
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
    assert entry.file in batch.by_file, batch.said[-2000:]
    assert wrong_verdict(entry, batch.by_file[entry.file]) == []
    assert entry.says in outputs(batch, entry.file), "the attack was not tried"


@pytest.mark.parametrize("promise", sorted({entry.promise for entry in HOSTILE}))
def test_promise(promise: str, batch: Batch) -> None:
    """What a promise says must not happen did not happen, for all notebooks that test it."""
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
    assert set(batch.by_file) == {entry.file for entry in HOSTILE} | set(HONEST)
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
