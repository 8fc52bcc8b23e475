"""The syntax tree of a cell's source, and a digest of that, whatever its layout."""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache

from grader.submission.notebook.lexing import LONGEST, mask_source, split_cell_magics

# IPython's translation can take the square of a text's length, once for each question.
_MOST_WORK = 40_000

_BEFORE_MAGIC = re.compile(r"[ \t]*(?:[^%!?=]*=[ \t]*(?=[%!]))?")
_BLANK_LINES = re.compile(r"(?:[ \t]*\n)*")
_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_NOT_MEANING = frozenset({"ctx", "kind", "type_comment"})


_KEPT = 64  # cells: those of a handout are met again in every submission


@lru_cache(_KEPT)
def parse(source: str) -> ast.Module | None:
    """Return the syntax tree of a cell, IPython's syntax included; None when there is none.

    The same source gets the same tree: nobody may change it.

    Line numbers are those of ``source``. The body of a ``%%time`` or ``%%capture``
    cell is read as the Python that it is. None too for what is too long or too
    deeply nested to be read within bounds.
    """
    if len(source) > LONGEST:
        return None
    magics, body, is_python = split_cell_magics(source)
    if not is_python:
        return _plain(f"__ipython__({source.strip()!r})")
    text = "\n" * magics.count("\n") + body
    tree = _plain(text)
    if tree is None:
        text = _with_calls(text)
        tree = _plain(text)
    return tree if tree is not None else _translated(text)


def source_digest(source: str) -> str:
    """Return the sha256 of a cell's meaning: comments, docstrings and layout make no difference.

    It is the same under every version of Python. Source that can't be parsed is text.
    """
    tree = parse(source)
    return text_digest(source) if tree is None else tree_digest(tree)


def text_digest(text: str) -> str:
    """Return the sha256 of a text, in which runs of white space are one space."""
    text = "text " + " ".join(text.split())
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(4 * _KEPT)
def tree_digest(tree: ast.AST) -> str:
    """Return the sha256 of a syntax tree without positions and docstrings."""
    digest = hashlib.sha256()
    for piece in _pieces(tree):
        digest.update(piece.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def is_docstring(statement: ast.stmt) -> bool:
    """Return True if a statement is nothing but a string."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _plain(source: str) -> ast.Module | None:
    for _ in range(3):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        except SystemError:
            # CPython 3.11.7 counts the depth of all trees in the making together. One that a
            # finaliser begins meanwhile (printing a traceback parses its lines) upsets the
            # count of this one: "recursion depth mismatch". The next parse counts anew.
            continue
    return None


def _with_calls(source: str) -> str:
    """IPython's lines as calls of a function, on one line, the lines below where they were."""
    pieces, position = [], 0
    for start, end in mask_source(source).magics:
        magic = source[start:end]
        before = _BEFORE_MAGIC.match(magic)
        kept = before[0] if before else ""
        call = f"{kept}__ipython__({magic[len(kept) :]!r})" + "\n" * magic.count("\n")
        pieces += [source[position:start], call]
        position = end
    return "".join([*pieces, source[position:]])


def _translated(source: str) -> ast.Module | None:
    """Parse after IPython's own translation: prompts, indentation, questions for help."""
    if len(source) * (1 + source.count("?")) > _MOST_WORK:
        return None
    from IPython.core.inputtransformer2 import TransformerManager

    start = _BLANK_LINES.match(source)
    text = source[start.end() :] if start else source
    above = source.count("\n") - text.count("\n")  # IPython drops blank lines at the top
    try:
        python: str = TransformerManager().transform_cell(text)
    except Exception:  # a student's text may trip it in any way; then there is no tree
        return None
    return _plain("\n" * above + python)


def _pieces(tree: ast.AST) -> Iterator[str]:
    """Yield a tree as text, piece by piece; without recursion, so that no depth is too much."""
    stack: list[object] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.AST):
            yield f"({type(node).__name__}"
            stack.append(_Mark(")"))
            for name, value in reversed(_fields(node)):
                stack += [value, _Mark(name)]
        elif isinstance(node, list):
            yield "["
            stack.append(_Mark("]"))
            stack.extend(reversed(node))
        elif isinstance(node, _Mark):
            yield node.text
        elif isinstance(node, int):
            yield f"{type(node).__name__} {node:#x}"  # hex: repr refuses very long ones
        else:
            yield f"{type(node).__name__} {node!r}"


class _Mark:
    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def _fields(node: ast.AST) -> list[tuple[str, object]]:
    if isinstance(node, ast.Constant):
        return [("value", node.value)]
    fields: list[tuple[str, object]] = []
    for name, value in ast.iter_fields(node):
        if name in _NOT_MEANING or value is None or value == []:
            continue  # absent fields differ between versions of Python
        if isinstance(node, ast.JoinedStr):
            value = [part for part in value if not _is_empty(part)]
        elif name == "body" and isinstance(node, _WITH_DOCSTRING) and is_docstring(value[0]):
            value = value[1:]
        fields.append((name, value))
    return fields


def _is_empty(part: ast.AST) -> bool:
    """Return True if part of an f-string is an empty text, as only some versions of Python add."""
    return isinstance(part, ast.Constant) and part.value == ""
