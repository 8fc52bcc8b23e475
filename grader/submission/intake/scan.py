"""A folder's files by their names; archives in it count as folders."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from grader.core.types import Note
from grader.submission.intake.file_tree import (
    File,
    FileTree,
    is_archive,
    is_hidden,
    is_other_archive,
    note,
)
from grader.submission.intake.unpack import ScratchFolder, unpack_inside

BATCH_FILES = ("summary.json", "grades.csv", "index.html")  # what every batch leaves behind
FORMAT_FILES = ("junit.xml", "github.txt", "markdown.md")  # and what it does when asked to


def scan(root: Path, scratch: ScratchFolder | None, exclude: Path | None = None) -> FileTree:
    """All files in and below ``root``; links are not followed, results are left out.

    ``exclude`` is the folder that reports go to. Without ``scratch`` archives stay packed.
    """
    own = exclude and exclude.resolve()
    files: list[File] = []
    folders: set[tuple[str, ...]] = set()
    notes: list[Note] = []
    waiting: list[Path] = [root]
    while waiting:
        for child in _children(waiting.pop(), notes):
            parts = child.relative_to(root).parts
            if is_hidden(child.name):
                continue
            if child.is_symlink():
                if child.name.lower().endswith(".ipynb") or child.is_dir():
                    notes.append(note("link", path=child))
            elif child.is_dir():
                if child.resolve() != own and not _holds_results(child):
                    folders.add(parts)
                    waiting.append(child)
            elif not child.is_file():
                continue
            elif scratch is not None and is_archive(child.name):
                inside = unpack_inside(child, parts, scratch)
                files += inside.files
                folders |= inside.folders
            elif is_archive(child.name) or is_other_archive(child.name):
                files.append(File(parts, note=note("archive_inside", path=child)))
            else:
                files.append(File(parts, child, child.stat().st_mtime))
    return FileTree(root, tuple(files), frozenset(folders), notes=tuple(notes))


def without_results(tree: FileTree) -> FileTree:
    """Return an archive's tree without what earlier batches left behind in it."""
    there = {file.parts for file in tree.files}
    left = {
        folder
        for folder in {parts[:-1] for parts in there}
        if all((*folder, name) in there for name in BATCH_FILES)
    }
    kept = tuple(
        file
        for file in tree.files
        if not any(file.parts[:end] in left for end in range(len(file.parts)))
    )
    return replace(tree, files=kept)


def _holds_results(folder: Path) -> bool:
    """Return True if an earlier batch left the folder behind."""
    return all((folder / name).is_file() for name in BATCH_FILES)


def _children(folder: Path, notes: list[Note]) -> list[Path]:
    try:
        with os.scandir(folder) as listing:
            return sorted(Path(entry.path) for entry in listing)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        notes.append(note("closed_folder", path=folder, reason=reason))
        return []
