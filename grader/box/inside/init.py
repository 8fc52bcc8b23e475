"""The first process of a box: waits for its kernel, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import socket

_ROUNDS = 2000  # of the hunt for what a kernel left running


def watch(kernel: int, reply: socket.socket, *, alone: bool) -> None:
    """Until the kernel ends, or the client does; then end all that is left of it.

    ``alone`` says that a pid namespace ends with this process. The client sends "I"
    to interrupt the kernel, and closes the socket to end it.
    """
    pidfd = os.pidfd_open(kernel)
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    poller.register(reply, select.POLLIN)
    status = None
    while status is None:
        ready = {descriptor for descriptor, _ in poller.poll(1000)}
        if reply.fileno() in ready and not _obey(kernel, reply):
            break
        status = _reap(kernel)
    if not alone:
        hunt_down()
    if status is not None:
        message = {"event": "exit", "code": os.waitstatus_to_exitcode(status)}
        with contextlib.suppress(OSError):
            reply.send(json.dumps(message).encode())
    os._exit(0)


def _obey(kernel: int, reply: socket.socket) -> bool:
    """One message of the client; False when it is gone."""
    try:
        said = reply.recv(16)
    except OSError:
        return False
    if said == b"I":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(kernel, signal.SIGINT)
    return bool(said)


def _reap(kernel: int) -> int | None:
    """Bury the dead; the kernel's status when it is among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == kernel:
                found = status
    return found


def hunt_down() -> None:
    """Kill every descendant, however often it forks, and bury it."""
    for _ in range(_ROUNDS):
        left = descendants(os.getpid())
        for pid in left:  # first no more forks, then the end
            with contextlib.suppress(OSError, ValueError):
                resource.prlimit(pid, resource.RLIMIT_NPROC, (0, 0))
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        _reap(0)
        if not left:
            return


def descendants(pid: int) -> list[int]:
    """All processes below ``pid``, zombies too."""
    found: list[int] = []
    ahead = [pid]
    while ahead:
        for child in children(ahead.pop()):
            found.append(child)
            ahead.append(child)
    return found


def children(pid: int) -> list[int]:
    """The children of every thread of ``pid``."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += map(int, file.read().split())
    return found
