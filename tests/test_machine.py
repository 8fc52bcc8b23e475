"""What the machine lacks is no student's loss: memory, and space on a disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cgroups import limited
from project import SOLUTION, results, run_grader

from grader.machine import counting_files

MIB = 2**20
LIMIT_MIB, HOG_MIB = 1200, 1500  # of the group; less than a box may have, more than is left
HOG = f"kept = []\nfor _ in range({HOG_MIB // 50}):\n    kept.append(b'x' * (50 << 20))\n"


def _hand_in(folder: Path, **sources: str) -> None:
    """Notebooks of one cell, and the solution as "right"."""
    folder.mkdir()
    (folder / "right.ipynb").write_bytes(SOLUTION.read_bytes())
    notebook = json.loads(SOLUTION.read_text("utf-8"))
    for name, source in sources.items():
        cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "source": source}
        text = json.dumps({**notebook, "cells": [{**cell, "execution_count": None}]})
        (folder / f"{name}.ipynb").write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("groups", "mounts", "file"),
    [
        (
            ["4:memory:/docker/b0", "1:cpu,cpuacct:/docker/b0", "0::/docker/b0"],
            [
                "31 23 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
                "32 23 0:29 /docker/b0 /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpuacct",
                "35 23 0:32 /docker/b0 /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory",
            ],
            "/sys/fs/cgroup/memory/memory.oom_control",
        ),
        (
            ["0::/user.slice/run-3.scope"],
            ["24 23 0:22 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate"],
            "/sys/fs/cgroup/user.slice/run-3.scope/memory.events",
        ),
        (["0::/"], ["24 23 0:22 / /sys/fs/cgroup ro - cgroup2 cgroup rw"], None),
    ],
)
def test_kills_are_counted_as_near_as_can_be(
    groups: list[str], mounts: list[str], file: str | None
) -> None:
    """In a process's own memory cgroup, in either version; else on the whole machine."""
    found = [str(path) for path in counting_files(groups, mounts)]
    assert (found[-1] if found else None) == file


def test_a_machine_without_memory_is_no_student_s_loss(tmp_path: Path) -> None:
    """Where Linux ends a kernel that kept its limit, it is not graded; a right one gets all."""
    _hand_in(tmp_path / "in", hog=HOG)
    with limited(memory=LIMIT_MIB * MIB) as inside:
        done = run_grader(
            "grade", tmp_path / "in", "-a", "hh", "-o", tmp_path / "out", before=inside
        )
    found = results(tmp_path / "out")
    assert done.returncode == 3, done.stdout + done.stderr
    assert (found["hog"]["outcome"], found["hog"]["score"]) == ("not_graded", None)
    assert "ran out of memory" in found["hog"]["needs_look"][0]
    assert "ran out of memory" in done.stdout
    assert found["right"]["score"] == found["right"]["max_score"]
