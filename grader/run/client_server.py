"""A small process that forks one disposable client for each submission.

It has one thread and neither JAX nor BrainPy; it imports what a client needs once and
forks on request. Every client speaks with one kernel, writes its evidence and ends: a
kernel that breaks its client breaks nothing else. What it is asked stands in
`grader.run.client_pool`. When the coordinator ends, for whatever reason, this process ends and its
clients with it.

The warm process of the boxes takes longest to get ready, so it is started before
anything else is imported here.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.sandbox import SandboxError
from grader.sandbox.warm_process import SandboxConfig, WarmProcess
from grader.untrusted.box.syscalls import end_with_parent

if TYPE_CHECKING:
    from grader.assignment.schema import Assignment

_READY = 180.0  # seconds for the warm process to get ready


def main(connection: Connection, assignment: str, teachers: str, config: str, file: str) -> None:
    """Start the warm process of ``config``, load the assignment, serve.

    ``config`` is a `SandboxConfig` or null as JSON, ``file`` the file for compiled programs, or
    "" when it is filled.
    """
    fields = json.loads(config)
    own = None if fields is None else SandboxConfig(**fields)
    warm = None if own is None else WarmProcess(own)
    _serve(connection, _load(Path(assignment), Path(teachers)), own, warm, file)


def _load(folder: Path, teachers: Path) -> Assignment:
    """Load the assignment and all that a client imports; no thread may be started here."""
    import IPython.core.inputtransformer2
    import nbclient
    import nbformat

    from grader.assignment.load import load_assignment
    from grader.submission.cells.find_cell import find_cell
    from grader.submission.notebook.read import read_notebook

    nbformat.validate(nbformat.v4.new_notebook())
    assignment = load_assignment(folder, teachers)
    with contextlib.suppress(Exception):  # each client that needs it says what is wrong with it
        handout = read_notebook(assignment.notebook)
        for exercise in assignment.exercises:  # its cells stand in every submission
            find_cell(handout, exercise, assignment)
    assert threading.active_count() == 1, "a process with threads must not fork"
    assert "jax" not in sys.modules, "a process with JAX must not fork"
    del IPython, nbclient
    return assignment


def _serve(
    connection: Connection,
    assignment: Assignment,
    config: SandboxConfig | None,
    warm: WarmProcess | None,
    file: str,
) -> None:
    """Fork a client for each request until the coordinator is gone."""
    from grader.run.warm_cache import peer_closes_first, warm_cache_in_child

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the coordinator's to handle
    if warm is not None and peer_closes_first(connection, warm.client.control.fileno(), _READY):
        warm.close()
        return
    if warm is not None and file and not _fault(warm):
        warm_cache_in_child(assignment, warm.client, _free_core([]), Path(file), connection)
    cores: dict[int, int] = {}  # of each client
    while True:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                cores.pop(ended, None)
        try:
            if not connection.poll(1.0):
                continue
            request, writing = connection.recv(), recv_handle(connection)
        except (OSError, EOFError):  # the coordinator closed it, or was killed
            break
        if config is not None and (warm is None or not warm.running):
            warm = WarmProcess(config)  # the old one was killed
        fault = _fault(warm)
        parent, core = os.getpid(), _free_core(list(cores.values()))
        child = os.fork()
        if child == 0:
            connection.close()
            end_with_parent(parent)
            _client(request, assignment, writing, warm, core, fault)
        cores[child] = core
        os.close(writing)
        pidfd = os.pidfd_open(child)
        with contextlib.suppress(OSError):  # it is gone; the next turn sees that
            send_handle(connection, pidfd, None)
        os.close(pidfd)
    for client in cores:  # not yet waited for, so each still is who it was
        os.kill(client, signal.SIGKILL)
    if warm is not None:
        warm.close()


def _fault(warm: WarmProcess | None) -> str:
    """Return the fault that keeps the warm process from making boxes, or ""."""
    try:
        if warm is not None:
            warm.wait()
    except (SandboxError, OSError) as problem:
        return str(problem)
    return ""


def _free_core(taken: Sequence[int]) -> int:
    """Return the processor that the fewest running clients' kernels keep to."""
    return min(sorted(os.sched_getaffinity(0)), key=taken.count)


def _client(
    request: dict[str, Any],
    assignment: Assignment,
    writing: int,
    warm: WarmProcess | None,
    core: int,
    fault: str,
) -> None:
    """Collect one submission's evidence, then end the process."""
    from grader.assignment.schema import Limits
    from grader.core.evidence_store import load_evidence, save_evidence
    from grader.core.types import Note
    from grader.run.collect_evidence import collect_evidence
    from grader.run.run_request import RunRequest
    from grader.run.substitute_parts import reprobe_with_solution

    answer = "done"
    try:
        if fault:
            raise SandboxError(fault)
        job = RunRequest(
            notebook=Path(request["notebook"]),
            assignment=assignment,
            limits=Limits(**request["limits"]),
            secret=bytes.fromhex(request["secret"]),
            seed=request["seed"],
            sandbox_client=None if warm is None else warm.client,
            core=core,
            scratch=Path(request["scratch"]),
            fault=None if request["fault"] is None else Note(**request["fault"]),
            time_factor=request["time_factor"],
            repeated=request["repeated"],
        )
        folder, wrong = Path(request["folder"]), request["stands_in"]
        evidence = (
            reprobe_with_solution(job, load_evidence(folder), wrong)
            if wrong
            else collect_evidence(job)
        )
        save_evidence(evidence, folder, request["made"])
    except BaseException:
        answer = traceback.format_exc()[-8000:]
    finally:
        with contextlib.suppress(OSError):  # nobody waits for the answer any more
            os.write(writing, answer.encode())
        os._exit(0)


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])), *sys.argv[2:])
