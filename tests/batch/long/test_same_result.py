"""The same notebooks get the same results: run after run, boxed or not, alone or beside attacks.

--full repeats the batch once, --exhaustive makes ten of it.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.hostile.build import HERE
from tests.support.courses import without_time
from tests.support.project import ROOT, results, run_grader
from tests.support.sandboxes import works_without_grader

HONEST = ("right-plain", "right-euler", "g_Na-20-percent-off", "channels-of-the-library")
BACKENDS = ("bwrap", "landlock")
ATTACKS = ("fork-bomb", "threads-go-on")  # they take what others need


@dataclass(frozen=True)
class Graded:
    """What one notebook got, but for times and the digests of files with times in them.

    The other pages show the student's own figures, whose model may start at random.
    """

    result: dict[str, Any]
    traces: dict[str, bytes]
    report: bytes


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
def once(place: Path) -> dict[str, Graded]:
    """What the honest notebooks get, boxed in and beside the attacks, which were really tried."""
    found = graded(place, "once")
    for name in ATTACKS:
        assert "ATTACK done" in (place / "once" / name / "executed.ipynb").read_text("utf-8")
    return found


def graded(place: Path, out: str, *names: str, box: str = "auto") -> dict[str, Graded]:
    """What the honest among ``names`` got, all notebooks if none is given, in a new folder."""
    assert not (place / out).exists(), "results that are there would be kept"
    paths = [place / "in" / f"{name}.ipynb" for name in names] or [place / "in"]
    done = run_grader(
        *("grade", *paths, "-o", place / out, "--sandbox", box, "--cell-seconds", "30"),
        XDG_STATE_HOME=str(place / "state"),
        XDG_CACHE_HOME=str(place / "cache"),
    )
    if done.returncode == 2 and box == "auto" and not any(map(works_without_grader, BACKENDS)):
        pytest.skip("no sandbox works here")
    assert done.returncode == 0, done.stderr
    found = results(place / out)
    return {name: _graded(place / out / name, found[name]) for name in HONEST if name in found}


def _graded(folder: Path, result: dict[str, Any]) -> Graded:
    assert result["run"].pop("seconds") > 0
    for digests, name in ((result, "seal"), (result, "pages"), (result["provenance"], "evidence")):
        assert digests.pop(name)
    with np.load(folder / "evidence.npz") as arrays:
        traces = {name: arrays[name].tobytes() for name in arrays.files}
    assert traces
    return Graded(result, traces, without_time((folder / "result.md").read_bytes()))


@pytest.mark.parametrize(
    "run", [2, *(pytest.param(run, marks=pytest.mark.exhaustive) for run in range(3, 11))]
)
def test_every_run_gives_the_same_results(run: int, place: Path, once: dict[str, Graded]) -> None:
    """Scores, messages, measured values, reports, and traces to the last bit are the same."""
    assert set(once) == set(HONEST)
    again = graded(place, f"run-{run}")
    for name, one in once.items():
        assert again[name].result == one.result
        assert again[name].traces == one.traces, name
        assert again[name].report == one.report


def test_alone_and_beside_attacks_the_results_are_the_same(
    place: Path, once: dict[str, Graded]
) -> None:
    """A notebook that is graded alone gets what it got beside notebooks that attack."""
    name = "g_Na-20-percent-off"
    assert graded(place, "alone", name) == {name: once[name]}


def test_cold_and_unboxed_the_verdicts_are_the_same(place: Path, once: dict[str, Graded]) -> None:
    """A kernel of its own without a box gives the results of a box out of the warm process."""
    cold = graded(place, "cold", *HONEST, box="none")
    assert set(cold) == set(once)
    for name, one in once.items():
        assert _without_box(cold[name].result) == _without_box(one.result)
        assert cold[name].traces == one.traces, name
        assert cold[name].report == one.report


def _without_box(result: dict[str, Any]) -> dict[str, Any]:
    """``result`` without the name of the box."""
    result = json.loads(json.dumps(result))
    assert result["provenance"].pop("sandbox")
    return result
