"""Hand submissions to the process that forks a disposable client for each.

The coordinator has threads and JAX has more, so neither may fork: `grader.run.client_server` does.
The coordinator sends each request with the writing end of a pipe, and gets a pidfd of the
client back, the kill switch. The client writes "done" or a traceback into the pipe and ends.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from dataclasses import asdict
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from typing import Any

from grader.core.child_process import ChildEnded, ChildProcess
from grader.sandbox.warm_process import SandboxConfig

_MAX_ANSWER = 64 * 1024
_READY_SECONDS = 900.0  # seconds to warm up and to run the solution, on a slow machine


class ClientKilled(Exception):
    """A client was ended from outside, or ended without a word."""


class ClientPool:
    """The coordinator's side: hands one request after the other to the process.

    ``fill`` is the file for compiled programs, if it is still to be filled.
    Safe to use from several threads.
    """

    def __init__(
        self,
        assignment: Path,
        teachers: Path,
        config: SandboxConfig | None = None,
        fill: Path | None = None,
    ) -> None:
        self._server = ChildProcess(
            "the client host",
            "grader.run.client_server",
            *(str(assignment), str(teachers)),
            *(json.dumps(None if config is None else asdict(config)), str(fill or "")),
        )

    def collect_evidence(self, request: dict[str, Any], seconds: float) -> None:
        """Collect evidence by ``request``; returns when it is written.

        Raises ``ClientKilled`` after ``seconds``, or when the client fails.
        """
        reading, writing = os.pipe()
        try:
            pidfd = self._fork_client(request, writing)
        except ChildEnded as ended:
            os.close(reading)
            raise ClientKilled(str(ended)) from None
        finally:
            os.close(writing)
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

    def _fork_client(self, request: dict[str, Any], writing: int) -> int:
        """Return the pidfd of a client that writes its answer to ``writing``."""
        with self._server.exchange() as connection:
            connection.send(request)
            send_handle(connection, writing, None)
            self._server.await_reply(_READY_SECONDS)
            return recv_handle(connection)

    def close(self) -> None:
        """End the process; its clients end with it, and threads that wait for one hear that."""
        self._server.close()


def _read_all(descriptor: int, seconds: float) -> bytes | None:
    """Return all that comes until the other end closes; None when that takes too long.

    A client that its kernel broke may stop within a message.
    """
    deadline, answer = time.monotonic() + seconds, b""
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([descriptor], [], [], left)[0]:
            return None
        part = os.read(descriptor, 4096)
        if not part:
            return answer
        answer = (answer + part)[:_MAX_ANSWER]
    return None
