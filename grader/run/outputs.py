"""The notebook that a session runs, and holding its outputs down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

from grader.stages import Submission

MAX_TEXT = 200_000  # characters of one output
MAX_FIGURE = 4_000_000  # characters of one picture in base64
MOST_LEVELS = 50  # of JSON within JSON; what writes a notebook follows each on its stack


def as_notebook(submission: Submission) -> nbformat.NotebookNode:
    """A submission as nbclient takes it: without outputs. It was made valid when it was read."""
    cells = []
    for cell in submission.cells:
        metadata = {"tags": list(cell.tags)}
        made: dict[str, Any] = {"cell_type": cell.kind, "id": cell.id, "metadata": metadata}
        made["source"] = cell.source
        if cell.kind == "code":
            made |= {"execution_count": None, "outputs": []}
        cells.append(made)
    described = {"language_info": {"name": "python"}, "title": Path(submission.file).name}
    whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": described, "cells": cells}
    return nbformat.from_dict(whole)


def tame(cell: nbformat.NotebookNode) -> int:
    """Cut long outputs down in place; returns how many bitmaps the cell showed."""
    figures = 0
    for output in cell.get("outputs", []):
        if "text" in output:
            output["text"] = _cut(str(output["text"]))
        if _is_deep(output.get("metadata")):
            output["metadata"] = {}
        for mime, data in list(output.get("data", {}).items()):
            if _is_deep(data):
                output["data"][mime] = "..."
            elif mime in ("image/png", "image/jpeg") and len(str(data)) <= MAX_FIGURE:
                figures += 1
            elif isinstance(data, str) and len(data) > MAX_TEXT:
                output["data"][mime] = _cut(data)
    return figures


def _is_deep(value: object) -> bool:
    """Whether JSON has more than `MOST_LEVELS` levels."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            part
            for outer in level
            if isinstance(outer, (dict, list))
            for part in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(level)


def _cut(text: str) -> str:
    left_out = len(text) - MAX_TEXT
    return text if left_out <= 0 else text[:MAX_TEXT] + f"\n... {left_out} characters left out"


def bitmaps(cell: nbformat.NotebookNode) -> list[tuple[Any, str]]:
    """``(kind, base64)`` of each bitmap that the cell showed."""
    return [
        (mime, str(data))
        for output in cell.get("outputs", [])
        for mime, data in output.get("data", {}).items()
        if mime in ("image/png", "image/jpeg") and len(str(data)) <= MAX_FIGURE
    ]
