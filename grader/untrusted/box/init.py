"""The first process of a box: waits for its kernel, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import socket
import time
from collections.abc import Callable, Sequence
from typing import Literal

Ending = Literal["namespace", "user", "tree"]
"""The reach of a box's end: a pid namespace that ends with its first process, all that one user
of its own runs, or every process below the first."""
_HUNT_SECONDS = 50.0  # for what a kernel left running; `grader.sandbox.provisioner` waits longer
_LOOK_AGAIN = 0.005  # seconds; what was killed takes a moment to end


def watch(kernel: int, reply: socket.socket, ends: Ending) -> None:
    """Wait until the kernel or the client ends; then end all that is left of it, as ``ends`` says.

    The client sends "I" to interrupt the kernel, and closes the socket to end it.
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
    if ends != "namespace":
        hunt_down(_kill_user if ends == "user" else _kill_each)
    if status is not None:
        message = {"event": "exit", "code": os.waitstatus_to_exitcode(status)}
        with contextlib.suppress(OSError):
            reply.send(json.dumps(message).encode())
    os._exit(0)


def _obey(kernel: int, reply: socket.socket) -> bool:
    """Obey one message of the client; return False when it is gone."""
    try:
        said = reply.recv(16)
    except OSError:
        return False
    if said == b"I":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(kernel, signal.SIGINT)
    return bool(said)


def _reap(kernel: int) -> int | None:
    """Reap ended children; return the kernel's status when it is among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == kernel:
                found = status
    return found


def hunt_down(kill: Callable[[Sequence[int]], None]) -> None:
    """Kill every descendant, however often it forks, and bury it."""
    deadline = time.monotonic() + _HUNT_SECONDS
    while (left := descendants(os.getpid())) and time.monotonic() < deadline:
        kill(left)
        _reap(0)
        time.sleep(_LOOK_AGAIN)


def _kill_user(_: Sequence[int]) -> None:
    """Kill all processes of this user but this one, at once: none can fork in between."""
    with contextlib.suppress(OSError):
        os.kill(-1, signal.SIGKILL)


def _kill_each(left: Sequence[int]) -> None:
    """Kill these alone, as this user has others: whole groups first, which can't fork then.

    What has made a group of its own may no longer fork, and is killed one by one.
    """
    groups = set()
    for pid in left:
        with contextlib.suppress(OSError):
            groups.add(os.getpgid(pid))  # not ours: the kernel began a session of its own
    for group in groups:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
    for pid in left:
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_NPROC, (0, 0))
    for pid in left:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Return all processes below ``pid``, zombies too."""
    found: list[int] = []
    ahead = [pid]
    while ahead:
        for child in children(ahead.pop()):
            found.append(child)
            ahead.append(child)
    return found


def children(pid: int) -> list[int]:
    """Return the children of every thread of ``pid``."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += map(int, file.read().split())
    return found
