"""A Dask cluster on loopback for tests: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.untrusted.box.init import descendants
from grader.untrusted.box.syscalls import PR_SET_PDEATHSIG, prctl

PATIENCE = 180.0  # seconds, for anything to happen on a busy machine


@dataclass
class Cluster:
    """A scheduler, its workers, and a class; what workers leave shows in ``work``."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    standing: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def address(self) -> str:
        address: str = json.loads((self.folder / "scheduler.json").read_text())["address"]
        return address

    def environment(self, **more: str) -> dict[str, str]:
        """The same for all: one secret, one cache, one place for what is private."""
        own = {
            "GRADER_SECRET": "of these tests",
            "TMPDIR": str(self.folder / "tmp"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "200",
        }
        return {**os.environ, **own, **more}

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """A process of the cluster; what it says goes to a file."""
        with (self.folder / f"said-{len(self.processes)}.txt").open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *command, "--no-dashboard"],
                cwd=self.folder,
                env=self.environment(TMPDIR=str(self.folder / "work"), **environment),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                preexec_fn=_end_with_the_test,
            )
        self.processes.append(process)
        return process

    def worker(
        self, *options: str, nanny: bool = False, **environment: str
    ) -> subprocess.Popen[bytes]:
        own = [] if nanny else ["--no-nanny"]
        place = ("--local-directory", str(self.folder / "dask"))
        arguments = ("--scheduler-file", "scheduler.json", "--nthreads", "2", *place)
        return self.start("worker", *arguments, *own, *options, **environment)

    def workers(self, count: int) -> list[subprocess.Popen[bytes]]:
        """So many workers of one thread each, and no others; those that stand already are used."""
        alive = [process for process in self.standing if process.poll() is None]
        self.standing = alive[:count]
        for process in self.processes[1:]:
            if process not in self.standing:
                self.kill(process)
        while len(self.standing) < count:
            self.standing.append(self.worker("--nthreads", "1"))
        return list(self.standing)

    def clear(self) -> None:
        """Forget the last class; whoever worked for it is done with it first."""
        until(lambda: not self.sessions(), "a session was left")
        for folder in (self.folder / "class", self.out):
            shutil.rmtree(folder, ignore_errors=True)
        (self.folder / "class").mkdir()

    def below(self, worker: subprocess.Popen[bytes]) -> list[bytes]:
        """The command lines of what runs below a worker."""
        return [_command(pid) for pid in descendants(worker.pid)]

    def grading(
        self, *more: str, address: str = "", program: tuple[str, ...] = ("-m", "grader")
    ) -> subprocess.Popen[str]:
        """``grader grade --cluster``, started."""
        options = ["-o", "out", "-a", "hh", "--lang", "en", "--cluster", address or self.address]
        return subprocess.Popen(
            [sys.executable, *program, "grade", "class", *options, *more],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_end_with_the_test,
        )

    def written(self) -> list[str]:
        """Whose result is there."""
        return sorted(file.parent.name for file in self.out.glob("*/result.json"))

    def sessions(self) -> list[int]:
        """What runs below the workers for the grader."""
        below = {pid for process in self.processes for pid in descendants(process.pid)}
        return [pid for pid in below if b"grader." in _command(pid)]

    def scratch(self) -> list[Path]:
        """Private folders of workers."""
        return sorted((self.folder / "work").glob("grader-*"))

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL for a process; what runs below it ends by itself."""
        below = descendants(process.pid) if process.poll() is None else []
        process.kill()
        process.wait()
        until(lambda: not any(map(_command, below)), "something runs on below a killed process")

    def end(self) -> None:
        """SIGKILL for all of it, as nothing of it is of use any more."""
        for process in reversed(self.processes):
            self.kill(process)


def _end_with_the_test() -> None:
    """Whoever is killed leaves no scheduler and no worker behind."""
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def until(happened: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait for something. Raises ``AssertionError`` when it doesn't happen."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _is_written(file: Path) -> bool:
    """Whether it holds JSON: a scheduler makes its file first, and fills it then."""
    try:
        return bool(json.loads(file.read_text()))
    except (OSError, ValueError):
        return False


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """A scheduler on a port of its own, and no worker yet."""
    folder = Path(tempfile.mkdtemp(prefix="cluster-", dir="/tmp"))  # short: sockets lie in it
    for name in ("tmp", "work", "class", "dask"):
        (folder / name).mkdir()
    folder.chmod(0o755)
    made = Cluster(folder)
    try:
        made.start("scheduler", "--host", "127.0.0.1", "--port", "0",
                   "--scheduler-file", "scheduler.json")  # fmt: skip
        until(lambda: _is_written(folder / "scheduler.json"), "the scheduler did not start")
        yield made
    finally:
        made.end()
        shutil.rmtree(folder)
