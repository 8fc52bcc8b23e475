"""A small process that forks one disposable client for each submission.

The coordinator has threads and JAX has more, so neither may fork. This process has
one thread and neither JAX nor BrainPy; it imports what a client needs once and forks
on request. Every client speaks with one kernel, writes its evidence and ends: a
kernel that breaks its client breaks nothing else.

The coordinator sends one JSON line a request with the writing end of a pipe; it
gets a pidfd of the client back, which is the kill switch. The client closes the pipe
when it is done, with what went wrong in it (nothing when all went well). When the
coordinator ends, for whatever reason, this process ends and its clients with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grader.assignment import Assignment, Limits
from grader.box.warm import BoxFailed, Setup, WarmBox
from grader.evidence import save_evidence
from grader.fill import fill_apart
from grader.gather import Job, gather
from grader.load import load_assignment

_PR_SET_PDEATHSIG = 1
_MAX_REQUEST = 64 * 1024
_MAX_ANSWER = 64 * 1024
_TO_GET_READY = 900.0  # seconds to warm up and to run the solution, on a slow machine


class ClientKilled(Exception):
    """A client was ended from outside, or ended without a word."""


class Host:
    """The coordinator's side: hands one job after the other to the process.

    ``fill`` is where compiled programs are to be kept, when that was not done before.
    Safe to use from several threads.
    """

    def __init__(
        self, assignment: Path, teachers: Path, setup: Setup | None = None, fill: Path | None = None
    ) -> None:
        described = json.dumps(None if setup is None else asdict(setup))
        self._arguments = [str(assignment), str(teachers), described, str(fill or "")]
        self._lock = threading.Lock()
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "grader.host", str(theirs.fileno()), *self._arguments],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )

    def gather(self, request: dict[str, Any], seconds: float) -> None:
        """Gather evidence as ``request`` says; returns when it is written.

        Raises ``ClientKilled`` after ``seconds``, or when the client fails.
        """
        reading, writing = os.pipe()
        try:
            with self._lock:
                if self._process.poll() is not None:
                    self._socket.close()
                    self._start()
                self._socket.settimeout(_TO_GET_READY)
                socket.send_fds(self._socket, [json.dumps(request).encode()], [writing])
                _, descriptors, _, _ = socket.recv_fds(self._socket, 16, 1)
        except OSError as error:
            os.close(reading)
            raise ClientKilled(f"the client host is gone: {error}") from None
        finally:
            os.close(writing)
        if not descriptors:
            os.close(reading)
            raise ClientKilled("the client host is gone")
        pidfd = descriptors[0]
        try:
            answer = _read_all(reading, seconds)
            if answer is None:
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                raise ClientKilled(f"no end after {seconds:.0f} s")
            if answer != b"done":
                raise ClientKilled(answer.decode("utf-8", "replace") or "ended without a word")
        finally:
            os.close(pidfd)
            os.close(reading)

    def close(self) -> None:
        """End the process; its clients end with it."""
        self._socket.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _read_all(descriptor: int, seconds: float) -> bytes | None:
    """All that comes until the other end closes; None when that takes too long."""
    deadline, found = time.monotonic() + seconds, b""
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([descriptor], [], [], left)[0]:
            return None
        part = os.read(descriptor, 4096)
        if not part:
            return found
        found = (found + part)[:_MAX_ANSWER]
    return None


# --------------------------------------------------------------- inside the process


def _serve(
    connection: socket.socket, assignment: Assignment, setup: Setup | None, file: str
) -> None:
    """Fork a client for each request until the coordinator is gone."""
    warm = None if setup is None else WarmBox(setup)
    _warm_up()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the coordinator's to handle
    if warm is not None and file and not _fault(warm):
        fill_apart(assignment, warm.link, _free_core([]), Path(file))
    cores: dict[int, int] = {}  # of each client
    while True:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                cores.pop(ended, None)
        connection.settimeout(1.0)
        try:
            request, descriptors, _, _ = socket.recv_fds(connection, _MAX_REQUEST, 1)
        except TimeoutError:
            continue
        if not request:
            break
        if setup is not None and (warm is None or not warm.running):
            warm = WarmBox(setup)  # the old one was killed
        fault = _fault(warm)
        parent, core = os.getpid(), _free_core(list(cores.values()))
        child = os.fork()
        if child == 0:
            connection.close()
            _die_with(parent)
            _client(json.loads(request), assignment, descriptors[0], warm, core, fault)
        cores[child] = core
        os.close(descriptors[0])
        pidfd = os.pidfd_open(child)
        connection.settimeout(None)
        socket.send_fds(connection, [b"pid"], [pidfd])
        os.close(pidfd)
    for client in cores:  # not yet waited for, so each still is who it was
        os.kill(client, signal.SIGKILL)
    if warm is not None:
        warm.close()


def _fault(warm: WarmBox | None) -> str:
    """What keeps the warm process from making boxes, or ""."""
    try:
        if warm is not None:
            warm.wait()
    except (BoxFailed, OSError) as problem:
        return str(problem)
    return ""


def _free_core(taken: Sequence[int]) -> int:
    """The processor that the fewest of the running clients' kernels keep to."""
    return min(sorted(os.sched_getaffinity(0)), key=taken.count)


def _warm_up() -> None:
    """Import what reading a notebook needs late; no thread may be started here."""
    import IPython.core.inputtransformer2
    import nbclient
    import nbformat

    nbformat.validate(nbformat.v4.new_notebook())
    assert threading.active_count() == 1, "a process with threads must not fork"
    assert "jax" not in sys.modules, "a process with JAX must not fork"
    del IPython, nbclient


def _client(
    request: dict[str, Any],
    assignment: Assignment,
    writing: int,
    warm: WarmBox | None,
    core: int,
    fault: str,
) -> None:
    """Gather one submission's evidence, then end without a way back."""
    answer = "done"
    try:
        if fault:
            raise BoxFailed(fault)
        job = Job(
            notebook=Path(request["notebook"]),
            assignment=assignment,
            limits=Limits(**request["limits"]),
            secret=bytes.fromhex(request["secret"]),
            seed=request["seed"],
            box=None if warm is None else warm.link,
            core=core,
            scratch=Path(request["scratch"]),
        )
        save_evidence(gather(job), Path(request["folder"]))
    except BaseException:
        answer = traceback.format_exc()[-8000:]
    finally:
        os.write(writing, answer.encode())
        os._exit(0)


def _die_with(parent: int) -> None:
    """Ask the kernel to end this process when its parent ends."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    _serve(
        socket.socket(fileno=int(sys.argv[1])),
        load_assignment(Path(sys.argv[2]), Path(sys.argv[3])),
        None if (described := json.loads(sys.argv[4])) is None else Setup(**described),
        sys.argv[5],
    )
