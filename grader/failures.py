"""What an exception in a cell means: whose fault it is, and what it hints at.

A cell that only fails because it was graded elsewhere than it was written costs no
points; the report says what happened.
"""

from __future__ import annotations

import difflib
import re

_COURSE_PACKAGES = ("brainpy", "jax", "numpy", "matplotlib")
_MISSING = re.compile(r"No module named '([\w.]+)'")


def excuse(error_name: str, error_text: str) -> str:
    """The message id of the excuse for an exception, or "" when there is none."""
    if error_name == "StdinNotImplementedError":
        return "run.excuse.input"
    if error_name == "ModuleNotFoundError" and (missing := _MISSING.search(error_text)):
        package = missing[1]
        if package.startswith("google.colab"):
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


def missing_package(error_text: str) -> str:
    """The package that an import did not find, or ""."""
    found = _MISSING.search(error_text)
    return found[1].split(".")[0] if found else ""


def hint(error_name: str, error_text: str) -> str:
    """The message id of what an exception probably means, or "" when we can't say."""
    if error_name == "AttributeError" and re.search(r"module 'brainpy[\w.]*' has no", error_text):
        return "run.hint.older_brainpy"
    if error_name == "ModuleNotFoundError" and "brainpy." in error_text:
        return "run.hint.older_brainpy"
    if error_name == "UniqueNameError":
        return "run.hint.unique_name"
    return ""
