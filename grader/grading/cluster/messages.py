"""Messages to a worker and back: plain values, and files as bytes.

A worker may log what it was sent, so nothing of value shows itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from grader.assignment import digests
from grader.assignment.schema import Assignment
from grader.core.atomic import remove_drafts, write_atomic
from grader.core.environment import versions
from grader.core.evidence_store import ARRAYS, NOTEBOOK, PROBE
from grader.core.types import GradeReport, Note
from grader.grading.plan.next_action import Action
from grader.grading.plan.plan import Plan
from grader.grading.settings import GradingSettings
from grader.report.store.pages import PAGES
from grader.report.store.read import PREVIOUS_FILE, RESULT_FILE

Files = Mapping[str, bytes]
EVIDENCE: Final = (ARRAYS, NOTEBOOK, PROBE)
ALL: Final = (*EVIDENCE, *PAGES, RESULT_FILE)
"""The files of a submission's folder that grading makes, in the order in which they are written."""


@dataclass(frozen=True, kw_only=True)
class BatchSetup:
    """All that a worker needs to grade submissions of a batch."""

    name: str
    """The batch's own among all batches of a cluster."""
    assignment: str
    digest: str
    """The assignment's digest, which its files must have when they arrive."""
    public: Files = field(repr=False)
    teachers: Files = field(repr=False)
    settings: GradingSettings
    kernels: bool
    """True if notebooks are to run, not only to be judged again."""
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Task:
    """One submission: what was handed in, what there is to do, what its folder holds already."""

    id: str
    file: str
    content: bytes | None = field(repr=False)
    notes: tuple[Note, ...]
    fault: Note | None
    action: Action
    repeated: bool
    files: Files = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class TaskResult:
    """A submission's report, the files of its folder that are new, and those that are gone."""

    report: GradeReport
    files: Files = field(repr=False)
    removed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """The reason why a worker takes no part: a message, but for the worker's address."""

    kind: str
    values: Mapping[str, str]


def batch_setup(name: str, assignment: Assignment, plan: Plan) -> BatchSetup:
    """Collect what workers need to follow ``plan``."""
    assert assignment.rubric is not None
    return BatchSetup(
        name=name,
        assignment=assignment.id,
        digest=assignment.digest,
        public=read_folder(assignment.folder),
        teachers=read_folder(assignment.rubric.folder),
        settings=plan.settings,
        kernels=plan.starts_kernels,
        environment=installed_versions(),
    )


def installed_versions() -> dict[str, str]:
    """Return what has to be the same here and there, or marks and evidence would not be."""
    packages: dict[str, str] = {}
    for name, _, version in (one.partition("==") for one in digests.installed()):
        packages[name] = f"{packages[name]}, {version}" if name in packages else version
    return {**packages, **versions(), "grader's code": digests.code(of_runs=False)[:12]}


def read_folder(folder: Path) -> Files:
    """Read every file of a folder by its path in it, but hidden ones and Python's own."""
    files = {}
    for file in sorted(folder.rglob("*")):
        parts = file.relative_to(folder).parts
        if file.is_file() and not any(p.startswith(".") or p == "__pycache__" for p in parts):
            files["/".join(parts)] = file.read_bytes()
    return files


def write_folder(files: Files, folder: Path) -> None:
    """Write ``files`` into a new folder."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def files_to_send(folder: Path, action: Action) -> Files:
    """Read what has to go out of a folder: its last result, and evidence to be judged."""
    names = (*EVIDENCE, RESULT_FILE) if action.kind == "judge" else (RESULT_FILE,)
    files = {name: content for name in names if (content := _read(folder / name)) is not None}
    if RESULT_FILE not in files and (content := _read(folder / PREVIOUS_FILE)) is not None:
        files[RESULT_FILE] = content
    return files


def changed_files(folder: Path, sent: Files) -> tuple[Files, tuple[str, ...]]:
    """Read the files of ``folder`` that are not as they were ``sent``, and name those gone."""
    files = {name: content for name in ALL if (content := _read(folder / name)) is not None}
    changed = {name: content for name, content in files.items() if sent.get(name) != content}
    return changed, tuple(name for name in sent if name not in files)


def write_result(result: TaskResult, folder: Path) -> None:
    """Write what came back, each file whole or not at all and the result last."""
    folder.mkdir(parents=True, exist_ok=True)
    remove_drafts(folder)
    if RESULT_FILE in result.files and (folder / RESULT_FILE).exists():
        os.replace(folder / RESULT_FILE, folder / PREVIOUS_FILE)
    for name in result.removed:
        (folder / name).unlink(missing_ok=True)
    if NOTEBOOK not in result.files and PROBE in result.files:
        (folder / NOTEBOOK).unlink(missing_ok=True)  # of an earlier grading
    for name in ALL:
        if name in result.files:
            write_atomic(folder / name, result.files[name])
    (folder / PREVIOUS_FILE).unlink(missing_ok=True)


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
