"""From the paths on the command line to submissions, each with an id of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.read.names import make_unique, safe_name
from grader.read.rawcell import clean
from grader.stages import Note
from grader.words import catalogue

_ENDING = ".ipynb"
_ENDINGS_OF_NAMED_FILES = (".ipynb.json", ".ipynb.txt", ".ipynb", ".json")
OF_THE_BATCH = ("summary.json", "grades.csv", "index.html")  # no submission may be called so
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".gz", ".7z", ".rar")
_SKIPPED_FOLDERS = frozenset({"__MACOSX", "__pycache__"})
_SHOWN_FILES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A submission to be graded. ``id`` is unique in its batch and safe as a folder name."""

    id: str
    path: Path


class IntakeError(Exception):
    """A path can't be used; ``note`` says why and what to do, ``str()`` in English."""

    def __init__(self, note: Note) -> None:
        super().__init__(note)
        self.note = note

    def __str__(self) -> str:
        return catalogue("en").say(self.note.message_id, **self.note.values)


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    name: str


def find_submissions(
    paths: Sequence[Path], leave_out: Path | None = None
) -> tuple[list[Entry], list[Note]]:
    """The submissions at ``paths``: notebooks, folders of notebooks, a folder per student.

    A notebook is called after its file, or after its folder where that holds no
    other. Neither the order of ``paths`` nor that of a disk changes an id. The
    notes are for the teacher: what was left out, what was renamed. ``leave_out`` is
    the folder that reports go to; it and the results of other batches hold no submissions.

    Raises ``IntakeError`` for a path that doesn't exist or is an archive.
    """
    notes: list[Note] = []
    found: list[_Found] = []
    for path in paths:
        if not os.path.exists(path):  # unlike Path.exists it never raises
            raise IntakeError(_note("missing", path=path))
        if path.is_dir():
            found += _in_folder(path, alone=len(paths) == 1, notes=notes, leave_out=leave_out)
        elif path.name.lower().endswith(_ARCHIVES):
            raise IntakeError(_note("archive", path=path))
        elif path.is_file():
            found.append(_Found(path, safe_name(_stem(path.name))))
        else:
            raise IntakeError(_note("no_file", path=path))
    once: dict[Path, _Found] = {}
    for entry in found:
        key = entry.path.resolve()
        if key not in once or entry.name < once[key].name:
            once[key] = entry
    ordered = [once[key] for key in sorted(once, key=lambda key: (once[key].name, key))]
    ids = make_unique([entry.name for entry in ordered], OF_THE_BATCH)
    for entry, id in zip(ordered, ids, strict=True):
        if id != entry.name:
            notes.append(_note("renamed", path=entry.path, id=id))
    entries = [Entry(id=id, path=entry.path) for entry, id in zip(ordered, ids, strict=True)]
    return sorted(entries, key=lambda entry: (entry.id.casefold(), entry.id)), notes


def _in_folder(root: Path, alone: bool, notes: list[Note], leave_out: Path | None) -> list[_Found]:
    """The notebooks in and below a folder.

    A notebook is called after the highest folder below ``root`` that holds it alone;
    after ``root`` itself when that holds it alone and others were named beside it.
    """
    notebooks = sorted(_notebooks(root, notes, leave_out))
    holds: dict[Path, int] = {}
    for notebook in notebooks:
        for folder in notebook.relative_to(root).parents:
            holds[folder] = holds.get(folder, 0) + 1
    for child in _children(root, []):
        if _is_folder(child) and child.relative_to(root) not in holds:
            notes.append(_without_notebook(child))
    if not notebooks:
        notes.append(_note("nothing", path=root))
    if len(notebooks) == 1 and not alone:
        return [_Found(notebooks[0], safe_name(root.resolve().name))]
    found = []
    for notebook in notebooks:
        relative = notebook.relative_to(root)
        folders = [*reversed(relative.parents)][1:]  # from the highest; without "."
        single = next((folder for folder in folders if holds[folder] == 1), None)
        parts = single.parts if single else (*relative.parent.parts, _stem(notebook.name))
        found.append(_Found(notebook, safe_name(*parts)))
    return found


def _notebooks(folder: Path, notes: list[Note], leave_out: Path | None) -> Iterator[Path]:
    """Every notebook below a folder; links are not followed, results are left out."""
    own = leave_out and leave_out.resolve()
    waiting = [folder]
    while waiting:
        for child in _children(waiting.pop(), notes):
            name = child.name.lower()
            if _is_hidden(child):
                continue
            if child.is_symlink():
                if name.endswith(_ENDING) or child.is_dir():
                    notes.append(_note("link", path=child))
            elif child.is_dir():
                if child.resolve() != own and not _holds_results(child):
                    waiting.append(child)
            elif name.endswith(_ARCHIVES):
                notes.append(_note("archive_inside", path=child))
            elif name.endswith(_ENDING) and child.is_file():
                yield child


def _holds_results(folder: Path) -> bool:
    """Whether a folder is what an earlier batch left behind."""
    return all((folder / name).is_file() for name in OF_THE_BATCH)


def _children(folder: Path, notes: list[Note]) -> list[Path]:
    try:
        with os.scandir(folder) as listing:
            return sorted(Path(entry.path) for entry in listing)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        notes.append(_note("closed_folder", path=folder, reason=reason))
        return []


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not _is_hidden(path)


def _is_hidden(path: Path) -> bool:
    """What a system or Jupyter leaves beside the work, ``.ipynb_checkpoints`` included."""
    return path.name.startswith(".") or path.name in _SKIPPED_FOLDERS


def _without_notebook(folder: Path) -> Note:
    """A note on a student's folder that holds no notebook, and what it holds instead."""
    names = [child.name for child in _children(folder, []) if not _is_hidden(child)]
    if not names:
        return _note("empty_folder", path=folder)
    shown = ", ".join(names[:_SHOWN_FILES])
    if len(names) > _SHOWN_FILES:
        shown += ", \N{HORIZONTAL ELLIPSIS}"
    return _note("no_notebook", path=folder, files=shown)


def _stem(name: str) -> str:
    for ending in _ENDINGS_OF_NAMED_FILES:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return name


def _note(message: str, **values: object) -> Note:
    shown = {name: clean(str(value)) for name, value in values.items()}
    return Note(message_id=f"read.intake.{message}", values=shown, for_student=False)
