"""How many processes a fork bomb makes, and how long it takes to end it.

    python -m tests.benchmarks.forks [bwrap|landlock]...

Two bombs of 20 seconds: one that only forks, and one in which each process begins a session of
its own. Run it as root and as an ordinary user: the bounds differ. Meant for a machine on which
a load of some hundred disturbs nobody.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grader.assignment.schema import Limits
from grader.core.types import Cell, Submission
from grader.run.kernel.session import open_session
from grader.sandbox.detect import NAMES, try_sandbox
from grader.sandbox.kernel_manager import boxed_kernel
from grader.sandbox.warm_process import SandboxClient, WarmProcess

_PERIOD = 0.02  # seconds between two looks
_BOMB = """
import os, time
end = time.time() + 20
while time.time() < end:
    try:
        os.fork(); {also}
    except OSError:
        pass
"""
BOMBS = {"forks": _BOMB.format(also="pass"), "forks and sessions": _BOMB.format(also="os.setsid()")}


class Counter(threading.Thread):
    """Counts the machine's processes until it is stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.before = self.most = _count()
        self.stopped = threading.Event()
        self.start()

    def run(self) -> None:
        """Keep the greatest number."""
        while not self.stopped.wait(_PERIOD):
            self.most = max(self.most, _count())


def _count() -> int:
    return sum(name.isdigit() for name in os.listdir("/proc"))


async def _run(link: SandboxClient, folder: Path, source: str) -> str:
    """How the bomb's run ended, once its sandbox is gone."""
    cell = Cell(index=0, kind="code", source=source, id="bomb")
    submission = Submission(file="bomb.ipynb", sha256="", cells=(cell,))
    kernel = boxed_kernel(folder, link, Limits(), None)
    async with open_session(submission, Limits(), kernel) as session:
        run = await session.run_cell(0)
    return run.error_name or run.status


def main(sandboxes: Sequence[str]) -> None:
    """Print a line for each bomb in each sandbox."""
    for name in NAMES:
        if sandboxes and name not in sandboxes:
            continue
        if (setup := try_sandbox(name).config) is None:
            print(f"{name} does not work here")
            continue
        with tempfile.TemporaryDirectory(prefix="grader-benchmark-") as place:
            os.chmod(place, 0o711)
            warm = WarmProcess(replace(setup, scratch=place))
            warm.wait()
            for kind, source in BOMBS.items():
                folder, counter = Path(tempfile.mkdtemp(dir=place)), Counter()
                began = time.monotonic()
                ended = asyncio.run(_run(warm.client, folder, source))
                seconds, left = time.monotonic() - began, _count() - counter.before
                counter.stopped.set()
                most = counter.most - counter.before
                print(f"{name}, {kind}: {most} at most, {ended} after {seconds:.1f} s, {left} left")
            warm.close()


if __name__ == "__main__":
    main(sys.argv[1:])
