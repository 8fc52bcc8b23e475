"""What the machine lacks is no student's loss: memory, and space on a disk."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.core.machine_faults import counting_files
from tests.support.cgroups import limited
from tests.support.project import ROOT, SOLUTION, results, run_grader

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


@contextlib.contextmanager
def _disk(megabytes: int) -> Iterator[Path]:
    """A small disk, at a short path: sockets lie there. Skips where none can be mounted."""
    place = Path(tempfile.mkdtemp(prefix="disk-", dir="/tmp"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=1777", "tmpfs", str(place)]
    try:
        if os.geteuid() != 0 or subprocess.run(mount).returncode != 0:
            pytest.skip("no disk can be mounted here")
        yield place
        subprocess.run(["umount", str(place)], check=True)
    finally:
        place.rmdir()


@pytest.mark.full
@pytest.mark.parametrize("sandbox", ["landlock", "none"])
def test_a_full_disk_is_no_student_s_loss(sandbox: str, tmp_path: Path) -> None:
    """Where a notebook finds less room than it may have it is not graded; others get all."""
    _hand_in(tmp_path / "in", writes="open('big', 'wb').write(bytes(40 << 20))")
    with _disk(24) as scratch:
        arguments = ("grade", tmp_path / "in", "-a", "hh", "-o", tmp_path / "out")
        done = run_grader(*arguments, "--sandbox", sandbox, TMPDIR=str(scratch))
    found = results(tmp_path / "out")
    assert done.returncode == 3, done.stdout + done.stderr
    assert (found["writes"]["outcome"], found["writes"]["score"]) == ("not_graded", None)
    assert "disk of this machine is full" in found["writes"]["needs_look"][0]
    assert found["right"]["score"] == found["right"]["max_score"]


@pytest.mark.full
@pytest.mark.parametrize(
    ("left", "said"), [(200 * 1024, "disk of this machine is full"), (0, "The disk is full")]
)
def test_results_that_find_no_room_are_made_by_the_next_run(
    left: int, said: str, tmp_path: Path
) -> None:
    """It is said and shows in the exit status; no mark is lost, and with room all is graded."""
    _hand_in(tmp_path / "in")
    with _disk(16) as disk:
        (out := disk / "out").mkdir()
        arguments = ("grade", tmp_path / "in", "-a", "hh", "-o", out, "--lang", "en")
        with contextlib.suppress(OSError), (out / "filler").open("wb", buffering=0) as filler:
            for _ in range((16 * MIB - left) // 4096):
                filler.write(bytes(4096))
        done = run_grader(*arguments)
        assert done.returncode == 3, done.stdout + done.stderr
        assert said in (done.stdout + done.stderr).replace("\n", " ")
        assert "Traceback" not in done.stdout + done.stderr
        assert {result["score"] for result in results(out).values()} <= {None}
        (out / "filler").unlink()
        done = run_grader(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        assert [result["score"] for result in results(out).values()] == [100.0]


@pytest.fixture
def old_numpy(tmp_path: Path) -> str:
    """A place before all others on Python's path, where NumPy 1 seems to be installed."""
    about = tmp_path / "site" / "numpy-1.26.4.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 1.26.4\n")
    return f"{about.parent}:{ROOT}"


@pytest.mark.parametrize("command", ["grade", "check"])
def test_packages_that_cannot_be_used_are_refused(
    command: str, old_numpy: str, tmp_path: Path
) -> None:
    """With NumPy 1 nothing is run: a sentence says what is there and what is needed, status 2."""
    own = ("-o", tmp_path / "out") if command == "grade" else ()
    done = run_grader(command, SOLUTION, *own, "--lang", "en", PYTHONPATH=old_numpy)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "numpy 1.26.4" in done.stderr
    assert 'pip install "numpy>=2"' in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.full
def test_doctor_names_packages_that_cannot_be_used(old_numpy: str) -> None:
    """It says what is there and what is needed, and its exit status says that all is not well."""
    done = run_grader("doctor", "--lang", "en", PYTHONPATH=old_numpy)
    assert done.returncode == 1
    assert "numpy 1.26.4 can't be used" in done.stdout
