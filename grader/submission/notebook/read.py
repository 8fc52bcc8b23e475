"""A notebook file to a ``Submission``: tolerant of form, strict about what comes out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grader.core.types import Cell, Note, Submission
from grader.submission.notebook.decode import decode
from grader.submission.notebook.headings import headings
from grader.submission.notebook.raw_cell import RawCell, clean, raw_cell
from grader.submission.notebook.repair import repair_source

LARGEST = 100_000_000  # bytes of a file
MOST_CELLS = 5_000
MOST_CODE = 2_000_000  # characters in all code cells together

_GOOD_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
_MADE_ID = "made-"  # begins the ids that are made here
_LANGUAGE_OF_KERNEL = {"ir": "R", "julia": "Julia", "octave": "Octave", "matlab": "MATLAB"}
_PYTHON = ("python", "ipython", "pyodide", "xpython", "sage")


def read_notebook(path: Path) -> Submission:
    """Read a notebook file of nbformat 3 or 4, mending what can be mended.

    Never raises for what is in the file: what can't be read has a ``fault``. Stored
    outputs are dropped. Raises ``OSError`` when the file can't be opened or read,
    which is no fault of the student's.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
        digest.update(data)
        size = len(data)
        while size > LARGEST and (more := file.read(1 << 20)):
            digest.update(more)
            size += len(more)
    name, sha256 = clean(path.name), digest.hexdigest()
    if size > LARGEST:
        megabytes = {"size": round(size / 1e6), "limit": round(LARGEST / 1e6)}
        fault = Note(message_id="read.fault.too_large", values=megabytes)
        return Submission(file=name, sha256=sha256, fault=fault)
    document = decode(data)
    if isinstance(document, Note):
        return Submission(file=name, sha256=sha256, fault=document)
    return _submission(name, sha256, document.tree, document.notes)


def is_generated_id(id: str) -> bool:
    """Return True if a cell's id was made while reading, for want of a good one in the file."""
    return id.startswith(_MADE_ID)


def _submission(
    name: str, sha256: str, tree: dict[str, Any], notes: tuple[Note, ...]
) -> Submission:
    metadata = tree.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    assignment = _grader_metadata(metadata, "assignment")
    reader_language = _grader_metadata(metadata, "language")
    language = _language(metadata)

    def refused(message_id: str, **values: str | int) -> Submission:
        return Submission(
            file=name,
            sha256=sha256,
            language=language,
            assignment=assignment,
            reader_language=reader_language,
            notes=notes,
            fault=Note(message_id=f"read.fault.{message_id}", values=values),
        )

    if language != "python":
        return refused("language", language=language)
    listed, version_notes = _listed_cells(tree)
    if listed is None:
        return refused("not_notebook")
    if len(listed) > MOST_CELLS:
        return refused("too_many_cells", count=len(listed), limit=MOST_CELLS)
    raws = [raw_cell(cell) for cell in listed]
    code = [raw for raw in raws if raw.kind == "code"]
    if not any(raw.source.strip() for raw in code):
        return refused("no_code")
    if sum(len(raw.source) for raw in code) > MOST_CODE:
        return refused("too_much_code", limit=MOST_CODE)
    cells, mended = _cells(raws)
    return Submission(
        file=name,
        sha256=sha256,
        cells=cells,
        assignment=assignment,
        reader_language=reader_language,
        notes=(*notes, *version_notes, *_cell_notes(raws), *mended, *_order_notes(cells)),
    )


def _listed_cells(tree: dict[str, Any]) -> tuple[list[Any] | None, list[Note]]:
    """Return the cells as the file has them, and what is to be said of the file's version."""
    version = tree.get("nbformat")
    minor = tree.get("nbformat_minor")
    cells = tree.get("cells")
    if isinstance(cells, list):
        if version != 4 or not isinstance(minor, int) or minor > 5:
            named = [str(part)[:9] if isinstance(part, int) else "?" for part in (version, minor)]
            values = {"version": ".".join(named)}
            return cells, [Note(message_id="read.mended.version", values=values, for_student=False)]
        return cells, []
    sheets = tree.get("worksheets")
    if not isinstance(sheets, list):
        return None, []
    joined: list[Any] = []
    for sheet in sheets:
        if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list):
            joined += sheet["cells"]
    return joined, [Note(message_id="read.mended.old_format")]


