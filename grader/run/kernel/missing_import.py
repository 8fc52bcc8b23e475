"""Decide if an import really failed, because this machine lacks a package.

An exception may be raised by hand with any name and text. What the coordinator has of its
own are the sources of the cells and its environment, which is the kernels' too; the
kernel says at which line the innermost failure was.
"""

from __future__ import annotations

import ast
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterator, Mapping
from importlib.machinery import PathFinder

LONGEST = 400_000  # characters of a cell that are looked into
_SAID = re.compile(r"No module named '([\w.]+)'(?:; '[\w.]+' is not a package)?")
_FRAME = re.compile(
    r"^(?:Cell In\[(\d{1,9})\], line (\d{1,9})|File (.+?)(?::\d+)?(?:, in |$))", re.MULTILINE
)
_ARROW = re.compile(r"^-+> \d+ (.*)$", re.MULTILINE)
_CALLED = frozenset({"import_module", "__import__", "reload"})
_MAGIC = re.compile(r"^(\s*)[%!?].*")
_IMPORT = re.compile(
    r"\s*(?:import|from)\s|(?!\s*raise\b).*\b(?:import_module|__import__|reload)\s*\("
)


def import_failed(text: str, trace: str, sources: Mapping[int, str], number: int) -> bool:
    """Return True if a ``ModuleNotFoundError`` with ``text`` is of an import that can't work here.

    ``trace`` is IPython's traceback, ``sources`` the cells by their execution count, and
    ``number`` that of the cell that failed. An import counts where it stands in a cell, in a
    function of one, in a library, and where it is raised again as it was.
    """
    said = _SAID.fullmatch(text)
    frames = list(_FRAME.finditer(trace.removesuffix(text)))
    if said is None or not frames or _is_installed(said[1]):
        return False
    cell, line, file = frames[-1].groups()
    if cell:
        return _imports(sources.get(int(cell), ""), int(line), said[1])
    if file.startswith("<frozen importlib"):
        return True
    if file.startswith("<"):  # text that was compiled: a cell magic's, or a string's
        shown = sources.get(number, "")
        return "import" in shown and "raise" not in shown
    arrows = _ARROW.findall(trace, frames[-1].end())
    return bool(arrows) and _IMPORT.match(arrows[-1]) is not None


def _is_installed(name: str) -> bool:
    """Return True if the environment has a module: its first part, or all of a namespace's."""
    places = [sysconfig.get_path(p) for p in ("stdlib", "purelib", "platlib")]
    places.append(f"{places[0]}/lib-dynload")
    for part in name.split("."):
        if part in sys.builtin_module_names:
            return True
        found = PathFinder.find_spec(part, places)
        if found is None:
            return False
        if found.loader is not None and found.origin is not None:
            return True
        places = list(found.submodule_search_locations or ())
    return True


def _imports(source: str, line: int, name: str) -> bool:
    """Return True if line ``line`` of a cell imports ``name``, or raises that failure again."""
    lines = source.split("\n")
    tree = _tree("\n".join(_MAGIC.sub(r"\1pass", one) for one in lines))
    if tree is None:  # IPython knows more than Python does
        return any(_IMPORT.match(one) for one in lines[line - 1 : line])
    handled = False
    simple: list[ast.stmt] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Try):
            inside = any(h.lineno <= line <= (h.end_lineno or 0) for h in node.handlers)
            handled |= inside and any(_imports_package(s, name) for s in node.body)
        elif isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0):
            simple += [] if hasattr(node, "body") else [node]
    if any(isinstance(s, ast.Raise) and not _reraises(s) for s in simple):
        return False
    again = handled and any(isinstance(s, ast.Raise) for s in simple)
    return again or any(_imports_package(s, name) for s in simple)


def _tree(source: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the student's code
        try:
            return ast.parse(source) if len(source) <= LONGEST else None
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _reraises(statement: ast.Raise) -> bool:
    """Return True for ``raise`` and ``raise error``: they make no exception."""
    return statement.exc is None or isinstance(statement.exc, ast.Name)


def _imports_package(statement: ast.stmt, name: str) -> bool:
    """Return True if a statement imports the package of ``name``, by a name or by a value."""
    return any(found in ("", name.partition(".")[0]) for found in _packages(statement))


def _packages(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or ".").partition(".")[0] or "."
        elif isinstance(node, ast.Call):
            called = node.func
            own = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if own in _CALLED:
                yield ""
