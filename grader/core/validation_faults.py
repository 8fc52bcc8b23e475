"""Faults in data, each as one line: its path, what is wrong, the name that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def describe_fault(fault: ErrorDetails) -> str:
    """Return the path of a fault, what is wrong there, and the scalar that is found there."""
    path = ""
    for step in fault["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    if fault["type"] == "extra_forbidden":
        return f"{path}: there is no such key"
    message = fault["msg"][0].lower() + fault["msg"][1:]
    value = "" if isinstance(fault["input"], (dict, list)) else f", got {fault['input']!r}"
    return f"{path or 'top level'}: {message}{value}"


def suggest_name(unknown: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown name: the nearest known one, where one is."""
    near = difflib.get_close_matches(unknown, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
