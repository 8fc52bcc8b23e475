"""Notebooks of one cell beside a right one."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.project import SOLUTION

MIB = 2**20


def hand_in(folder: Path, **sources: str) -> None:
    """Notebooks of one cell, and the solution as "right"."""
    folder.mkdir()
    (folder / "right.ipynb").write_bytes(SOLUTION.read_bytes())
    notebook = json.loads(SOLUTION.read_text("utf-8"))
    for name, source in sources.items():
        cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "source": source}
        text = json.dumps({**notebook, "cells": [{**cell, "execution_count": None}]})
        (folder / f"{name}.ipynb").write_text(text, "utf-8")