def _cells(raws: Iterable[RawCell]) -> tuple[tuple[Cell, ...], list[Note]]:
    cells: list[Cell] = []
    notes: list[Note] = []
    ids: set[str] = set()
    heading, bad_ids = "", 0
    for index, raw in enumerate(raws):
        source = raw.source
        if raw.kind == "code":
            source, mended = repair_source(source, index)
            notes += mended
        id = raw.id if isinstance(raw.id, str) and _GOOD_ID.match(raw.id) else ""
        if not id or id in ids or is_generated_id(id):
            bad_ids += raw.id is not None
            id = f"{_MADE_ID}{index}"
        ids.add(id)
        cells.append(
            Cell(
                index=index,
                kind=raw.kind,
                source=source,
                id=id,
                tags=raw.tags,
                executed=raw.executed,
                heading=heading,
            )
        )
        if raw.kind == "markdown" and (found := headings(source)):
            heading = found[-1].text
    if bad_ids:
        values = {"count": bad_ids}
        notes.append(Note(message_id="read.mended.ids", values=values, for_student=False))
    return tuple(cells), notes


def _cell_notes(raws: Iterable[RawCell]) -> list[Note]:
    """One note for each kind of thing that was mended in cells, naming the cells."""
    by_message: dict[str, list[int]] = {}
    for index, raw in enumerate(raws):
        for fault in raw.mended:
            by_message.setdefault(fault, []).append(index)
    return [
        Note(
            message_id=f"read.mended.{fault}",
            values={"cells": _listing(cells)},
            for_student=fault in ("cell", "source", "kind", "characters"),
        )
        for fault, cells in sorted(by_message.items())
    ]


def _listing(indices: list[int]) -> str:
    """Return the cells as people count them, from 1."""
    shown = ", ".join(str(index + 1) for index in indices[:12])
    return shown if len(indices) <= 12 else f"{shown}, \N{HORIZONTAL ELLIPSIS}"


def _order_notes(cells: Iterable[Cell]) -> list[Note]:
    """Return a note when the stored counts show that cells were run in another order."""
    above: Cell | None = None
    for cell in cells:
        if cell.kind != "code" or cell.executed is None:
            continue
        if above is not None and above.executed is not None and cell.executed < above.executed:
            values = {"cell": cell.index + 1, "above": above.index + 1}
            return [Note(message_id="read.order", values=values)]
        above = cell
    return []


def _grader_metadata(metadata: dict[str, Any], key: str) -> str | None:
    """Return an entry of the notebook's metadata for the grader."""
    ours = metadata.get("grader")
    name = ours.get(key) if isinstance(ours, dict) else None
    return clean(name)[:200] if isinstance(name, str) and name else None


def _language(metadata: dict[str, Any]) -> str:
    """Return the language that the notebook's metadata names; "python" when it names none."""
    names: list[str] = []
    for key, entry in (("language_info", "name"), ("kernelspec", "language")):
        part = metadata.get(key)
        name = part.get(entry) if isinstance(part, dict) else None
        if isinstance(name, str) and name.strip():
            names.append(clean(name).strip()[:40])
    kernel = metadata.get("kernelspec")
    kernel_name = kernel.get("name") if isinstance(kernel, dict) else None
    if not names and isinstance(kernel_name, str):
        stem = re.split(r"[-_\d. ]", kernel_name.lower(), maxsplit=1)[0]
        names += [_LANGUAGE_OF_KERNEL[stem]] if stem in _LANGUAGE_OF_KERNEL else []
    if not names or any(name.lower().startswith(_PYTHON) for name in names):
        return "python"
    return names[0]
