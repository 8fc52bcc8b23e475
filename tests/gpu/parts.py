"""What a part of the script found, and how its processes are run within their time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.judge.devices import device_environment

ROOT = Path(__file__).parents[2]
GRACE = 15.0  # seconds in which a process that was told to end does so


@dataclass(frozen=True, kw_only=True)
class Part:
    """``rows`` stand below ``head``; ``wrong``, ``said`` and ``not_tried`` are sentences."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    wrong: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    not_tried: tuple[str, ...] = ()


def variables(device: str) -> dict[str, str]:
    """The environment of a process that computes on ``device``, "cpu" or "gpu"."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GRADER_")}
    path = os.pathsep.join([str(ROOT), *filter(None, [kept.get("PYTHONPATH")])])
    return device_environment(device, {**kept, "PYTHONPATH": path, "GRADER_SECRET": "gpu"})


@dataclass(frozen=True)
class Ran:
    """How a process ended; ``status`` is None where its time was over."""

    status: int | None
    text: str
    errors: str

    def lines(self) -> list[Any]:
        """What it printed as JSON, a line each; what it had no time for is missing."""
        return [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]

    def fault(self) -> str:
        """How it failed, in one line; "" where it ended well or ran out of time."""
        if self.status in (0, None):
            return ""
        last = [line for line in self.errors.splitlines() if line.strip()]
        return f"ended with {self.status}: {last[-1].strip() if last else 'it said nothing'}"


def run(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    until: float,
) -> Ran:
    """``python -m module`` until it ends or the clock shows ``until``, then as by Ctrl-C."""
    told, errors = folder / f"{module}.out", folder / f"{module}.err"
    with told.open("w") as out, errors.open("w") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=out,
            stderr=err,
            stdin=subprocess.DEVNULL,
            env=dict(environment),
            cwd=ROOT,
        )
        status: int | None = None
        try:
            status = process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
        finally:
            process.kill()
            process.wait()
    return Ran(status, told.read_text("utf-8"), errors.read_text("utf-8"))
