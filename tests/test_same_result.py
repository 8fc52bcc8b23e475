"""The same notebooks get the same results: run after run, boxed or not, alone or beside attacks.

GRADER_REPEATS=10    how often the batch is graded; 3 without it
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hostile.build import HERE
from project import ROOT, results, run_grader

REPEATS = int(os.environ.get("GRADER_REPEATS", "3"))
HONEST = ("right-plain", "right-euler", "g_Na-20-percent-off", "channels-of-the-library")
ATTACKS = ("fork-bomb", "threads-go-on")  # they take what others need

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the notebooks in ``in``; the secret of the stimuli is kept beside it."""
    place = tmp_path_factory.mktemp("same")
    (place / "in").mkdir()
    for name in HONEST:
        shutil.copy(ROOT / "submissions" / "hh" / f"{name}.ipynb", place / "in")
    for name in ATTACKS:
        shutil.copy(HERE / f"{name}.ipynb", place / "in")
    return place


@pytest.fixture(scope="module")
def once(place: Path) -> dict[str, dict[str, Any]]:
    """What the honest notebooks get, boxed in and beside the attacks."""
    return graded(place, "once")


def graded(place: Path, out: str, *names: str, box: str = "auto") -> dict[str, dict[str, Any]]:
    """The results of the honest among ``names``, all notebooks if none is given, without times."""
    paths = [place / "in" / f"{name}.ipynb" for name in names] or [place / "in"]
    done = run_grader(
        *("grade", *paths, "-o", place / out, "--sandbox", box, "--cell-seconds", "30"),
        XDG_STATE_HOME=str(place / "state"),
        XDG_CACHE_HOME=str(place / "cache"),
    )
    if done.returncode == 2 and not (place / out).exists():
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    found = {name: one for name, one in results(place / out).items() if name in HONEST}
    for result in found.values():
        del result["run"]["seconds"]
        # digests of files with times in them
        del result["seal"], result["pages"], result["provenance"]["evidence"]
    return found


def without_box(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """``found`` without the name of the box."""
    for result in found.values():
        del result["provenance"]["sandbox"]
    return found


@pytest.mark.parametrize("run", range(2, REPEATS + 1))
def test_every_run_gives_the_same_results(
    run: int, place: Path, once: dict[str, dict[str, Any]]
) -> None:
    """Scores, messages, details and measured values of one run are those of every other."""
    assert set(once) == set(HONEST)
    assert graded(place, f"run-{run}") == once


def test_alone_and_beside_attacks_the_results_are_the_same(
    place: Path, once: dict[str, dict[str, Any]]
) -> None:
    """A notebook that is graded alone gets what it got beside notebooks that attack."""
    name = HONEST[2]
    assert graded(place, "alone", name) == {name: once[name]}


def test_cold_and_unboxed_the_verdicts_are_the_same(
    place: Path, once: dict[str, dict[str, Any]]
) -> None:
    """A kernel of its own without a box gives the results of a box out of the warm process."""
    cold = without_box(graded(place, "cold", *HONEST, box="none"))
    assert cold == without_box({name: once[name] for name in HONEST})
