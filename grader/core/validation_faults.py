"""Faults that pydantic finds in data, each as one line that names its path."""

from __future__ import annotations

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
