"""Resource limits of one submission, in the kernel's own terms."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.assignment.schema import Limits
from grader.core.types import output_limits

MIB = 2**20
FILE_MIB, TMP_MIB, SHM_MIB = 128, 256, 64
PROCESSES = 64  # XLA makes 13 threads on one core
SOCKETS = 64  # that count for nothing; a kernel has some thirty
OTHERS_GROWTH = 1024  # by how many threads the same user's other programs may grow meanwhile
GPU_MIB = 4096  # of ordinary memory, for the GPU's driver and libraries
GPU_SHARED_MIB = 1024  # that it shares with the GPU: files without a name, which count as disk
_COUNTED_APART = (5, 14)  # the first Linux that counts each user namespace's processes apart


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceLimits:
    """``per_process`` are resource limits; the rest counts for all processes together."""

    per_process: dict[str, int]
    memory: int  # bytes
    processes: int  # threads of all processes
    disk: int  # bytes; in namespaces the private folders have this size
    output: int  # bytes


def resource_limits(limits: Limits, others: int | None, *, gpu: bool = False) -> ResourceLimits:
    """Return the limits of a submission, beside ``others`` threads of the same user.

    ``others`` is None where the box's processes are counted apart. Where they are not,
    the limit on processes holds for all of a user's programs together: one that is near
    it would keep every other from starting a thread. There the limit is far away, and
    the watchdog, which counts each box apart, is what bounds.

    With ``gpu`` address space is not limited: its driver reserves more than there is.
    It starts threads of its own, too.
    """
    own = PROCESSES * (2 if gpu else 1)
    memory = (limits.memory_mb + (GPU_MIB if gpu else 0)) * MIB
    seconds = limits.notebook_seconds + limits.probe_seconds
    space = max(4096 * MIB, 2 * memory)
    return ResourceLimits(
        per_process={
            **({} if gpu else {"AS": space, "DATA": space, "MEMLOCK": MIB}),
            "NPROC": own if others is None else others + OTHERS_GROWTH,
            "FSIZE": FILE_MIB * MIB,
            "CORE": 0,
            "CPU": int(2 * seconds) + 60,
            "NOFILE": 1024,
            "MSGQUEUE": 0,
        },
        memory=memory,
        processes=2 * PROCESSES,
        disk=(TMP_MIB + (GPU_SHARED_MIB if gpu else 0)) * MIB,
        output=limits.output_mb * MIB,
    )


def count_sharing_threads(sandbox: str, user: int, release: str) -> int | None:
    """Count the threads that share a box's limit on Linux ``release``, where ``user`` runs it.

    None: none ever do, for its namespace is counted apart, or ``user`` is nobody else.
    """
    version = tuple(int(part) for part in re.findall(r"\d+", release)[:2])
    apart = user != os.geteuid() if sandbox == "landlock" else version >= _COUNTED_APART
    return None if apart else count_threads(user)


def count_threads(user: int) -> int:
    """Count the threads of ``user``: the limit on processes counts them all."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid == user:
                total += len(os.listdir(folder / "task"))
        except OSError:
            continue
    return total


def limits_message(bounds: ResourceLimits) -> dict[str, Any]:
    """Return the limits that a box applies to itself."""
    return {
        "limits": bounds.per_process,
        "tmp_bytes": bounds.disk,
        "shm_bytes": SHM_MIB * MIB,
        "output": output_limits(bounds.output),
    }
