"""How much one submission may use, in the kernel's own words."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.assignment import Limits

MIB = 2**20
FILE_MIB, TMP_MIB, SHM_MIB = 128, 256, 64
PROCESSES = 64  # XLA makes 13 threads on one core


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """``per_process`` are resource limits; the rest counts for all processes together."""

    per_process: dict[str, int]
    memory: int  # bytes
    processes: int  # threads of all processes
    disk: int  # bytes; in namespaces the private folders have this size
    output: int  # bytes


def bounds(limits: Limits, others: int) -> Bounds:
    """For a submission with ``limits``, beside ``others`` threads of the same user.

    In a user namespace of its own nothing else is counted and ``others`` is 0.
    """
    memory = limits.memory_mb * MIB
    seconds = limits.notebook_seconds + limits.probe_seconds
    space = max(4096 * MIB, 2 * memory)
    return Bounds(
        per_process={
            "AS": space,
            "DATA": space,
            "NPROC": PROCESSES + others,
            "FSIZE": FILE_MIB * MIB,
            "CORE": 0,
            "CPU": int(2 * seconds) + 60,
            "NOFILE": 1024,
            "MEMLOCK": MIB,
            "MSGQUEUE": 0,
        },
        memory=memory,
        processes=2 * PROCESSES,
        disk=TMP_MIB * MIB,
        output=limits.output_mb * MIB,
    )


def threads_of(user: int) -> int:
    """How many threads of ``user`` there are: the limit on processes counts them all."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid == user:
                total += len(os.listdir(folder / "task"))
        except OSError:
            continue
    return total


def plain(bounds: Bounds) -> dict[str, Any]:
    """The part that the box applies to itself."""
    return {
        "limits": bounds.per_process,
        "tmp_bytes": bounds.disk,
        "shm_bytes": SHM_MIB * MIB,
    }
