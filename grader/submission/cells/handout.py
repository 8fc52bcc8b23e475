"""The contents of the released notebook: digests of its cells and classes, ids of its blanks."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grader.assignment.load import AssignmentError
from grader.assignment.schema import Assignment
from grader.core.messages import catalogue
from grader.submission.cells.scope import classes
from grader.submission.notebook.ast_digest import parse, source_digest, text_digest, tree_digest
from grader.submission.notebook.read import is_generated_id, read_notebook


@dataclass(frozen=True, slots=True)
class ReleasedCell:
    """A code cell of the released notebook. ``id`` is empty when the file has none."""

    id: str
    tags: tuple[str, ...]
    digest: str
    class_digests: frozenset[str]
    statements: frozenset[str]  # digests of those of its classes' methods


@dataclass(frozen=True, slots=True)
class ReleasedNotebook:
    """The code cells of the released notebook, and the digests of its texts."""

    cells: tuple[ReleasedCell, ...]
    texts: frozenset[str]

    def exercise_cells(self, tag: str) -> tuple[ReleasedCell, ...]:
        """Return the cells that carry an exercise's tag."""
        return tuple(cell for cell in self.cells if tag in cell.tags)

    def other_cells(self, tag: str) -> tuple[ReleasedCell, ...]:
        """Return the other cells: what every student has from the start."""
        return tuple(cell for cell in self.cells if tag not in cell.tags)


def read_released(assignment: Assignment) -> ReleasedNotebook:
    """Return the released notebook of an assignment, read once.

    Raises ``AssignmentError`` when it is missing or can't be read.
    """
    return _read(assignment.notebook, assignment.digest)


@cache
def _read(notebook: Path, digest: str) -> ReleasedNotebook:
    try:
        submission = read_notebook(notebook)
    except OSError as error:
        raise _unreadable(notebook, error.strerror or type(error).__name__) from None
    if (fault := submission.fault) is not None:
        raise _unreadable(notebook, catalogue("en").render_note(fault))
    cells = []
    for cell in submission.cells:
        if cell.kind == "code":
            tree = parse(cell.source)
            found = classes(tree) if tree else []
            cells.append(
                ReleasedCell(
                    id="" if is_generated_id(cell.id) else cell.id,
                    tags=cell.tags,
                    digest=source_digest(cell.source),
                    class_digests=frozenset(map(tree_digest, found)),
                    statements=frozenset(map(tree_digest, _statements(found))),
                )
            )
    texts = [cell.source for cell in submission.cells if cell.kind == "markdown"]
    return ReleasedNotebook(tuple(cells), frozenset(map(text_digest, texts)))


def _statements(found: Iterable[ast.ClassDef]) -> Iterator[ast.stmt]:
    for kind in found:
        for method in kind.body:
            if isinstance(method, ast.FunctionDef):
                yield from method.body


def _unreadable(notebook: Path, reason: str) -> AssignmentError:
    return AssignmentError(f"{notebook}: the released notebook can't be read: {reason}")
