"""Notebooks as JSON, for tests of reading them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from grader.core.messages import catalogue
from grader.core.types import Submission
from tests.support.project import ROOT

RELEASED = ROOT / "assignments" / "hh" / "hh.ipynb"

Reader = Callable[[Any], Submission]


def sentences(submission: Submission, language: str = "en") -> list[str]:
    """Every sentence about a submission; both languages must have them all."""
    notes = [*submission.notes, *([submission.fault] if submission.fault else [])]
    for note in notes:
        catalogue("zh").render(note.message_id, **note.values)
    return [catalogue(language).render(note.message_id, **note.values) for note in notes]


def released() -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(RELEASED.read_text("utf-8"))
    return tree


def notebook(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def code(source: Any = "x = 1", **more: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}
    return {**cell, "execution_count": None, "id": f"c{abs(hash(str(source)))}", **more}
