"""Counting and removing a stranger's tree of files."""

from __future__ import annotations

import ctypes
import math
import mmap
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from grader.sandbox.disk_usage import disk_usage, remove
from grader.sandbox.processes import removed_files
from tests.support.project import ROOT

MOST = 1 << 40


def test_everything_is_counted(tmp_path: Path) -> None:
    """Files count by the block, small ones and folders too; links are not followed."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "large").write_bytes(bytes(1 << 20))
    (tmp_path / "small").write_bytes(b"x")
    (tmp_path / "link").symlink_to("/usr")
    found = disk_usage(str(tmp_path), MOST, [])
    assert (1 << 20) + 3 * 4096 <= found < (1 << 20) + 10 * 4096


def test_counting_stops_beyond_the_limit(tmp_path: Path) -> None:
    """A tree of any size costs no more time than one that is just too large."""
    for number in range(100):
        (tmp_path / str(number)).write_bytes(b"x")
    assert 10 * 4096 < disk_usage(str(tmp_path), 10 * 4096, []) < 20 * 4096
    assert disk_usage(str(tmp_path), MOST, []) >= 100 * 4096


def test_removed_files_count_while_they_are_held(tmp_path: Path) -> None:
    """A removed file takes its space until it is closed and no longer mapped."""
    file = open(tmp_path / "removed", "w+b")  # noqa: SIM115
    file.write(bytes(1 << 20))
    file.flush()
    (tmp_path / "removed").unlink()

    def held() -> float:
        return disk_usage(str(tmp_path), MOST, removed_files([os.getpid()], None))

    before = disk_usage(str(tmp_path), MOST, [])
    assert held() >= before + (1 << 20)
    # Not Python's own mmap: it keeps a descriptor of the file, which would count for the mapping.
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    asked = ctypes.c_size_t(1 << 20), mmap.PROT_READ, mmap.MAP_SHARED, file.fileno(), 0
    mapping = library.mmap(None, *asked)
    assert mapping != ctypes.c_void_p(-1).value
    file.close()
    assert held() >= before + (1 << 20)
    assert library.munmap(mapping, 1 << 20) == 0
    assert held() < before + (1 << 20)


_ZOMBIE = """
import os
from grader.sandbox.processes import removed_files
if os.geteuid() == 0:
    os.setuid(65534)  # root may list everything
if (child := os.fork()) == 0:
    os._exit(0)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # it has ended, and is not reaped
print(list(removed_files([child], None)))
"""


def test_a_process_that_ends_hides_nothing() -> None:
    """Of a process that has ended nobody but root may list the files: it holds none."""
    done = subprocess.run(
        [sys.executable, "-c", _ZOMBIE], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


_LEADERLESS = """
import ctypes, os, socket, sys, threading, time
from grader.sandbox.processes import proportional, removed_files, resident, sockets
if os.geteuid() == 0:
    os.setuid(int(sys.argv[1]))
    ctypes.CDLL(None).prctl(4, 1)  # who changed its user may be looked at all the same
reading, writing = os.pipe()
if (child := os.fork()) == 0:
    def goes_on():
        kept = [socket.socketpair() for _ in range(50)]
        file = open(sys.argv[2], "w+b")
        os.unlink(file.name)
        file.write(bytes(1 << 20)); file.flush()
        memory = b"x" * (50 << 20)
        time.sleep(0.2)
        os.write(writing, b"x")
        time.sleep(10)
    threading.Thread(target=goes_on).start()
    ctypes.CDLL(None).syscall(60, 0)  # exit, of this thread alone
os.read(reading, 1)
held = sum(removed_files([child], None))
print(sockets([child], None) >= 100, held == 1 << 20, resident(child) > 50 << 20,
      proportional(child, None) > 50 << 20)
os.kill(child, 9)
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of a system call")
@pytest.mark.parametrize("user", [0, 65534])
def test_a_process_whose_first_thread_ended_hides_nothing(user: int) -> None:
    """What its other threads hold is seen, by root and by its own user."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o777)
        done = subprocess.run(
            [sys.executable, "-c", _LEADERLESS, str(user), f"{folder}/removed"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=60,
        )
    assert (done.returncode, done.stdout) == (0, "True True True True\n"), done.stderr


def test_what_is_too_deep_to_see_counts_as_too_much(tmp_path: Path) -> None:
    """A path longer than the system allows hides nothing."""
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("x" * 200, dir_fd=here)
        below = os.open("x" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert disk_usage(str(tmp_path), MOST, []) == math.inf
    remove(str(tmp_path))
    assert not tmp_path.exists()


_REMOVES = """
import os, sys
from grader.sandbox.disk_usage import remove
if os.geteuid() == 0:
    os.setuid(65534)  # no folder is closed to root
remove(sys.argv[1])
"""


def test_removing_follows_no_link(tmp_path: Path) -> None:
    """Links are removed, not what they lead to; closed folders are opened first."""
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    kept, tree = place / "kept", place / "tree"
    kept.mkdir()
    (kept / "note").write_text("42")
    closed = tree / "a" / "closed"
    closed.mkdir(parents=True)
    (tree / "link").symlink_to(kept)
    (closed / "link").symlink_to(kept)
    (closed / "note").symlink_to(kept / "note")
    (shut := tree / "shut").mkdir()
    (shut / "below").mkdir()
    if os.geteuid() == 0:
        for path in (place, kept, kept / "note", *tree.rglob("*"), tree):
            os.chown(path, 65534, 65534, follow_symlinks=False)
    closed.chmod(0)
    shut.chmod(0)
    try:
        done = subprocess.run([sys.executable, "-c", _REMOVES, str(tree)], cwd=ROOT, timeout=60)
        assert done.returncode == 0
        assert not tree.exists()
        assert (kept / "note").read_text() == "42"
    finally:
        shutil.rmtree(place)
    remove(str(tmp_path / "nowhere"))
