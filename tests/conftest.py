"""What several tests need: the assignment, notebooks made from the solution, graded folders."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

import pytest
import sandboxes
from project import ROOT, SOLUTION

from grader.assignment import Assignment
from grader.gather import Job, gather
from grader.load import load_assignment
from grader.stages import Evidence


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


@pytest.fixture(scope="session", params=sandboxes.MATRIX, ids="-".join)
def boxes(request: pytest.FixtureRequest) -> Iterator[sandboxes.SandboxServer]:
    """Sandboxes of each backend, as each user; one warm process serves every test."""
    backend, user = request.param
    started = sandboxes.start(backend, user, refused=backend == "landlock")
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
