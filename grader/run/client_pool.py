"""Handing submissions to the process that forks a disposable client for each.

The coordinator has threads and JAX has more, so neither may fork: `grader.run.client_server` does.
The coordinator sends one JSON line a request with the writing end of a pipe; it
gets a pidfd of the client back, which is the kill switch. The client closes the pipe
when it is done, with what went wrong in it (nothing when all went well).
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grader.sandbox.warm_process import SandboxConfig

_MAX_ANSWER = 64 * 1024
_TO_GET_READY = 900.0  # seconds to warm up and to run the solution, on a slow machine


class ClientKilled(Exception):
    """A client was ended from outside, or ended without a word."""


class ClientPool:
    """The coordinator's side: hands one job after the other to the process.

    ``fill`` is where compiled programs are to be kept, when that was not done before.
    Safe to use from several threads.
    """

    def __init__(
        self,
        assignment: Path,
        teachers: Path,
        setup: SandboxConfig | None = None,
        fill: Path | None = None,
    ) -> None:
        described = json.dumps(None if setup is None else asdict(setup))
        self._arguments = [str(assignment), str(teachers), described, str(fill or "")]
        self._lock = threading.Lock()
        self._closed = False
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "grader.run.client_server",
                    str(theirs.fileno()),
                    *self._arguments,
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )

    def collect_evidence(self, request: dict[str, Any], seconds: float) -> None:
        """Gather evidence as ``request`` says; returns when it is written.

        Raises ``ClientKilled`` after ``seconds``, or when the client fails.
        """
        reading, writing = os.pipe()
        try:
            with self._lock:
                if self._closed:
                    raise BrokenPipeError("it was closed")
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
        """End the process; its clients end with it, and who waits for one hears that."""
        self._closed = True
        if not self._lock.acquire(blocking=False):
            self._process.kill()
            self._lock.acquire()
        self._socket.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._lock.release()


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
