"""Programs that XLA compiled of the solution, kept on this machine, read-only in boxes.

A student's model compiles to the same programs as far as it is the same, and a box that
finds them compiles less. Nothing but speed hangs on it. They are made in a box that runs
the teacher's notebook and no other; that box alone is handed an open folder to write to.
They are kept in one file of the user's cache folder, named after all that they depend
on: the processor, Python, JAX, BrainPy, the assignment, our own questions. A program may
crash a processor other than its own, so they are never shipped.

Boxes may open a program by its name, which is a digest of the program itself, but can't
list the folder: who has not written the solution finds nothing of it there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from importlib import resources
from io import BytesIO
from pathlib import Path

from grader.assignment.schema import Assignment
from grader.core.atomic import write_atomic
from grader.core.compile_cache import cache_folder, machine_digest

MOST, LARGEST = 4000, 64 * 2**20  # programs, and bytes of all of them
KEPT = 8  # files of this machine; the oldest go first
_NAME = re.compile(r"[\w.-]{1,250}-cache")

Programs = Mapping[str, bytes]


def program_file(assignment: Assignment, *, gpu: bool = False) -> Path | None:
    """Return the file for the programs of ``assignment``'s solution; None without a cache.

    What it compiles for a ``gpu`` is kept apart: the others would find nothing there.
    """
    if (place := cache_folder()) is None:
        return None
    own = hashlib.sha256(f"{assignment.digest} {_questions()}".encode()).hexdigest()[:16]
    return place / f"{'gpu-' if gpu else ''}{machine_digest()}-{own}.zip"


def newest_file() -> Path | None:
    """Return the file that was filled last on this machine, or None."""
    if (place := cache_folder()) is None:
        return None
    files = []
    with contextlib.suppress(OSError):
        files = sorted(
            place.glob(f"{machine_digest()}-*.zip"), key=lambda file: file.stat().st_mtime
        )
    return files[-1] if files else None


def _questions() -> str:
    """Return a digest of the code that probes kernels."""
    digest = hashlib.sha256()
    for package in ("grader.run.probe", "grader.untrusted.probe"):
        for part in _sources(resources.files(package)):
            digest.update(part)
    return digest.hexdigest()


def _sources(folder: resources.abc.Traversable) -> Iterator[bytes]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".py"):
            yield entry.read_bytes()
        elif entry.is_dir():
            yield from _sources(entry)


def make_folder(folder: Path) -> None:
    """Make an empty folder that lets programs be opened by name, and not be listed."""
    folder.mkdir()
    folder.chmod(0o311)


def show(programs: Programs, folder: Path) -> None:
    """Put ``programs`` into a folder that boxes see."""
    for name, content in programs.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o444)


def hide(programs: Programs, folder: Path) -> None:
    """Remove ``programs`` from that folder."""
    for name in programs:
        (folder / name).unlink(missing_ok=True)


def collect(folder: Path) -> dict[str, bytes]:
    """Read what a box left in ``folder``: small plain files with names like a program's."""
    found: dict[str, bytes] = {}
    size = 0
    for name in sorted(os.listdir(folder))[:MOST]:
        if not _NAME.fullmatch(name):
            continue
        try:
            descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                continue
            with os.fdopen(descriptor, "rb") as file:
                found[name] = file.read(LARGEST - size + 1)
        except OSError:
            continue
        if (size := size + len(found[name])) > LARGEST:
            return {}
    return found


def save(programs: Programs, file: Path) -> None:
    """Keep ``programs``; none at all means that they are of no use on this machine."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in programs.items():
            archive.writestr(name, content)
    with contextlib.suppress(OSError):  # a full disk: the next batch tries again
        write_atomic(file, packed.getvalue())
        others = sorted(file.parent.glob("*.zip"), key=lambda other: other.stat().st_mtime)
        for other in others[:-KEPT]:
            other.unlink(missing_ok=True)


def load(file: Path) -> dict[str, bytes] | None:
    """Read what ``save`` kept; None when there is nothing, or it is damaged."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MOST or sum(entry.file_size for entry in entries) > LARGEST:
                return None
            if not all(_NAME.fullmatch(entry.filename) for entry in entries):
                return None
            return {entry.filename: archive.read(entry) for entry in entries}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return None
