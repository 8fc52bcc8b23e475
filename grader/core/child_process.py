"""Run a module of grader as a child process that answers messages.

A process of its own keeps threads away from what forks, and JAX away from what talks to
kernels; when it dies or hangs, it is replaced, and nothing else is lost. The child gets the
number of its end of the connection as its first argument, and ends when the connection does.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection, Pipe

_CLOSE_SECONDS = 5.0  # for a process to end by itself once its connection is closed


class ChildEnded(Exception):
    """The process is gone, gave no reply in time, or was closed; the message says which."""


class ChildProcess:
    """A child process and the connection to it. Safe to use from several threads.

    ``name`` stands for it in messages. Without an ``environment`` it has this process's own.
    """

    connection: Connection
    process: subprocess.Popen[bytes]

    def __init__(
        self,
        name: str,
        module: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._name, self._module, self._arguments = name, module, arguments
        self._environment = environment
        self._lock = threading.Lock()
        self._closed = False
        self._start()

    def _start(self) -> None:
        self.connection, theirs = Pipe()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self._module, str(theirs.fileno()), *self._arguments],
                pass_fds=[theirs.fileno()],
                env=self._environment,
                stdin=subprocess.DEVNULL,
            )

    @contextlib.contextmanager
    def exchange(self) -> Iterator[Connection]:
        """Give the connection to one thread at a time, for a message and its reply.

        A process that has ended is replaced first. Raises ``ChildEnded``, and kills the
        process, when it fails within the block.
        """
        with self._lock:
            if self._closed:
                raise ChildEnded(f"{self._name} was closed")
            if self.process.poll() is not None:
                self.kill()
                self._start()
            try:
                yield self.connection
            except (OSError, EOFError) as error:
                self.kill()
                raise ChildEnded(f"{self._name}'s process is gone: {error!r}") from None

    def await_reply(self, seconds: float | None) -> None:
        """Wait for a reply within an exchange. Kills the process when none comes in time."""
        if not self.connection.poll(seconds):
            self.kill()
            raise ChildEnded(f"{self._name} gave no answer in {seconds:.0f} s")

    def kill(self) -> None:
        """Kill the process, if it still runs."""
        self.process.kill()
        self.connection.close()
        self.process.wait()

    def close(self) -> None:
        """End the process; a thread that waits for a reply gets ``ChildEnded``."""
        self._closed = True
        if not self._lock.acquire(blocking=False):
            self.process.kill()
            self._lock.acquire()
        self.connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_CLOSE_SECONDS)
        self.kill()
        self._lock.release()
