"""The meaning of an exception in a cell: whose fault it is, and what it hints at.

A cell that only fails because it was graded elsewhere than it was written costs no
points; the report says what happened.
"""

from __future__ import annotations

import difflib
import re

_COURSE_PACKAGES = ("brainpy", "jax", "numpy", "matplotlib")
OF_IMPORTS = ("run.excuse.package", "run.excuse.colab")
_MISPLACED = re.compile(
    r"Type does not match|requires leaf nodes that have the master_type"
    r"|missing 2 required positional arguments: 'C' and 'E'|JAX does not support string indexing"
)
_MISSING = re.compile(r"No module named '([\w.]+)'")


def excuse(error_name: str, error_text: str) -> str:
    """Return the message id of the excuse for an exception, or "" when there is none."""
    if error_name == "StdinNotImplementedError":
        return "run.excuse.input"
    if error_name == "ModuleNotFoundError" and (missing := _MISSING.search(error_text)):
        package = missing[1]
        if package == "google" or package.startswith("google.colab"):
            return "run.excuse.colab"
        top = package.split(".")[0]
        if top in _COURSE_PACKAGES or difflib.get_close_matches(top, _COURSE_PACKAGES, cutoff=0.75):
            return ""
        return "run.excuse.package"
    if error_name in {"RuntimeError", "XlaRuntimeError", "JaxRuntimeError"} and re.search(
        r"[Uu]nknown backend:? '?(gpu|cuda|tpu|rocm)|no (GPU|TPU) (device|backend)", error_text
    ):
        return "run.excuse.device"
    return ""


def without_import(source: str, line: int | None) -> tuple[str, frozenset[str]] | None:
    """Return ``source`` with the import statement at ``line`` (from 1) made a ``pass``.

    The number of lines stays. With it come the words of that statement, among them
    the names that are missing now. None when no import begins there.
    """
    lines = source.splitlines()
    if line is None or not 0 < line <= len(lines):
        return None
    begin = re.match(r"(\s*)(import|from)\s", lines[line - 1])
    if begin is None:
        return None
    end, text = line, lines[line - 1]
    while end < len(lines) and (text.endswith("\\") or text.count("(") > text.count(")")):
        text += lines[end]
        end += 1
    names = frozenset(re.findall(r"\w+", "\n".join(lines[line - 1 : end])))
    lines[line - 1 : end] = [begin[1] + "pass", *[""] * (end - line)]
    return "\n".join(lines), names


def is_about_missing(error_name: str, error_text: str, names: frozenset[str]) -> bool:
    """Tell whether an exception says no more than that one of ``names`` is missing."""
    found = re.match(r"name '(\w+)' is not defined", error_text)
    return error_name == "NameError" and found is not None and found[1] in names


def missing_package(error_text: str) -> str:
    """Return the package that an import did not find, or ""."""
    found = _MISSING.search(error_text)
    return found[1].split(".")[0] if found else ""


def hint(error_name: str, error_text: str) -> str:
    """Return the message id of what an exception probably means, or "" when we can't say."""
    if error_name == "AttributeError" and re.search(r"module 'brainpy[\w.]*' has no", error_text):
        return "run.hint.older_brainpy"
    if error_name == "ModuleNotFoundError" and "brainpy." in error_text:
        return "run.hint.older_brainpy"
    if error_name == "UniqueNameError":
        return "run.hint.unique_name"
    if is_misplaced(error_text):
        return "run.hint.misplaced"
    return ""


def is_misplaced(error_text: str) -> bool:
    """Tell whether BrainPy says that a channel hangs on something else than its kind needs."""
    return _MISPLACED.search(error_text) is not None
