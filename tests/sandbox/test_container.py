"""In a container, as root and as an ordinary user: a machine that refuses much costs no points."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.grading.seed_secret import load_secret
from tests.support import container
from tests.support.graded_corpus import OPTIONS, Corpus
from tests.support.project import ROOT, SOLUTION, points, results, run_grader
from tests.support.sandboxes import (
    IN_CONTAINERS,
    ORDINARY,
    give,
    in_container,
    works_without_grader,
)

SAMPLES = ("right-plain", "E_K-sign", "NameError-in-init", "login-page")
"""One that is right, one that is wrong, one that raises an error, and one that is not JSON."""
LOOKS = """
import ctypes, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
tries = {
    "user namespace": lambda: libc.unshare(0x10000000),
    "mount namespace": lambda: libc.unshare(0x20000),
    "mount": lambda: libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None),
    "clone into namespaces": lambda: libc.syscall(56 if os.uname().machine == "x86_64" else 220,
                                                  0x10000000 | 17, 0, 0, 0, 0),
}
refused = {}
for name, attempt in tries.items():
    ctypes.set_errno(0)
    refused[name] = attempt() == -1 and ctypes.get_errno()
try:
    refused["look at another's files"] = os.stat(f"/proc/{sys.argv[1]}/fd/0") is None
except PermissionError as problem:
    refused["look at another's files"] = problem.errno
status = dict(line.rstrip().split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({"refused": refused, "status": status}))
"""
HOLDS_REMOVED_FILES = """
import os, time
kept = []
for n in range(6):  # each is small enough, together they are more than a sandbox may take
    kept.append(open(f"f{n}", "wb", 0)); os.unlink(f"f{n}")
    kept[-1].write(bytes(80 << 20)); time.sleep(0.4)
time.sleep(2.5); print("wrote all")
"""
IN_EACH = pytest.mark.parametrize("user", IN_CONTAINERS)

LINUX = sys.platform == "linux"
needs_landlock = pytest.mark.skipif(
    not (LINUX and works_without_grader("landlock")), reason="this machine has no Landlock"
)
pytestmark = pytest.mark.skipif(not LINUX, reason="the stand-in is made of Linux's parts")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that other users reach."""
    folder = Path(tempfile.mkdtemp(prefix="container-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def graded(user: str, place: Path, *arguments: str | Path) -> dict[str, dict[str, Any]]:
    """Results of ``grader grade`` in the container; the secret is the one that the tests have."""
    for name in ("state", "out"):
        (place / name / "grader").mkdir(parents=True)
    (place / "state" / "grader" / "secret").write_text(load_secret().hex())
    give(place, user)
    done = run_grader(
        *("grade", *arguments, "-a", "hh", "-o", place / "out"),
        before=in_container(user),
        XDG_STATE_HOME=str(place / "state"),
        XDG_CACHE_HOME="/dev/null",
        HOME="/",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return results(place / "out")


@IN_EACH
def test_the_stand_in_has_what_a_container_has(user: str) -> None:
    """Docker's fourteen capabilities or none, no namespace, no mount, no look at other users."""
    with subprocess.Popen(["sleep", "60"], **_nobody()) as stranger:
        done = subprocess.run(
            [*in_container(user), "python3", "-c", LOOKS, str(stranger.pid)],
            capture_output=True,
            text=True,
        )
        stranger.kill()
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    status = {name: value.split() for name, value in found["status"].items()}
    kept = container.KEPT if user == "root" else 0
    assert len(container.CAPABILITIES) == 14
    for name, expected in {"CapEff": kept, "CapPrm": kept, "CapInh": 0, "CapAmb": 0}.items():
        assert int(status[name][0], 16) == expected, name
    if os.geteuid() == 0:
        assert int(status["CapBnd"][0], 16) == container.KEPT
        assert set(status["Uid"]) == {str(ORDINARY if user == "ordinary" else 0)}
        assert set(found["refused"].values()) <= {1, 13}, found["refused"]
        assert status["Groups"] == []


def _nobody() -> dict[str, Any]:
    """Arguments of ``subprocess`` for a process of a third user."""
    return {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}


@needs_landlock
@pytest.mark.parametrize(
    "user", [IN_CONTAINERS[0], pytest.param("ordinary", marks=pytest.mark.full)]
)
def test_marks_are_those_of_a_bare_machine(user: str, corpus: Corpus, place: Path) -> None:
    """Right, wrong, broken or unreadable: every check has the points that it has outside."""
    files = [ROOT / "submissions" / "hh" / f"{name}.ipynb" for name in SAMPLES]
    inside = graded(user, place, *files, *OPTIONS[:2])
    outside = corpus.by_file("hh")
    assert {result["provenance"]["sandbox"] for result in inside.values()} == {"landlock"}
    for file in files:
        found, expected = inside[file.stem], outside[file.name]
        assert points(found) == points(expected), file.name
        assert found["run"]["status"] == expected["run"]["status"], file.name


@needs_landlock
@pytest.mark.full
@IN_EACH
def test_a_disk_that_fills_ends_its_own_run_alone(user: str, place: Path) -> None:
    """A right notebook has full marks; one that fills the disk by removed files is ended."""
    (handed_in := place / "in").mkdir()
    shutil.copy(SOLUTION, handed_in / "right.ipynb")
    notebook = json.loads(SOLUTION.read_text("utf-8"))
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    notebook["cells"].append({**cell, "id": "fills", "source": HOLDS_REMOVED_FILES})
    (handed_in / "fills.ipynb").write_text(json.dumps(notebook), "utf-8")
    found = graded(user, place, handed_in, "--sandbox", "landlock")
    assert (found["right"]["score"], found["right"]["run"]["status"]) == (100, "ok")
    assert "disk" in found["fills"]["run"]["error"]
    executed = (place / "out" / "fills" / "executed.ipynb").read_text("utf-8")
    assert "wrote all\\n" not in executed


@needs_landlock
@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user looks at its own processes")
@pytest.mark.parametrize("reader", ["itself", "the box's user"])
def test_as_whom_a_sandbox_is_looked_at_is_tried(reader: str) -> None:
    """Root looks at a sandbox's processes as itself where it may, else as who runs them."""
    start = [] if reader == "itself" else in_container("root")
    tried = (
        "from grader.sandbox.detect import try_sandbox\n"
        "print(try_sandbox('landlock').config.reader)"
    )
    done = subprocess.run(
        [*start, sys.executable, "-c", tried],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == f"{reader}\n", done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user looks at its own processes")
def test_what_nobody_may_look_at_is_no_excess() -> None:
    """Where not even a harmless process can be looked at, that is found out."""
    tried = (
        "import os; from grader.sandbox.detect import find_reader\n"
        f"os.setresuid(65534, 65534, 65534); print(find_reader([{os.getpid()}], 65534))"
    )
    done = subprocess.run([sys.executable, "-c", tried], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "nobody\n", done.stderr
