"""Machines in small: control groups with little memory, or little of a processor."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path("/sys/fs/cgroup")
_V2 = {"memory.limit_in_bytes": "memory.max", "cpu.cfs_quota_us": "cpu.max"}


@contextlib.contextmanager
def limited(**limits: int) -> Iterator[tuple[str, ...]]:
    """The start of a command that runs it in a group with ``memory`` bytes, ``cpu`` percent.

    Skips where no such group can be made.
    """
    made = []
    try:
        for controller, most in limits.items():
            made.append(_group(controller, most))
        into = "; ".join(f"echo $$ > {group / 'cgroup.procs'}" for group in made)
        yield ("/bin/sh", "-c", f'{into}; exec "$@"', "limited")
    except OSError as error:
        pytest.skip(f"no control group with {limits} can be made here: {error}")
    finally:
        for group in made:
            _remove(group)


def _group(controller: str, most: int) -> Path:
    """A new group of the first version of Linux's groups, or of the second."""
    name = f"grader-tests-{os.getpid()}-{time.monotonic_ns()}"
    file = {"memory": "memory.limit_in_bytes", "cpu": "cpu.cfs_quota_us"}[controller]
    first = _ROOT / controller
    group = (first if first.is_dir() else _ROOT) / name
    group.mkdir()
    try:
        value = 1000 * most if controller == "cpu" else most  # of 100 ms, in microseconds
        (group / (file if first.is_dir() else _V2[file])).write_text(str(value))
    except OSError:
        group.rmdir()
        raise
    return group


def _remove(group: Path) -> None:
    for _ in range(100):  # what ran in it may still end
        with contextlib.suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.1)
