"""Digests of what a grading depends on: content decides, never a date or a version's name.

What decides a *run*, and so its evidence, is told from what decides only how that evidence
is *judged*: when only the latter changed, no student's code has to run again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

from grader.assignment.schema import Assignment
from grader.core.imported_modules import imported_by
from grader.core.types import Note

PARTS: Final = ("assignments", "reference")
"""The names of the students' and the teachers' folder, before those of their files."""

# Which parts of an exercise are never asked of a model and decide nothing in its run. What is
# not named here does, so a new part does until somebody shows that it does not.
_JUDGED: Final[dict[str, Any]] = {
    "title": True,
    "related_bases": True,
    "start": True,
    "spike_threshold": True,
    "public_traces": True,
    "channels": {
        "__all__": {
            "master_types": True,
            "parameters": {"__all__": {"value", "unit", "tolerance", "mistakes"}},
            "gates": {"__all__": {"aliases"}},
        }
    },
}

ENTRIES: Final = (
    "grader.run.client_server",  # the process that reads a submission and speaks with its kernel
    "grader.run.kernel.prestarted_main",  # a kernel outside a sandbox
    "grader.untrusted.box",  # the processes of a sandbox
    "grader.untrusted.probe",  # sent into the kernel as text
)
"""The modules that the processes of a run start with. What they import decides a run."""

NOTHING: Final = hashlib.sha256(b"").hexdigest()
"""The digest of a submission without a notebook."""

_PACKAGE: Final = Path(__file__).parents[1]


def files(*folders: Path | None) -> dict[str, str]:
    """Return a digest of each file of the students' and the teachers' folder of an assignment."""
    return {
        f"{part}/{file.relative_to(folder).as_posix()}": _of(file.read_bytes())
        for part, folder in zip(PARTS, folders, strict=True)
        if folder is not None
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and not any(p.startswith((".", "__")) for p in file.relative_to(folder).parts)
    }


def combined_digest(digests: dict[str, str]) -> str:
    """One digest of several with their names."""
    return _of(json.dumps(digests).encode())


def run_inputs(assignment: Assignment) -> str:
    """Return a digest of what decides how a submission is run and what its models are asked.

    That is the handout, the exercises but for what is right, the stimuli and how states are
    drawn. Limits are apart, for a batch may have its own.
    """
    rubric = assignment.rubric
    table = {
        "id": assignment.id,
        "answer": assignment.answer.model_dump(),
        "simulation": assignment.simulation.model_dump(),
        "exercises": [e.model_dump(exclude=_JUDGED) for e in assignment.exercises],
        "stimuli": [s.model_dump() for s in assignment.stimuli],
        "hidden": [s.model_dump() for s in rubric.stimuli] if rubric else [],
        "field": rubric.field.model_dump() if rubric else None,
        "steps": max((c.steps for c in assignment.checks if c.kind == "map"), default=0),
        "handout": _of(assignment.notebook.read_bytes()) if assignment.notebook.is_file() else "",
    }
    return _of(json.dumps(table).encode())


def intake(file: str, notes: Sequence[Note]) -> str:
    """Return a digest of what a report says of finding its notebook: file name and choices."""
    return _of(json.dumps([file, *map(asdict, notes)]).encode())


@cache
def code(*, of_runs: bool) -> str:
    """Return a digest of this package's own files; with ``of_runs`` of the code of a run alone.

    No data file is part of the latter, for no process of a run reads one.
    """
    return code_of(_PACKAGE, of_runs=of_runs)


def code_of(package: Path, *, of_runs: bool) -> str:
    """``code`` of the folder ``package``."""
    every = (file for file in package.rglob("*") if file.is_file())
    files = imported_by(ENTRIES, package) if of_runs else every
    digest = hashlib.sha256()
    for file in sorted(files):
        parts = file.relative_to(package).parts
        if "__pycache__" not in parts:
            digest.update("/".join(parts).encode() + b"\0" + _of(file.read_bytes()).encode())
    return digest.hexdigest()


@cache
def installed() -> tuple[str, ...]:
    """Return the packages installed beside this one: each name with its version."""
    found = {f"{one.name.lower()}=={one.version}" for one in distributions() if one.name}
    return tuple(sorted(name for name in found if not name.startswith("grader==")))


@cache
def packages() -> str:
    """Return a digest of what is installed beside this package."""
    return _of("\n".join(installed()).encode())


def _of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
