"""What a real kernel showed, and kernels to run more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.assignment.schema import Assignment
from grader.core.types import Evidence
from grader.run.collect_evidence import collect_evidence
from grader.run.run_request import RunRequest
from tests.support import warm_kernels
from tests.support.project import SOLUTION
from tests.support.warm_kernels import COLD, Kernels


@pytest.fixture(scope="session")
def solution(assignment: Assignment) -> Evidence:
    """What the teacher's notebook showed in a real kernel, run once for all tests."""
    return collect_evidence(
        RunRequest(
            notebook=SOLUTION, assignment=assignment, limits=assignment.limits, secret=b"tests"
        )
    )


@pytest.fixture(scope="session")
def warm() -> Iterator[warm_kernels.Kernels]:
    """Kernels that are forks of one warm process; cold ones where no sandbox works here."""
    with warm_kernels.started() as kernels:
        yield kernels


@pytest.fixture
def kernels(request: pytest.FixtureRequest) -> Kernels:
    """The kernels that a test names."""
    if request.param == "cold":
        return COLD
    warm: Kernels = request.getfixturevalue("warm")
    return warm
