"""A grading that is killed on the way, and what it had finished by then."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.core.types import CUT_OFF

_KEPT = ("probe.json", "result.json", "result.html")


@dataclass(frozen=True)
class Finished:
    """When a submission's files were written, and what its result says."""

    written: tuple[int, ...]
    result: bytes


def finished(out: Path) -> dict[str, Finished]:
    """Every submission that is graded for good: a run that was cut may still be repeated."""
    found = {}
    for file in out.glob("*/result.json"):
        result = file.read_bytes()
        about = json.loads(result)
        if about["outcome"] == "graded" and about["run"]["status"] not in CUT_OFF:
            times = tuple((file.parent / name).stat().st_mtime_ns for name in _KEPT)
            found[file.parent.name] = Finished(times, result)
    return found


def run_and_kill(
    command: Sequence[str],
    environment: Mapping[str, str],
    out: Path,
    enough: int,
    started: Callable[[subprocess.Popen[bytes]], None] = lambda _: None,
) -> dict[str, Finished]:
    """Start ``command``, kill -9 it when ``enough`` are finished; returns what was by then.

    Raises ``RuntimeError`` when it ends before.
    """
    with subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL) as process:
        started(process)
        while len(list(out.glob("*/result.json"))) < enough:
            if process.poll() is not None:
                raise RuntimeError(f"it ended with {process.returncode} before it was killed")
            time.sleep(0.02)
        process.kill()
    return finished(out)
