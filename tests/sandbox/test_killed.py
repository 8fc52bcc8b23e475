"""A grader that is killed leaves nothing that runs, and nothing that disturbs the next one."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.core.atomic import LOCK
from grader.sandbox.scratch import remove_abandoned, scratch_folder
from grader.untrusted.box.init import children, descendants
from grader.untrusted.box.syscalls import PR_SET_CHILD_SUBREAPER, prctl
from tests.support.sandboxes import (
    HERE,
    ORDINARY,
    OWN,
    as_user,
    python_for,
    why_not,
    works_without_grader,
)

PATIENCE = 180.0  # seconds, for anything to happen on a busy machine
ENDED = b""  # the command line of a process that is no more
BACKENDS, USERS = ("bwrap", "landlock"), ("root", "ordinary")
OF_CI = (("bwrap", OWN), ("landlock", "ordinary"))
"""Each backend once, and each user once where root runs the tests."""

# Found by Python in every process of the grader: the judge stops itself right before the second
# result of a batch would be there.
_STOPS_AT_THE_SECOND_RESULT = """
import os, pathlib, signal, sys
def look(event, values):
    if event == "os.rename" and pathlib.Path(values[1]).name == "result.json":
        if list(pathlib.Path(values[1]).parents[1].glob("*/result.json")):
            os.kill(os.getpid(), signal.SIGSTOP)
sys.addaudithook(look)
"""


@dataclass(frozen=True)
class Class:
    """A folder of a user's: what was handed in, what comes out, and scratch space."""

    folder: Path
    backend: str
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
        self, what: str = "homework.ipynb", said: int = subprocess.DEVNULL, **environment: str
    ) -> subprocess.Popen[bytes]:
        """``grader grade``, started."""
        options = [what, "-o", "out", "--sandbox", self.backend, "-a", "hh", "--lang", "en"]
        return subprocess.Popen(
            [*self.command, "-m", "grader", "grade", *options],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdout=said,
        )

    def until(
        self, happened: Callable[[], object], what: str, grading: subprocess.Popen[bytes]
    ) -> None:
        """Wait for something of a grader that runs. Skips where no box can be made here."""
        deadline = time.monotonic() + PATIENCE
        while not happened():
            if grading.poll() is not None:
                if not works_without_grader(self.backend):
                    pytest.skip(f"{self.backend} does not work here")
                pytest.fail(f"it ended with {grading.returncode}: {what}")
            assert time.monotonic() < deadline, what
            time.sleep(0.02)

    def finished(self) -> dict[str, tuple[int, bytes]]:
        """Every result there is: which file on the disk it is, and what is in it."""
        return {
            file.parent.name: (file.stat().st_ino, file.read_bytes())
            for file in (self.folder / "out").glob("*/result.json")
        }

    def scratch(self) -> list[Path]:
        """Private folders of graders."""
        return sorted((self.folder / "tmp").glob("grader-*"))


@contextlib.contextmanager
def a_class_of(backend: str, user: str) -> Iterator[Class]:
    """A class of root's, or of an ordinary user's; for Landlock in a container's stand-in."""
    become, python = as_user(user), python_for(user)
    if become is None or python is None:
        pytest.skip(why_not(user))
    folder = Path(tempfile.mkdtemp(prefix="killed-", dir="/tmp"))  # short: sockets lie in it
    (folder / "tmp").mkdir()
    if os.geteuid() == 0:
        folder.chmod(0o755)
        if user == "ordinary":
            for path in (folder, folder / "tmp"):
                os.chown(path, ORDINARY, ORDINARY)
    program, environment = python
    contained = (program, str(HERE / "container.py")) if backend == "landlock" else ()
    environment |= {"HOME": str(folder), "TMPDIR": str(folder / "tmp")}
    try:
        yield Class(folder, backend, (*become, *contained, program), environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # a grader that a failure left may still write


def _tier(backend: str, user: str) -> Any:
    """bubblewrap as the user of the tests in every tier, what CI relies on, and all."""
    if (backend, user) == ("bwrap", OWN):
        return ()
    return pytest.mark.full if (backend, user) in OF_CI else pytest.mark.exhaustive


@pytest.fixture(
    params=[pytest.param(both, marks=_tier(*both)) for both in itertools.product(BACKENDS, USERS)],
    ids="-".join,
)
def a_class(request: pytest.FixtureRequest) -> Iterator[Class]:
    """Of each backend, as each user."""
    with a_class_of(*request.param) as made:
        yield made


@pytest.fixture
def left_over() -> Iterator[Callable[[], list[bytes]]]:
    """What still runs of the processes that a test has started, and of all below these.

    Where the one that started it is gone, a process becomes this one's child.
    """
    others = set(children(os.getpid()))
    prctl(PR_SET_CHILD_SUBREAPER, 1)

    def running() -> list[bytes]:
        ours = [pid for pid in children(os.getpid()) if pid not in others]
        found = [_command(pid) for one in ours for pid in (one, *descendants(one))]
        return [command for command in found if command != ENDED]

    yield running
    prctl(PR_SET_CHILD_SUBREAPER, 0)
    for pid in children(os.getpid()):
        if pid not in others:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ENDED


def _is_stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False


def _warm(grading: int) -> list[int]:
    """The warm process that makes the boxes of a batch."""
    commands = {pid: _command(pid).split(b"\0") for pid in descendants(grading)}
    return [
        pid
        for pid, command in commands.items()
        if b"python" in command[0] and any(b'"preload": true' in part for part in command)
    ]


def _warm_process_is_there(_: Class, grading: int) -> bool:
    return bool(_warm(grading))


def _solution_is_run(a_class: Class, grading: int) -> bool:
    boxes = [box for warm in _warm(grading) for box in descendants(warm)]
    return bool(boxes) and any(list(folder.glob("fill-*")) for folder in a_class.scratch())


def _cell_runs(_: Class, grading: int) -> bool:
    return any(_command(pid).startswith(b"sleep\0") for pid in descendants(grading))


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(_warm_process_is_there, marks=pytest.mark.full),
        pytest.param(_solution_is_run, marks=pytest.mark.full),
        _cell_runs,
    ],
)
def test_killing_the_grader_leaves_nothing_running(
    a_class: Class,
    moment: Callable[[Class, int], bool],
    left_over: Callable[[], list[bytes]],
) -> None:
    """SIGKILL ends host, judge, clients and boxes at any moment; the next run starts cleanly."""
    a_class.hand_in("import subprocess; subprocess.run(['sleep', '3600'])")
    if moment is not _solution_is_run:
        a_class.environment["XDG_CACHE_HOME"] = "/dev/null"  # else the solution is run first
    grading = a_class.grade()
    a_class.until(lambda: moment(a_class, grading.pid), moment.__name__, grading)
    grading.kill()
    grading.wait()
    deadline = time.monotonic() + PATIENCE
    while left_over() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left_over() == []
    assert a_class.scratch() != []
    # Had the solution been run to its end, what was compiled for it would be there.
    assert list((a_class.folder / ".cache").rglob("*.zip")) == []
    if moment is _cell_runs:
        a_class.hand_in("print(6 * 7)")
        assert a_class.grade().wait(2 * PATIENCE) == 0
        assert a_class.scratch() == []


