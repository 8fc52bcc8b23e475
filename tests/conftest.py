"""What several tests need: the assignment, notebooks made from the solution, graded folders."""

from __future__ import annotations

import json
import os
import string
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boxed
import pytest

from grader.assignment import Assignment
from grader.gather import Job, gather
from grader.load import load_assignment
from grader.stages import Evidence

ROOT = Path(__file__).parents[1]
SOLUTION = ROOT / "reference" / "hh" / "hh-solution.ipynb"


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    """The HH assignment as a teacher sees it."""
    return load_assignment(ROOT / "assignments" / "hh", ROOT / "reference" / "hh")


@pytest.fixture(scope="session")
def solution(assignment: Assignment) -> Evidence:
    """What the teacher's notebook showed in a real kernel, run once for all tests."""
    return gather(
        Job(notebook=SOLUTION, assignment=assignment, limits=assignment.limits, secret=b"tests")
    )


@pytest.fixture(scope="session", params=boxed.MATRIX, ids="-".join)
def boxes(request: pytest.FixtureRequest) -> Iterator[boxed.Boxes]:
    """Boxes of each backend, as each user; the warm process serves every test that uses it."""
    backend, user = request.param
    started = boxed.start(backend, user, refused=backend == "landlock")
    if isinstance(started, str):
        pytest.skip(started)
    yield started
    started.close()


@pytest.fixture(scope="session")
def solution_with() -> Callable[[Mapping[str, str]], str]:
    """A function that gives the teacher's notebook with texts of its code replaced."""

    def make(replacements: Mapping[str, str]) -> str:
        notebook = json.loads(SOLUTION.read_text("utf-8"))
        for old, new in replacements.items():
            hit = 0
            for cell in notebook["cells"]:
                source = "".join(cell["source"])
                if cell["cell_type"] == "code" and old in source:
                    cell["source"], hit = source.replace(old, new), hit + 1
            assert hit, f"nothing to replace: {old!r}"
        return json.dumps(notebook, ensure_ascii=False)

    return make


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


def run_grader(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The ``grader`` command as a user starts it."""
    return subprocess.run(
        [sys.executable, "-m", "grader", *map(str, arguments)],
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


def names_in(sentence: str) -> set[str]:
    """The names of the values that a sentence asks for."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
