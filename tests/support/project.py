"""The project as tests use it: its folders, its command, the results that the command writes."""

from __future__ import annotations

import json
import os
import string
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SOLUTION = ROOT / "reference" / "hh" / "hh-solution.ipynb"


def short_solution(file: Path, before: str = "", after: str = "") -> Path:
    """Write the solution with a cell before the graded one and one right after it, and no rest."""
    notebook = json.loads(SOLUTION.read_text("utf-8"))
    kept = ("imports", "channel-IK", "channel-INa", "channel-IL", "HH")
    cells = [cell for cell in notebook["cells"] if cell.get("id") in kept]
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells.insert(4, {**blank, "id": "before", "source": before})
    cells.append({**blank, "id": "after", "source": after})
    file.write_text(json.dumps({**notebook, "cells": cells}), "utf-8")
    return file


def run_grader(
    *arguments: str | Path, before: Sequence[str] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """The ``grader`` command as a user starts it, by way of the program ``before`` if given."""
    return subprocess.run(
        [*before, sys.executable, "-m", "grader", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "100", **environment},
        timeout=1200,
    )


def results(out: Path) -> dict[str, dict[str, Any]]:
    """Every result.json of a graded folder, by submission."""
    return {
        file.parent.name: json.loads(file.read_text("utf-8"))
        for file in sorted(out.glob("*/result.json"))
    }


def checks(result: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The checks of a result by their id."""
    return {check["id"]: check for check in result["checks"]}


def points(result: Mapping[str, Any]) -> dict[str, Any]:
    """All that a result's mark is made of: what became of each check, and the score."""
    each = {id: (check["status"], check["points"]) for id, check in checks(result).items()}
    return {**each, "score": result["score"], "outcome": result["outcome"]}


def names_in(sentence: str) -> set[str]:
    """The names of the values that a sentence asks for."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
