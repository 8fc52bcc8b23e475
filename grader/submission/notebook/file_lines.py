"""On which lines of its file a notebook's source stands.

An ``.ipynb`` is JSON. Where it is shown raw, as on GitHub, a cell's tenth line may be the
file's four hundredth.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator

from grader.submission.notebook.decode import NOTHING, text_of

_LARGEST = 20_000_000  # bytes of a file that is looked through
_PIECE = re.compile(r"[^\n]*\n|[^\n]+")  # a line, or the beginning of one
_SPACE = re.compile(f"[{NOTHING}]*")
_value = json.JSONDecoder(strict=False).raw_decode


def source_lines(data: bytes) -> tuple[tuple[int, ...], ...]:
    """Return for each cell the line of the file on which each line of its source stands.

    Lines are counted from 1; cells come in the order in which they are read, over all
    worksheets. Empty for what is no notebook, and for one of more than 20 MB.
    """
    if len(data) > _LARGEST:
        return ()
    text, _ = text_of(data)
    ends = [found.start() for found in re.finditer("\n", text)]
    try:
        cells = [*_cells(text, _after(text, 0))]
        return tuple(tuple(_lines(text, cell, ends)) for cell in cells)
    except (ValueError, IndexError, RecursionError):
        return ()


def _cells(text: str, notebook: int) -> Iterator[int]:
    """Yield the place where each cell begins."""
    top = dict(_members(text, notebook))
    if "cells" in top:
        yield from _items(text, top["cells"])
    elif "worksheets" in top:
        for sheet in _items(text, top["worksheets"]):
            yield from _items(text, dict(_members(text, sheet))["cells"])


def _lines(text: str, cell: int, ends: list[int]) -> Iterator[int]:
    """Yield the file's line of each line of one cell, whose source is a text or a list of them."""
    members = dict(_members(text, cell))
    source = members.get("source", members.get("input"))
    if source is None:
        return
    unfinished = False
    for at in _items(text, source) if text[source] == "[" else [source]:
        part, _ = _value(text, at)
        if not isinstance(part, str):
            continue
        for piece in _PIECE.findall(part.replace("\r\n", "\n").replace("\r", "\n")):
            if not unfinished:
                yield bisect_right(ends, at) + 1
            unfinished = not piece.endswith("\n")


def _members(text: str, at: int) -> Iterator[tuple[str, int]]:
    """Yield each key of an object that begins at ``at``, and where its value begins."""
    if text[at] != "{":
        return
    at = _after(text, at + 1)
    while text[at] != "}":
        key, at = _value(text, at)
        at = _after(text, _after(text, at) + 1)
        yield key, at
        at = _next(text, at)


def _items(text: str, at: int) -> Iterator[int]:
    """Yield the place where each item of a list that begins at ``at`` begins."""
    if text[at] != "[":
        return
    at = _after(text, at + 1)
    while text[at] != "]":
        yield at
        at = _next(text, at)


def _next(text: str, at: int) -> int:
    """Return the place where the next member or item begins, or its object or list ends."""
    at = _after(text, _value(text, at)[1])
    return _after(text, at + 1) if text[at] == "," else at


def _after(text: str, at: int) -> int:
    """Return the place of the first sign from ``at`` on that means something."""
    found = _SPACE.match(text, at)
    return at if found is None else found.end()