@pytest.mark.parametrize(
    ("user", "how"),
    [
        pytest.param(OWN, signal.SIGKILL),
        pytest.param(OWN, signal.SIGINT, marks=pytest.mark.full),
        *(
            pytest.param(user, how, marks=pytest.mark.exhaustive)
            for user in USERS
            if user != OWN
            for how in (signal.SIGKILL, signal.SIGINT)
        ),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_batch_that_was_ended_is_finished_by_the_next(user: str, how: signal.Signals) -> None:
    """Ended while a result is written: what was finished is kept, the rest is graded once."""
    boxed = any(map(works_without_grader, BACKENDS))
    with a_class_of("auto" if boxed else "none", user) as a_class:
        a_class.environment["XDG_CACHE_HOME"] = "/dev/null"  # the solution is not run first
        names = [f"student-{number}" for number in range(3)]
        for name in names:
            a_class.hand_in(f"print({name!r})", f"class/{name}.ipynb")
        (a_class.folder / "stops").mkdir()
        (a_class.folder / "stops" / "sitecustomize.py").write_text(_STOPS_AT_THE_SECOND_RESULT)
        path = f"{a_class.folder / 'stops'}:{a_class.environment['PYTHONPATH']}"
        grading = a_class.grade("class", PYTHONPATH=path)
        stopped: list[int] = []

        def is_written() -> bool:
            stopped[:] = filter(_is_stopped, descendants(grading.pid))
            return bool(stopped)

        a_class.until(is_written, "no second result was written", grading)
        grading.send_signal(how)
        assert grading.wait(PATIENCE) == (130 if how == signal.SIGINT else -how)
        for judge in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(judge, signal.SIGKILL)
        before, out = a_class.finished(), a_class.folder / "out"
        assert len(before) == 1
        written = [draft.parent for draft in out.glob("*/.result.json.*.part")]
        assert len(written) == 1
        assert (written[0] / "result.html").exists()
        assert not (out / "summary.json").exists()
        again = a_class.grade("class", subprocess.PIPE)
        said = again.communicate(timeout=2 * PATIENCE)[0].decode()
        assert again.returncode == 0, said
        after = a_class.finished()
        assert sorted(after) == names
        assert {name: after[name] for name in before} == before
        graded = re.findall(r"^\[\d+/\d+\] (\S+): ", said, re.M)
        assert sorted(graded) == sorted(set(names) - set(before))
        assert f"{len(before)} kept as they are" in said
        results = [json.loads(content) for _, content in after.values()]
        assert {result["outcome"] for result in results} == {"graded"}
        summary = json.loads((out / "summary.json").read_text("utf-8"))
        assert [one["id"] for one in summary["submissions"]] == names
        assert [one.name for one in out.rglob(".*")] == [LOCK]


def test_only_what_nobody_holds_is_removed(tmp_path: Path) -> None:
    """A running grader's folder stays, and so does one that no grader locked."""
    (tmp_path / "grader-of-somebody").mkdir()
    (tmp_path / "grader-link").symlink_to(tmp_path / "grader-of-somebody")
    with scratch_folder(tmp_path) as held:
        left = tmp_path / "grader-left"
        shutil.copytree(held, left)
        remove_abandoned(tmp_path)
        assert held.is_dir()
        assert not left.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grader-link", "grader-of-somebody"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's folder")
def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    """What another user left, or planted, is not touched."""
    with scratch_folder(tmp_path) as held:
        shutil.copytree(held, tmp_path / "grader-planted")
    os.chown(tmp_path / "grader-planted", ORDINARY, ORDINARY)
    remove_abandoned(tmp_path)
    assert (tmp_path / "grader-planted").is_dir()
