"""Fill the cache of compiled programs for boxes; see ``grader.sandbox.compiled_programs``."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import tempfile
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from grader.assignment.schema import Assignment
from grader.run.collect_evidence import collect_evidence
from grader.run.run_request import RunRequest
from grader.sandbox import compiled_programs
from grader.sandbox.detect import programs_are_found
from grader.sandbox.warm_process import SandboxClient
from grader.untrusted.box.syscalls import end_with_parent


def warm_cache_in_child(
    assignment: Assignment, client: SandboxClient, core: int, file: Path, asker: Connection
) -> None:
    """Call ``warm_cache`` in a process of its own; a failure affects nothing but speed.

    Called before any submission runs, by a process that may fork. It is given up when the
    other end of ``asker`` is gone.
    """
    if not client.config.programs:
        return
    parent = os.getpid()
    child = os.fork()
    if child:
        _await(child, asker)
        return
    with contextlib.suppress(BaseException):
        end_with_parent(parent)
        warm_cache(assignment, client, Path(client.config.scratch), core, file)
    os._exit(0)


def _await(child: int, asker: Connection) -> None:
    pidfd = os.pidfd_open(child)
    if peer_closes_first(asker, pidfd):
        os.kill(child, signal.SIGKILL)  # its box ends with it
    os.close(pidfd)
    os.waitpid(child, 0)


def peer_closes_first(asker: Connection, awaited: int, seconds: float | None = None) -> bool:
    """Return True if ``asker`` is closed before the descriptor ``awaited`` is ready."""
    poller = select.poll()
    poller.register(awaited, select.POLLIN)
    poller.register(asker, 0)  # its end is told without being asked for
    ready = {
        descriptor for descriptor, _ in poller.poll(None if seconds is None else seconds * 1000)
    }
    return asker.fileno() in ready and awaited not in ready


def warm_cache(
    assignment: Assignment, client: SandboxClient, scratch: Path, core: int, file: Path
) -> None:
    """Run the teacher's notebook in a box that may keep programs, and save them in ``file``.

    Whoever else uses ``client`` finds them from then on. Where a box does not find what was
    just kept (some processors' features are refused when a program is loaded), nothing is
    shown, and ``file`` says so. When the notebook does not run, nothing is kept.
    """
    assert assignment.rubric is not None
    with tempfile.TemporaryDirectory(prefix="fill-", dir=scratch) as private:
        folder = Path(private) / "made"
        folder.mkdir(mode=0o700)
        request = RunRequest(
            notebook=assignment.rubric.solution,
            assignment=assignment,
            limits=assignment.limits,
            secret=b"",
            seed=0,
            sandbox_client=replace(client, programs_folder=str(folder)),
            core=core,
            scratch=scratch,
        )
        evidence = collect_evidence(request)
        found = compiled_programs.collect(folder)
    if evidence.harness_error or evidence.executed.status != "ok" or not found:
        return
    shown = Path(client.config.programs)
    compiled_programs.show(found, shown)
    useful = programs_are_found(client)
    if not useful:
        compiled_programs.hide(found, shown)
        found = {}
    if useful is not None:  # what can't be told now is tried again by the next batch
        compiled_programs.save(found, file)
