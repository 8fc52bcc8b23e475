"""A run that was cut is repeated once, alone, and what comes of that counts.

The notebooks run without a box, so that they can leave word for each other outside.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import results, run_grader

_CELL = """\
import os, time

def said():
    with open(LOG) as file:
        return file.read().split("\\n")

def say(word):
    with open(LOG, "a") as file:
        file.write(f"{NAME} {time_of} {word}\\n")

def wait(seconds, *words):
    ends = time.monotonic() + seconds
    while (met := set(words) <= set(said())) is False and time.monotonic() < ends:
        time.sleep(0.05)
    return met

time_of = "second" if f"{NAME} first begins" in said() else "first"
say("begins")
"""
_BESIDE = """\
if time_of == "first":
    wait(120, *(f"{name} first begins" for name in ("one", "other", "stays")))
elif any(wait(1, f"{name} second begins") for name in ("one", "other") if name != NAME
         and f"{name} second ends" not in said()):
    say("is not alone")
"""
_ENDS = 'say("ends")\n'
_DIES = "os._exit(1)\n"
_STAYS = """\
wait(120, "one first ends", "other first ends")
time.sleep(1)
"""
_SOURCES = {
    "one": _BESIDE + _ENDS + f"if time_of == 'first': {_DIES}",
    "other": _BESIDE + _ENDS + f"if time_of == 'first': {_DIES}",
    "dies-twice": _ENDS + _DIES,
    "stays": _BESIDE + _STAYS + _ENDS,
}
CUT = ("one", "other", "dies-twice")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graded batch in ``out``: two die when they first run, one each time, one never; a log."""
    place = tmp_path_factory.mktemp("cut")
    (place / "in").mkdir()
    (log := place / "log").touch()
    for name, source in _SOURCES.items():
        names = f"NAME, LOG = {name!r}, {str(log)!r}\n"
        cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": []}
        cells = [{**cell, "execution_count": None, "source": names + _CELL + source}]
        notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (place / "in" / f"{name}.ipynb").write_text(json.dumps(notebook), "utf-8")
    done = run_grader(
        *("grade", place / "in", "-a", "hh", "-o", place / "out"),
        *("--sandbox", "none", "-j", "4", "--cell-seconds", "400", "--notebook-seconds", "400"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return place


@pytest.fixture(scope="module")
def log(place: Path) -> list[str]:
    """What the notebooks said, in order."""
    return (place / "log").read_text().splitlines()


def test_what_was_cut_is_run_once_more_and_nothing_else(log: list[str]) -> None:
    """A run that was cut is repeated, once, also where it is cut again; no other is."""
    begun = sorted(line.removesuffix(" begins") for line in log if line.endswith("begins"))
    assert begun == sorted(["stays first", *(f"{n} {t}" for n in CUT for t in ("first", "second"))])


def test_the_repetition_runs_alone(log: list[str]) -> None:
    """It begins when every first run is over, ends before the next begins; those ran at once."""
    first, second = [line for line in log if " first " in line], log[-2 * len(CUT) :]
    assert first == log[: -len(second)]
    together = {f"{name} first begins" for name in ("one", "other", "stays")}
    ends = min(first.index(f"{name} first ends") for name in ("one", "other", "stays"))
    assert together <= set(first[:ends])
    assert {
        (a.split(" second ")[0], b) for a, b in zip(second[::2], second[1::2], strict=True)
    } == {(name, f"{name} second ends") for name in CUT}


def test_what_comes_of_the_repetition_counts(place: Path) -> None:
    """The result and the evidence are the second run's, and the evidence says so."""
    found = results(place / "out")
    assert {name: result["run"]["status"] for name, result in found.items()} == {
        "one": "ok",
        "other": "ok",
        "dies-twice": "kernel_died",
        "stays": "ok",
    }
    assert {name for name in found if _evidence(place, name)["repeated"]} == set(CUT)


def _evidence(place: Path, name: str) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((place / "out" / name / "probe.json").read_text("utf-8"))
    return dict(table["evidence"])
