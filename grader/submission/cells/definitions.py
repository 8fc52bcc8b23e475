"""Reduce a notebook to what it defines, without anything else that it does."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

from grader.core.types import Cell
from grader.submission.notebook.ast_digest import parse

_ALWAYS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_DOES = (ast.Call, ast.Await, ast.NamedExpr, ast.Yield, ast.YieldFrom)


def definitions(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """``cells`` with nothing left in the code but imports, functions, classes and plain values.

    No statement is left that calls something, or that assigns to anything but a name.
    What can't be parsed is left out as a whole, and so is a statement too deep to be written.
    """
    return tuple(
        replace(cell, source=_definitions(cell.source)) if cell.kind == "code" else cell
        for cell in cells
    )


def _definitions(source: str) -> str:
    tree = parse(source)
    return "\n".join(map(_written, [] if tree is None else filter(_defines, tree.body)))


def _written(statement: ast.stmt) -> str:
    try:
        return ast.unparse(statement)
    except RecursionError:  # can be read, and is too deep to be written
        return ""


def _defines(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Assign):
        return isinstance(statement, _ALWAYS)
    is_plain = not any(isinstance(part, _DOES) for part in ast.walk(statement.value))
    return is_plain and all(isinstance(target, ast.Name) for target in statement.targets)
