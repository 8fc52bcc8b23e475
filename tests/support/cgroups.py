"""Machines in small: control groups with little memory, or little of a processor."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

_ROOT = Path("/sys/fs/cgroup")
_CPU_PERIOD = 100_000  # microseconds
_FILES = {"memory": "memory.limit_in_bytes", "cpu": "cpu.cfs_quota_us"}  # in the first version
_FILES_V2 = {"memory": "memory.max", "cpu": "cpu.max"}


@contextlib.contextmanager
def limited(**limits: int) -> Iterator[tuple[str, ...]]:
    """The start of a command that runs it in a group with ``memory`` bytes, ``cpu`` percent.

    Skips where no such group can be made.
    """
    made: list[Path] = []
    try:
        for group, values in _wanted(limits).items():
            group.mkdir()
            made.append(group)
            for file, text in values.items():
                (group / file).write_text(text)
        into = "; ".join(f"echo $$ > {group / 'cgroup.procs'}" for group in made)
        yield ("/bin/sh", "-c", f'{into}; exec "$@"', "limited")
    except OSError as error:
        pytest.skip(f"no control group with {limits} can be made here: {error}")
    finally:
        for group in made:
            _remove(group)


def _wanted(limits: Mapping[str, int]) -> dict[Path, dict[str, str]]:
    """The groups to make, with what is written into their files.

    The first version of Linux's groups has one for each controller, the second one for all.
    """
    name = f"grader-tests-{os.getpid()}-{time.monotonic_ns()}"
    most = {c: str(_CPU_PERIOD * n // 100 if c == "cpu" else n) for c, n in limits.items()}
    if not (_ROOT / "cgroup.controllers").exists():
        return {_ROOT / c / name: {_FILES[c]: value} for c, value in most.items()}
    (_ROOT / "cgroup.subtree_control").write_text(" ".join(f"+{c}" for c in most))
    return {_ROOT / name: {_FILES_V2[c]: value for c, value in most.items()}}


def _remove(group: Path) -> None:
    for _ in range(100):  # what ran in it may still end
        with contextlib.suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.1)
