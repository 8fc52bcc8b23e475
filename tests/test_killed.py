"""A grader that is killed leaves nothing that runs, and nothing that disturbs the next one."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sandboxes import ORDINARY, as_user, python_for

from grader.box.inside.init import descendants
from grader.box.scratch import remove_left_over, scratch_folder
from grader.files import LOCK

ENDED = b""  # the command line of a process that is no more


@dataclass(frozen=True)
class Class:
    """A folder of a user's: what was handed in, what comes out, and scratch space."""

    folder: Path
    command: tuple[str, ...]
    environment: dict[str, str]

    def hand_in(self, source: str, name: str = "homework.ipynb") -> None:
        """One notebook, in the place of the one before of that name."""
        cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "source": source}
        notebook = {
            "cells": [{**cell, "execution_count": None}],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(json.dumps(notebook), "utf-8")

    def grade(
        self, backend: str, what: str = "homework.ipynb", said: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """``grader grade``, started."""
        options = [what, "-o", "out", "--sandbox", backend, "--assignment", "hh", "--lang", "en"]
        return subprocess.Popen(
            [*self.command, "-m", "grader", "grade", *options],
            cwd=self.folder,
            env=self.environment,
            stdout=said,
        )

    def finished(self) -> dict[str, tuple[int, bytes]]:
        """Every result there is: which file on the disk it is, and what is in it."""
        return {
            file.parent.name: (file.stat().st_ino, file.read_bytes())
            for file in (self.folder / "out").glob("*/result.json")
        }

    def scratch(self) -> list[Path]:
        """Private folders of graders."""
        return sorted((self.folder / "tmp").glob("grader-*"))


@pytest.fixture(params=["root", "ordinary"])
def a_class(request: pytest.FixtureRequest) -> Iterator[Class]:
    """Of root, or of an ordinary user."""
    become, python = as_user(request.param), python_for(request.param)
    if become is None or python is None:
        pytest.skip(f"can't become {request.param} here, or reach Python as that user")
    folder = Path(tempfile.mkdtemp(prefix="killed-", dir="/tmp"))  # short: sockets lie in it
    (folder / "tmp").mkdir()
    if os.geteuid() == 0:
        folder.chmod(0o755)
        if request.param == "ordinary":
            for path in (folder, folder / "tmp"):
                os.chown(path, ORDINARY, ORDINARY)
    program, environment = python
    environment |= {"HOME": str(folder), "TMPDIR": str(folder / "tmp")}
    yield Class(folder, (*become, program), environment)
    shutil.rmtree(folder)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ENDED


@pytest.mark.full
@pytest.mark.parametrize("backend", ["bwrap", "landlock"])
def test_killing_the_grader_leaves_nothing_running(a_class: Class, backend: str) -> None:
    """SIGKILL in mid-batch ends host, judge, clients and boxes; the next run starts cleanly."""
    a_class.hand_in("import subprocess; subprocess.run(['sleep', '60'])")
    grading = a_class.grade(backend)
    below: list[int] = []
    deadline = time.monotonic() + 120
    while not any(_command(pid).startswith(b"sleep") for pid in below):
        if grading.poll() == 2:
            pytest.skip(f"{backend} does not work here")
        assert time.monotonic() < deadline, "the notebook did not get to its cell"
        time.sleep(0.1)
        below = descendants(grading.pid)
    grading.kill()
    grading.wait()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(map(_command, below)):
        time.sleep(0.1)
    assert [_command(pid) for pid in below if _command(pid) != ENDED] == []
    assert a_class.scratch() != []
    a_class.hand_in("print(6 * 7)")
    assert a_class.grade(backend).wait(300) == 0
    assert a_class.scratch() == []


@pytest.mark.full
@pytest.mark.parametrize("backend", ["bwrap", "landlock"])
@pytest.mark.parametrize("after", [1.0, 2.0, 4.0])
def test_killing_the_grader_while_it_starts_leaves_nothing_running(
    a_class: Class, backend: str, after: float
) -> None:
    """SIGKILL before the first notebook, while the solution is run, ends all of it as well."""
    a_class.hand_in("print(6 * 7)")
    grading, below = a_class.grade(backend), set()
    deadline = time.monotonic() + after
    while time.monotonic() < deadline:
        below |= set(descendants(grading.pid))
        time.sleep(0.05)
    if grading.poll() == 2:
        pytest.skip(f"{backend} does not work here")
    grading.kill()
    grading.wait()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(map(_command, below)):
        time.sleep(0.1)
    assert [_command(pid) for pid in below if _command(pid) != ENDED] == []
    kept = list((a_class.folder / ".cache").rglob("*.zip"))
    time.sleep(1.0)
    assert list((a_class.folder / ".cache").rglob("*.zip")) == kept  # nobody goes on


@pytest.mark.full
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_batch_that_was_ended_is_finished_by_the_next(a_class: Class, how: int) -> None:
    """In mid-batch, by SIGKILL or Ctrl-C: what was finished is kept, the rest is graded once."""
    a_class.environment["XDG_CACHE_HOME"] = "/dev/null"  # the solution is not run first
    names = [f"student-{number}" for number in range(8)]
    for name in names:
        a_class.hand_in(f"import time; time.sleep(0.3); print({name!r})", f"class/{name}.ipynb")
    grading = a_class.grade("auto", "class")
    deadline = time.monotonic() + 120
    while len(a_class.finished()) < 3:
        if grading.poll() == 2:
            pytest.skip("no sandbox works here")
        assert time.monotonic() < deadline, "three submissions were not graded"
        time.sleep(0.02)
    grading.send_signal(how)
    assert grading.wait(60) == (130 if how == signal.SIGINT else -how)
    before = a_class.finished()
    assert 3 <= len(before) < len(names)
    assert not (a_class.folder / "out" / "summary.json").exists()
    again = a_class.grade("auto", "class", subprocess.PIPE)
    said = again.communicate(timeout=300)[0].decode()
    assert again.returncode == 0, said
    after = a_class.finished()
    assert sorted(after) == names
    assert {name: after[name] for name in before} == before
    graded = re.findall(r"^\[\d+/\d+\] (\S+): ", said, re.M)
    assert sorted(graded) == sorted(set(names) - set(before))
    assert f"{len(before)} kept as they are" in said
    results = [json.loads(content) for _, content in after.values()]
    assert {result["outcome"] for result in results} == {"graded"}
    summary = json.loads((a_class.folder / "out" / "summary.json").read_text("utf-8"))
    assert [one["id"] for one in summary["submissions"]] == names
    assert [one.name for one in (a_class.folder / "out").rglob(".*")] == [LOCK]


def test_only_what_nobody_holds_is_removed(tmp_path: Path) -> None:
    """A running grader's folder stays, and so does one that no grader locked."""
    (tmp_path / "grader-of-somebody").mkdir()
    (tmp_path / "grader-link").symlink_to(tmp_path / "grader-of-somebody")
    with scratch_folder(tmp_path) as held:
        left = tmp_path / "grader-left"
        shutil.copytree(held, left)
        remove_left_over(tmp_path)
        assert held.is_dir()
        assert not left.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grader-link", "grader-of-somebody"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's folder")
def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    """What another user left, or planted, is not touched."""
    with scratch_folder(tmp_path) as held:
        shutil.copytree(held, tmp_path / "grader-planted")
    os.chown(tmp_path / "grader-planted", ORDINARY, ORDINARY)
    remove_left_over(tmp_path)
    assert (tmp_path / "grader-planted").is_dir()
