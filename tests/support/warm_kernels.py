"""Kernels for tests: forks of one warm process, as `grader grade` makes them, or cold ones.

    python -m tests.support.warm_kernels DESCRIPTOR

is the program that starts the warm process and hands its socket to the test: a test may have
loaded JAX, which has threads, and a process with threads must not fork. Where no sandbox
works every kernel is cold: a process of its own, as `grader check` starts it.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from grader.assignment.schema import Assignment, Limits
from grader.core.types import Cell, Submission
from grader.run.kernel.plain import plain_kernel, short_folder
from grader.run.kernel.prestart import kernel_environment
from grader.run.kernel.session import Session, open_session
from grader.run.run_request import RunRequest
from grader.sandbox.detect import detect_sandbox
from grader.sandbox.kernel_manager import boxed_kernel
from grader.sandbox.scratch import scratch_folder
from grader.sandbox.warm_process import SandboxClient, SandboxConfig, WarmProcess
from tests.support.project import ROOT

_LARGEST = 64 * 1024
_SECONDS = 240.0  # to try sandboxes out and to import everything, on a slow machine


@dataclass(frozen=True, slots=True)
class Kernels:
    """Starts a kernel for each job and each session: a fork through ``link``, or a cold one."""

    link: SandboxClient | None = None
    scratch: Path | None = None

    def job(
        self,
        notebook: Path,
        assignment: Assignment,
        limits: Limits | None = None,
        *,
        hidden: bool = True,
    ) -> RunRequest:
        """A job whose notebook runs in one of these kernels."""
        return RunRequest(
            notebook=notebook,
            assignment=assignment,
            limits=limits or assignment.limits,
            secret=b"tests",
            hidden=hidden,
            sandbox_client=self.link,
            scratch=self.scratch,
        )

    @contextlib.asynccontextmanager
    async def session(self, submission: Submission, limits: Limits) -> AsyncIterator[Session]:
        """A session with one of these kernels, in a private folder that goes with it."""
        where = self.scratch or short_folder()
        with tempfile.TemporaryDirectory(prefix="grader-", dir=where) as folder:
            place, start = Path(folder), {}
            if self.link is not None:
                kernel: Any = boxed_kernel(place, self.link, limits, None)
            else:
                kernel = plain_kernel(place, limits)
                start = {"cwd": folder, "env": kernel_environment(place)}
            async with open_session(submission, limits, kernel, **start) as session:
                yield session


COLD = Kernels()
"""Each kernel a process of its own."""


def submission_of(*sources: str) -> Submission:
    """A submission with these code cells."""
    cells = tuple(
        Cell(index=i, kind="code", source=source, id=f"c{i}") for i, source in enumerate(sources)
    )
    return Submission(file="n.ipynb", sha256="", cells=cells)


@contextlib.contextmanager
def started() -> Iterator[Kernels]:
    """Kernels that are forks of a new warm process; cold ones where no sandbox works here."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            starter = subprocess.Popen(
                [sys.executable, "-m", __spec__.name, str(theirs.fileno())],
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        ours.settimeout(_SECONDS)
        text, descriptors, _, _ = socket.recv_fds(ours, _LARGEST, 1)
        assert text, f"warm_kernels.py ended with {starter.wait()}"
        if not descriptors:
            yield COLD
        else:
            parts = json.loads(text)
            setup = SandboxConfig(**parts["setup"])
            with socket.socket(fileno=descriptors[0]) as control:
                link = SandboxClient(setup, control, tuple(parts["readable"]), tuple(parts["keep"]))
                yield Kernels(link, Path(setup.scratch))
    starter.wait(60)


def main(asker: socket.socket) -> None:
    """Start the warm process, hand its socket over, and end it with whoever asked."""
    setup, _ = detect_sandbox("auto")
    if setup is None:
        asker.send(b"{}")
        return
    with scratch_folder(short_folder()) as scratch:
        scratch.chmod(0o711)  # for root's boxes run as another user
        private = (str(ROOT / "reference"), str(ROOT / "submissions"))
        warm = WarmProcess(replace(setup, scratch=str(scratch), private=private))
        warm.wait()
        link = warm.client
        parts = {"setup": asdict(link.config), "readable": link.readable, "keep": link.keep}
        socket.send_fds(asker, [json.dumps(parts).encode()], [link.control.fileno()])
        asker.recv(1)
        warm.close()


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
