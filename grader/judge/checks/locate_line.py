"""The line of a cell on which something is done."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from grader.core.types import Evidence
from grader.submission.cells.scope import last_name
from grader.submission.notebook.ast_digest import parse

_FRAME = re.compile(r"Cell In\[(\d+)\], line (\d+)")


@lru_cache(maxsize=256)  # verify judges a source under many seeds
def attachment_line(source: str, name: str, type_name: str = "") -> int | None:
    """Find the line that attaches something at a name with a dot, ``"ion.channel"``, or None.

    Under the name after the dot: on the ion before it, else wherever it was put; where no line
    has that name, the one that makes an object of the class ``type_name``.
    """
    tree = parse(source)
    if named := _places(tree, name):
        return max(named, key=lambda one: (one[0], -one[1]))[1]
    lines = [
        part.lineno
        for part in ast.walk(tree or ast.Module([], []))
        if isinstance(part, ast.Call) and type_name and last_name(part.func) == type_name
    ]
    return min(lines, default=None)


def misplaced_line(source: str, name: str) -> int | None:
    """Find the line that attaches something at the name after the dot, if none names the ion."""
    places = _places(parse(source), name)
    return None if any(on for on, _ in places) else next((line for _, line in places), None)


def traceback_line(evidence: Evidence, cell: int | None) -> int | None:
    """Find the line of a cell in the last traceback that names one of it."""
    ran = [run for run in evidence.executed.cells if run.status != "not_run"]
    for run in reversed(ran):
        for number, line in reversed(_FRAME.findall(run.traceback)):
            place = int(number) - 1
            if place < len(ran) and ran[place].index == cell:
                return int(line)
    return None


def _places(tree: ast.Module | None, name: str) -> list[tuple[bool, int]]:
    """Find the lines that attach something at a dotted name; True for those that name its ion."""
    ion, _, own = name.rpartition(".")
    return [
        (ion in _words(statement), line)
        for statement in ast.walk(tree or ast.Module([], []))
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr)
        for line in _named(statement, own)
    ]


def _named(statement: ast.AST, name: str) -> Iterator[int]:
    """Yield the lines of a statement that name something: an argument, an attribute, a key."""
    for part in ast.walk(statement):
        if isinstance(part, ast.keyword) and part.arg == name:
            yield part.lineno
        elif isinstance(part, ast.Attribute) and part.attr == name:
            if isinstance(part.ctx, ast.Store):
                yield part.lineno
        elif isinstance(part, ast.Dict):
            keys = (key for key in part.keys if isinstance(key, ast.Constant))
            yield from (key.lineno for key in keys if key.value == name)


def _words(statement: ast.AST) -> set[str]:
    parts = [*ast.walk(statement)]
    attributes = {part.attr for part in parts if isinstance(part, ast.Attribute)}
    return attributes | {part.id for part in parts if isinstance(part, ast.Name)}
