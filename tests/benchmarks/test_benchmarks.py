"""The benchmark's own measuring: it counts what nobody waits for."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks import containers, notebooks
from tests.benchmarks.measure import run

_BURN = """
import os, signal, sys, time
if (child := os.fork()) == 0:
    if os.fork() == 0:
        while time.process_time() < 0.5:
            pass
        time.sleep(0.3)
        open("burnt", "w").close()
        time.sleep(5)
    time.sleep(0.3)
    os._exit(0)
os.waitpid(child, 0)
while not os.path.exists("burnt"):
    time.sleep(0.01)
"""


def test_counts_what_an_orphan_used(tmp_path: Path) -> None:
    """A process that fell to another parent, and is never waited for, counts in full."""
    cost = run([sys.executable, "-c", _BURN], dict(os.environ), tmp_path)
    assert cost.cpu >= 0.45


def test_notebooks_differ(tmp_path: Path) -> None:
    """Copies differ from one another; as many samples come as were asked for."""
    copies = notebooks.copies(3, tmp_path)
    assert len({file.read_bytes() for file in copies}) == 3
    assert len(set(notebooks.samples(20, tmp_path))) == 20


def test_names_every_check_that_differs() -> None:
    """Of two gradings of the same files those are told apart in which a point is different."""

    def result(points: float, run: str) -> dict[str, Any]:
        check = {"id": "hh.execution.runs", "status": "pass" if points else "fail"}
        checks = [{**check, "points": points}]
        return {"checks": checks, "score": points, "outcome": "graded", "run": {"status": run}}

    bare = {"a.ipynb": result(5, "ok"), "b.ipynb": result(5, "ok"), "c.ipynb": result(0, "ok")}
    other = {"a.ipynb": result(5, "ok"), "b.ipynb": result(0, "kernel_died")}
    found = containers.differences(bare, other)
    assert found.keys() == {"b.ipynb", "c.ipynb"}
    assert found["b.ipynb"].startswith("b.ipynb (ok -> kernel_died): hh.execution.runs ('pass', 5)")
