"""A disk that is full is no student's loss."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.handed_in import MIB, hand_in
from tests.support.project import results, run_grader


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


@pytest.mark.parametrize("sandbox", ["landlock", "none"])
def test_a_full_disk_is_no_student_s_loss(sandbox: str, tmp_path: Path) -> None:
    """Where a notebook finds less room than it may have it is not graded; others get all."""
    hand_in(tmp_path / "in", writes="open('big', 'wb').write(bytes(40 << 20))")
    with _disk(24) as scratch:
        arguments = ("grade", tmp_path / "in", "-a", "hh", "-o", tmp_path / "out")
        done = run_grader(*arguments, "--sandbox", sandbox, TMPDIR=str(scratch))
    found = results(tmp_path / "out")
    assert done.returncode == 3, done.stdout + done.stderr
    assert (found["writes"]["outcome"], found["writes"]["score"]) == ("not_graded", None)
    assert "disk of this machine is full" in found["writes"]["needs_look"][0]
    assert found["right"]["score"] == found["right"]["max_score"]


@pytest.mark.parametrize(
    ("left", "said"), [(200 * 1024, "disk of this machine is full"), (0, "The disk is full")]
)
def test_results_that_find_no_room_are_made_by_the_next_run(
    left: int, said: str, tmp_path: Path
) -> None:
    """It is said and shows in the exit status; no mark is lost, and with room all is graded."""
    hand_in(tmp_path / "in")
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
