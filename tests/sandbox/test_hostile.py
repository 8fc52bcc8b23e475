"""Hostile notebooks through the real pipeline, boxed in by each backend.

Without an option a dozen of them are graded beside honest ones, with the first backend and
user that work here. --full grades all of them so, and those in whose fate the box has a part
with Landlock as an ordinary user in a container's stand-in (``container.py``). --exhaustive
grades all of them with each backend as each user. Each such combination is one ``grader grade``
of the notebooks whose tests were asked for, so ``-k tcp`` grades little.

That command is the product's but for two things (see ``hostile/first_run_counts.py``): what was
cut is not run again, and what fills memory may take less. So a verdict here is that of a
notebook's first run; ``test_cut_runs.py`` tests the second.

GRADER_HOSTILE_KEEP=DIR in the environment keeps what was graded, to look at it.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.data.hostile.build import HERE, on_wrong_model
from tests.data.hostile.expected import FACTS, Hostile, load_hostile, wrong_verdict
from tests.support.hostile.batch import (
    HONEST,
    TWIN,
    Batch,
    NotHere,
    graded,
    happened,
    happened_to,
    outputs,
)

HOSTILE = load_hostile(HERE)
OF_A_BATCH = [fact for fact in FACTS if fact not in ("reached", "markup")]
# The first that works here grades most.
FIRST = ("bwrap-root", "bwrap-ordinary", "landlock-root", "landlock-ordinary")
SECOND = "landlock-ordinary"
FURTHER = ("bwrap-ordinary", "landlock-root")

full, exhaustive = pytest.mark.full, pytest.mark.exhaustive
TIERS = {"small": (), "whole": (full,), SECOND: (full,), **dict.fromkeys(FURTHER, (exhaustive,))}
"""What is graded in which tier; "small" and "whole" are one batch where both are asked for."""
EVERY_BATCH = [pytest.param(name, marks=marks) for name, marks in TIERS.items()]
WITH_ATTACKS_ON_MARKS = [
    pytest.param(name, marks=exhaustive if name == SECOND else marks)
    for name, marks in TIERS.items()
]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the box is made of Linux's parts")


def _attacks() -> Iterator[Any]:
    """Each notebook with each batch that it is in, as parameters of a test with their tiers."""
    for name, marks in TIERS.items():
        for entry in HOSTILE:
            if name in ("small", "whole") and entry.small != (name == "small"):
                continue
            for_all = name == SECOND and not entry.box
            yield pytest.param(
                *(name, entry), id=f"{name}-{entry.name}", marks=exhaustive if for_all else marks
            )


def _asked_for(session: pytest.Session, names: tuple[str, ...]) -> list[Hostile]:
    """The notebooks of those batches that a test of this invocation is about."""
    parameters = [
        item.callspec.params
        for item in session.items
        if item.path.name == "test_hostile.py" and hasattr(item, "callspec")
    ]
    asked = [p["entry"] for p in parameters if "entry" in p and p["which"] in names]
    asked = asked or [entry for entry in HOSTILE if entry.small]
    return [entry for entry in HOSTILE if entry in asked or entry.file == TWIN]


@pytest.fixture(scope="module")
def batches(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Batch]]:
    """A function that gives the batch of a name, graded when a test first asks for it."""
    known: dict[str, Batch | Exception] = {}

    def grade(name: str) -> Batch:
        if name != "whole":
            return graded(name, _asked_for(request.session, (name,)))
        entries = _asked_for(request.session, ("small", "whole"))
        for combination in FIRST:
            with contextlib.suppress(NotHere):
                return graded(combination, entries)
        raise NotHere("no backend works here, whoever starts it")

    def give(name: str) -> Batch:
        name = "whole" if name == "small" else name
        if name not in known:
            try:
                known[name] = grade(name)
            except Exception as problem:  # what failed once would fail for every test
                known[name] = problem
        found = known[name]
        if isinstance(found, NotHere):
            pytest.skip(str(found))
        if isinstance(found, Exception):
            raise found
        return found

    yield give
    for batch in known.values():
        if isinstance(batch, Batch):
            shutil.rmtree(batch.out.parent, ignore_errors=True)


@pytest.fixture
def batch(which: str, batches: Callable[[str], Batch]) -> Batch:
    """The batch of this name, graded by one command with one backend, as one user."""
    return batches(which)


@pytest.mark.parametrize(("which", "entry"), list(_attacks()))
def test_attack(entry: Hostile, batch: Batch) -> None:
    """The attack was really tried, its notebook gets its verdict, and no promise is broken."""
    assert entry.file in batch.by_file, batch.said[-2000:]
    result = batch.by_file[entry.file]
    assert wrong_verdict(entry, result) == []
    # What filled memory till it was ended had no time to say so.
    tried = entry.says in outputs(batch, entry.file) or result["run"]["status"] == "memory"
    assert tried, "the attack was not tried"
    assert happened_to(entry, batch) == [], entry.promise


@pytest.mark.parametrize("which", WITH_ATTACKS_ON_MARKS)
def test_no_attack_earns_more_than_its_honest_twin(batch: Batch) -> None:
    """Attacks that stand on a wrong model get no point more than that model without an attack."""
    wrong = set(on_wrong_model()) & set(batch.by_file)
    assert wrong, "no attack on the marks is among those that were asked for"
    most = batch.by_file[TWIN]["score"]
    scores = {name: batch.by_file[name]["score"] for name in wrong}
    assert {name: score for name, score in scores.items() if not score <= most} == {}


@pytest.mark.parametrize("which", EVERY_BATCH)
def test_the_batch_goes_on(batch: Batch) -> None:
    """Every submission is graded, none ends the command, and each result names its box."""
    assert set(batch.by_file) == {entry.file for entry in batch.tried} | set(HONEST)
    assert batch.returncode == 0, batch.said[-2000:]
    assert {r["provenance"]["sandbox"] for r in batch.by_file.values()} == {batch.backend}


@pytest.mark.parametrize("fact", OF_A_BATCH)
@pytest.mark.parametrize("which", EVERY_BATCH)
def test_nothing_happens_outside(fact: str, batch: Batch) -> None:
    """Seen from outside, the batch told, changed, reached, disturbed, left and cost nothing."""
    assert happened(fact, batch) == []


@pytest.mark.parametrize("which", [pytest.param("small")])
def test_a_fork_bomb_is_refused_processes(batch: Batch) -> None:
    """Where a box's processes are counted apart, a fork bomb gets no more than its limit."""
    if batch.backend != "bwrap":
        pytest.skip("without namespaces a watchdog ends it from outside: see test_box_limits.py")
    said = re.search(
        r"ATTACK done: (\d+) children, (\d+) refused", outputs(batch, "fork-bomb.ipynb")
    )
    assert said is not None
    born, refused = map(int, said.groups())
    assert born < 64 < 150 == born + refused
