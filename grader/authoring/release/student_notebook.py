"""The student's notebook as it follows from the teacher's, and what keeps it from being made."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat

from grader.assignment.schema import Assignment, Exercise
from grader.authoring.release.author_error import AuthorError
from grader.authoring.release.solution_marks import has_marks, read_marks
from grader.core.types import Note
from grader.submission.cells.find_cell import find_cell
from grader.submission.notebook.ast_digest import parse
from grader.submission.notebook.read import read_notebook

Document = dict[str, Any]

_OF_A_RUN = ("execution", "ExecuteTime")  # in a cell's metadata
_SHORTEST = 8  # characters of code that are an answer wherever they stand


def read_document(file: Path) -> Document:
    """Read a teacher's notebook. Raises ``AuthorError`` for what is no notebook of format 4."""
    try:
        document = json.loads(file.read_text("utf-8"))
        if not isinstance(document, dict):
            raise ValueError("no JSON object")
        nbformat.validate(document, version=4)
    except (OSError, ValueError, RecursionError, nbformat.ValidationError) as error:
        why = getattr(error, "strerror", None) or str(error).split("\n")[0][:200]
        values = {"file": str(file), "why": why}
        raise AuthorError([Note(message_id="author.unreadable", values=values)]) from None
    return document


def as_text(document: Document) -> str:
    """Return a notebook as Jupyter writes it."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def make_student_notebook(teachers: Document, assignment: Assignment) -> Document:
    """Return the student's notebook: no solution, no outputs; ids, tags and other metadata kept.

    Raises ``AuthorError`` with every fault of the marks, the tags and what would be left.
    """
    cells: list[Document] = []
    faults: list[Note] = []
    for number, cell in enumerate(teachers["cells"], 1):
        source = source_of(cell)
        if cell["cell_type"] == "code":
            marked = read_marks(source, number)
            faults += marked.faults
            cells.append(_blank(cell, marked.released))
            if marked.solutions and not marked.faults:
                faults += _faults_of_cell(cell, number, source, marked.released)
        else:
            cells.append(cell)
            if has_marks(source):
                faults.append(Note(message_id="author.mark.in_text", values={"cell": number}))
    metadata = {n: value for n, value in teachers["metadata"].items() if n != "widgets"}
    ours = metadata.get("grader")
    ours = {**(ours if isinstance(ours, dict) else {}), "assignment": assignment.id}
    released = {**teachers, "cells": cells, "metadata": {**metadata, "grader": ours}}
    if not faults:
        faults += _answers_left(teachers, released)
    for exercise in assignment.exercises:
        faults += _faults_of_tag(teachers, exercise)
    if faults:
        raise AuthorError(faults)
    return released


def require_blanks(file: Path, assignment: Assignment) -> None:
    """Hold a released notebook against its assignment: every blank is there, and blank.

    Raises ``AuthorError``, and ``AssignmentError`` when the file can't be read.
    """
    own = assignment.model_copy(update={"notebook": file})
    submission, faults = read_notebook(file), []
    for exercise in assignment.exercises:
        cell = find_cell(submission, exercise, own)
        for blank in cell.blanks:
            values = {"exercise": exercise.id, "blank": blank.name, "tag": exercise.tag}
            if blank.filled:
                faults.append(Note(message_id="author.blank.filled", values=values))
            elif blank.line is None:
                faults.append(Note(message_id="author.blank.missing", values=values))
    if faults:
        raise AuthorError(faults)


def compare_notebook(made: Document, file: Path) -> list[Note]:
    """In what the notebook at ``file`` is not the one that would be made; nothing if it is."""
    values = {"file": str(file)}
    try:
        text = file.read_text("utf-8")
        stored = json.loads(text)
        cells = stored["cells"]
    except OSError:
        return [Note(message_id="author.differs.missing", values=values)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return [Note(message_id="author.differs.unreadable", values=values)]
    if text == as_text(made):
        return []
    most = max(len(cells), len(made["cells"]))
    other = [n + 1 for n in range(most) if cells[n : n + 1] != made["cells"][n : n + 1]]
    if not other:
        return [Note(message_id="author.differs.around", values=values)]
    listed = ", ".join(map(str, other[:12])) + (", \N{HORIZONTAL ELLIPSIS}" * (len(other) > 12))
    return [Note(message_id="author.differs.cells", values={**values, "cells": listed})]


def source_of(cell: Mapping[str, Any]) -> str:
    """Return a cell's text, which a file may hold as lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def tags_of(cell: Mapping[str, Any]) -> Sequence[str]:
    """Return a cell's tags."""
    return tuple(cell["metadata"].get("tags", ()))


def _blank(cell: Document, source: str) -> Document:
    """Return a code cell that was never run, its text in the form that the file has."""
    lines = source if isinstance(cell["source"], str) else source.splitlines(keepends=True)
    metadata = {n: value for n, value in cell["metadata"].items() if n not in _OF_A_RUN}
    return {**cell, "source": lines, "metadata": metadata, "outputs": [], "execution_count": None}


def _faults_of_cell(cell: Document, number: int, source: str, released: str) -> Iterator[Note]:
    if not tags_of(cell):
        yield Note(message_id="author.mark.no_tag", values={"cell": number})
    if parse(source) is not None and parse(released) is None:
        yield Note(message_id="author.left_unparsable", values={"cell": number})


def _faults_of_tag(teachers: Document, exercise: Exercise) -> Iterator[Note]:
    own = [n for n, cell in enumerate(teachers["cells"], 1) if exercise.tag in tags_of(cell)]
    values = {"exercise": exercise.id, "tag": exercise.tag, "cells": ", ".join(map(str, own))}
    if not own:
        yield Note(message_id="author.tag.missing", values=values)
    elif len(own) > 1:
        yield Note(message_id="author.tag.twice", values=values)
    elif not has_marks(source_of(teachers["cells"][own[0] - 1])):
        yield Note(message_id="author.tag.no_marks", values=values)
    elif exercise.class_name not in ("", *_classes(source_of(teachers["cells"][own[0] - 1]))):
        named = {**values, "class_name": exercise.class_name}
        yield Note(message_id="author.tag.no_class", values=named)


def _classes(source: str) -> list[str]:
    tree = parse(source)
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)] if tree else []


def _answers_left(teachers: Document, released: Document) -> Iterator[Note]:
    """Yield a region's code that stands, line by line, in a cell of the released notebook too."""
    left = [_code(source_of(cell).split("\n")) for cell in released["cells"]]
    for number, cell in enumerate(teachers["cells"], 1):
        is_code = cell["cell_type"] == "code"
        solutions = read_marks(source_of(cell), number).solutions if is_code else ()
        for code in map(_code, solutions):
            is_answer = len("".join(code)) >= _SHORTEST
            for other, lines in enumerate(left, 1) if is_answer else ():
                if _holds(lines, code):
                    values = {"cell": number, "other": other}
                    yield Note(message_id="author.answer_left", values=values)


def _code(lines: Iterable[str]) -> list[str]:
    """Lines without indents, blank ones and comments left out."""
    stripped = (line.strip() for line in lines)
    return [line for line in stripped if line and not line.startswith("#")]


def _holds(lines: list[str], part: list[str]) -> bool:
    return any(lines[at : at + len(part)] == part for at in range(len(lines) - len(part) + 1))
