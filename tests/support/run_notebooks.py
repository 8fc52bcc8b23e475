"""Notebooks run cell by cell, as Jupyter does."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient


def outputs_of(notebook: Any, folder: Path, *sources: str) -> list[Any]:
    """Run a notebook with further cells in ``folder``; the outputs of these, cell by cell."""
    notebook = nbformat.from_dict(json.loads(json.dumps(notebook)))
    more = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook.cells += more
    client = NotebookClient(notebook, timeout=120, allow_errors=True)
    client.resources["metadata"] = {"path": str(folder)}
    client.execute(env={**os.environ, "LC_ALL": "C.UTF-8"})
    return [cell.outputs for cell in more]


def text(cell: Sequence[Any]) -> str:
    """All text in a cell's outputs; it must not have raised."""
    assert not [output for output in cell if output.output_type == "error"], cell
    return "".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell)
