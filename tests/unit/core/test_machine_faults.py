"""Kills for want of memory, counted."""

from __future__ import annotations

import pytest

from grader.core.machine_faults import counting_files


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
        (
            ["0::/"],
            ["24 23 0:22 / /sys/fs/cgroup ro - cgroup2 cgroup rw"],
            "/sys/fs/cgroup/memory.events",
        ),
        (["4:memory:/"], ["32 23 0:29 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory"], None),
    ],
)
def test_kills_are_counted_as_near_as_can_be(
    groups: list[str], mounts: list[str], file: str | None
) -> None:
    """In a process's own memory cgroup, in either version; else on the whole machine."""
    found = [str(path) for path in counting_files(groups, mounts)]
    assert (found[-1] if found else None) == file
