"""Docstrings speak of what is there: a name that was changed in the code is changed in them."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from pathlib import Path

import pytest

from tests.support.project import ROOT

MODULES = sorted((ROOT / "grader").rglob("*.py"))
_QUOTED = re.compile(r"``([a-z_]\w*)``")
_SAID_OF_OTHERS = {
    "note",  # of a `NoteError`
    "grade",  # the command
    "read_page",  # of `grader.report.store.pages`
    "student_page",  # of `grader.report.page.build`
    "master_type",  # BrainPy's
    "execute_reply",  # Jupyter's
    "cwd",
    "env",  # of Jupyter's launchers
    *keyword.kwlist,
    *vars(builtins),
}


def unknown_names(source: str) -> list[str]:
    """The names in double backquotes in docstrings of classes and functions that no code has."""
    tree = ast.parse(source)
    code = ast.parse(source)
    texts = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            texts += [part.value.value for part in node.body if _is_text(part)]
    for node in ast.walk(code):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not _is_text(part)] or [ast.Pass()]
    words = set(re.findall(r"\w+", ast.unparse(code)))
    quoted = {name for text in texts for name in _QUOTED.findall(text)}
    names = quoted - words - _SAID_OF_OTHERS
    return sorted(name for name in names if not name.startswith("__"))


def _is_text(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_docstrings_name_what_the_code_has(file: Path) -> None:
    """A field, a parameter or a function that a docstring names stands in its module."""
    assert unknown_names(file.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("source", "unknown"),
    [
        ('def f(new):\n    """Return ``old``, as ``new``."""', ["old"]),
        ('class C:\n    """``a`` is a mark."""\n    mark: int\n    """No ``b``."""', ["a", "b"]),
        ('def f(new):\n    """Return ``new``, or ``None``; raises ``KeyError``."""', []),
    ],
    ids=["a parameter", "a field", "nothing"],
)
def test_a_name_that_is_gone_is_found(source: str, unknown: list[str]) -> None:
    """What was renamed in the code alone is seen."""
    assert unknown_names(source) == unknown
