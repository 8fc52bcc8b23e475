"""The files of a folder or an archive as names, before they are grouped by student.

An archive's members keep their names here, whatever a disk makes of them: on the disk
they lie under names of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from grader.core.types import Note
from grader.submission.notebook.raw_cell import clean

NOTEBOOK_SUFFIX = ".ipynb"
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2")
UNSUPPORTED_SUFFIXES = (".tar.xz", ".gz", ".xz", ".bz2", ".7z", ".rar")
_MAY_BE_NOTEBOOKS = (".json", ".txt", ".download", ".html", ".htm")
_SKIPPED = frozenset({"__MACOSX", "__pycache__"})
_LONGEST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class File:
    """A file by its name below what was given.

    ``path`` is where its bytes lie; None when they were left where they are: ``note`` then
    says why, or it can be no notebook. ``time`` is when it was last changed.
    """

    parts: tuple[str, ...]
    path: Path | None = None
    time: float = 0.0
    note: Note | None = None

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.parts[-1]

    @property
    def is_notebook(self) -> bool:
        """True if it is called a notebook."""
        return self.name.lower().endswith(NOTEBOOK_SUFFIX)


@dataclass(frozen=True, slots=True)
class FileTree:
    """All that one given path holds. ``folders`` are those that are there, empty ones too."""

    root: Path
    files: tuple[File, ...]
    folders: frozenset[tuple[str, ...]] = frozenset()
    packed: bool = False  # it is an archive
    notes: tuple[Note, ...] = field(default=())

    def location(self, parts: tuple[str, ...]) -> str:
        """Return a place in it, as a teacher finds it."""
        return "/".join((str(self.root), *parts))


def is_hidden(name: str) -> bool:
    """Return True if a system or Jupyter left it beside the work, as ``.ipynb_checkpoints``."""
    return name.startswith(".") or name in _SKIPPED


def may_be_notebook(name: str) -> bool:
    """Return True if a file of this name is worth unpacking: a notebook, or a renamed one."""
    lower = name.lower()
    return NOTEBOOK_SUFFIX in lower or lower.endswith(_MAY_BE_NOTEBOOKS) or "." not in lower


def is_archive(name: str) -> bool:
    """Return True for the name of an archive that is unpacked."""
    return name.lower().endswith(ARCHIVE_SUFFIXES)


def is_other_archive(name: str) -> bool:
    """Return True for the name of an archive that is not."""
    return name.lower().endswith(UNSUPPORTED_SUFFIXES) and not is_archive(name)


def strip_archive_suffix(name: str) -> str:
    """Return an archive's name without what it ends in."""
    for ending in sorted(ARCHIVE_SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return name


def note(message: str, **values: object) -> Note:
    """Return a note for the teacher, its values fit to print and of a length that can be read."""
    shown = {name: _shown(value) for name, value in values.items()}
    return Note(message_id=f"read.intake.{message}", values=shown, for_student=False)


def _shown(value: object) -> str:
    text = printable(str(value))
    if len(text) <= _LONGEST_SHOWN:
        return text
    return "\N{HORIZONTAL ELLIPSIS}" + text[1 - _LONGEST_SHOWN :]


def printable(text: str) -> str:
    """Return a stranger's name as it can be shown: nothing in it moves a cursor or turns a line."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in clean(text))


def list_names(names: list[str], most: int = 3) -> str:
    """Return the first few names, and an ellipsis when there are more."""
    shown = ", ".join(printable(name)[:80] for name in names[:most])
    return shown if len(names) <= most else f"{shown}, \N{HORIZONTAL ELLIPSIS}"
