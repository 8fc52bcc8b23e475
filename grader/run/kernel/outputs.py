"""The notebook that a session runs, and the limits on its outputs.

A kernel keeps to them by itself, and counts what it leaves out:
`grader.untrusted.box.output_limit`.
Here they hold for one that does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import nbformat

from grader.core.types import (
    LARGEST_PICTURE,
    LARGEST_TEXT,
    CellRun,
    Figure,
    OmittedOutput,
    Submission,
)
from grader.untrusted.box.output_limit import LEFT_OUT, cut, is_picture

MOST_FIGURES = 12  # that are not shown, of one cell
_MOST_COUNTED = 10**15
MOST_LEVELS = 50  # of JSON within JSON; what writes a notebook follows each on its stack


def as_notebook(submission: Submission) -> nbformat.NotebookNode:
    """Return a submission, valid as it was read, as nbclient takes it: without outputs."""
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


def trim_outputs(cell: nbformat.NotebookNode) -> tuple[int, OmittedOutput]:
    """Cut long outputs down in place.

    Return how many pictures the cell still shows, and what was left out.
    """
    figures, left_out = 0, OmittedOutput()
    for output in cell.get("outputs", []):
        if _is_deep(output.get("metadata")):
            output["metadata"] = {}
        data = output.get("data", {})
        has_picture = any(map(is_picture, data))
        if "text" in output:
            output["text"], lost = _cut(str(output["text"]))
            left_out += lost
        for mime, value in list(data.items()):
            if _is_deep(value):
                data[mime] = "..."
            elif is_picture(mime) and len(str(value)) > LARGEST_PICTURE:
                del data[mime]
                left_out += OmittedOutput(largest_picture=len(str(value)) * 3 // 4)  # of base64
            elif isinstance(value, str) and not is_picture(mime):
                data[mime], lost = _cut(value)
                left_out += lost
        if any(map(is_picture, data)):
            figures += 1
        elif has_picture:
            left_out += OmittedOutput(pictures_dropped=1)
    return figures, left_out


def omitted_by_kernel(metadata: object) -> OmittedOutput:
    """Read what a kernel left out, as the metadata of its reply to a cell counts it."""
    said = metadata.get(LEFT_OUT) if isinstance(metadata, Mapping) else None
    counts = said if isinstance(said, Mapping) else {}
    numbers = {f.name: counts.get(f.name) for f in fields(OmittedOutput)}
    return OmittedOutput(
        **{
            name: min(max(0, number), _MOST_COUNTED)
            for name, number in numbers.items()
            if isinstance(number, int)
        }
    )


def _is_deep(value: object) -> bool:
    """Return True if JSON has more than `MOST_LEVELS` levels."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            part
            for outer in level
            if isinstance(outer, (dict, list))
            for part in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(level)


def _cut(text: str) -> tuple[str, OmittedOutput]:
    """Return the beginning of a long text, and how much was left out."""
    if len(text) <= LARGEST_TEXT:
        return text, OmittedOutput()
    return cut(text, LARGEST_TEXT), OmittedOutput(bytes_written=len(text), bytes_kept=LARGEST_TEXT)


def figures(cell: nbformat.NotebookNode, run: CellRun) -> list[Figure]:
    """Return the pictures that a cell showed. Those that are left out have no data."""
    found = []
    for output in cell.get("outputs", []):
        data = {mime: value for mime, value in output.get("data", {}).items() if is_picture(mime)}
        bitmaps = [mime for mime in ("image/png", "image/jpeg") if mime in data]
        if bitmaps:
            mime: Any = bitmaps[0]
            found.append(Figure(cell=run.index, name="", mime=mime, data=str(data[mime])))
        elif data:
            found.append(_unseen(run.index))
    return found + [_unseen(run.index)] * min(run.omitted.pictures_dropped, MOST_FIGURES)


def _unseen(cell: int) -> Figure:
    return Figure(cell=cell, name="", mime="", data="")
