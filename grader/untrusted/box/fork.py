"""Turn a fork of the warm process into the box of one submission.

    fork server --fork--> door --fork--> init --fork--> kernel      (in namespaces)
    fork server --fork--> init --fork--> kernel                     (in Landlock)

``init`` outlives the kernel by a moment: it reports how the kernel ended, sees that
nothing of it is left, and ends when the client does. Student code runs in ``kernel``.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from . import landlock, namespaces, seccomp
from .init import Ending, watch
from .jax_cache import FOUND, NOT_FOUND, find_known, keep_in
from .kernel import CHANNELS, reseed, run
from .syscalls import (
    PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE,
    drop_capabilities,
    prctl,
)

Request = Mapping[str, Any]
_END_ME_FIRST = "500"  # of 1000: when the machine runs out of memory


def become(request: Request, descriptors: list[int]) -> NoReturn:
    """Become the box; never return: the process ends with the submission."""
    reply = socket.socket(fileno=descriptors[0])
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        ends = _what_ends_it(request)
        if ends == "namespace":
            _end_me_first()  # in the box its /proc can't be written to
            namespaces.enter(request["tmp_bytes"], request["shm_bytes"], request["keep"])
            init = os.fork()
            if init:
                _hand_over(reply, init)
                os._exit(0)
            namespaces.settle()
        else:
            if ends == "user":
                _become(request["user"])
            prctl(PR_SET_CHILD_SUBREAPER, 1)
            _hand_over(reply, os.getpid())
        drop_capabilities()
        kernel = os.fork()
        if kernel == 0:
            _confined(request, reply, descriptors)
        for descriptor in descriptors[1:]:
            os.close(descriptor)
        prctl(PR_SET_DUMPABLE, 0)
        reply.send(b'{"event": "ready"}')
        watch(kernel, reply, ends)
    except BaseException:
        _tell(reply, {"event": "fault", "text": traceback.format_exc()[-4000:]})
    os._exit(1)


def _what_ends_it(request: Request) -> Ending:
    if request["sandbox"] == "bwrap":
        return "namespace"
    return "tree" if request["user"] == os.geteuid() else "user"


def _become(user: int) -> None:
    """Become a user that nobody else is, so that its processes can be limited and ended as one."""
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    prctl(PR_SET_DUMPABLE, 1)  # else its /proc files would be root's, and nobody could look


def _end_me_first() -> None:
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "r+") as file:
        file.write(_END_ME_FIRST)


def _hand_over(reply: socket.socket, pid: int) -> None:
    """Give the client the kill switch: a pidfd of ``init``."""
    pidfd = os.pidfd_open(pid)
    socket.send_fds(reply, [b'{"event": "pidfd"}'], [pidfd])
    os.close(pidfd)


def _confined(request: Request, reply: socket.socket, descriptors: list[int]) -> NoReturn:
    """Lay down every right in the kernel's process, then serve the student's cells."""
    try:
        os.setsid()
        folder = request["folder"] or "/tmp"
        _own_folders(folder)
        if request["core"] is not None:
            with contextlib.suppress(OSError):
                os.sched_setaffinity(0, {request["core"]})
        _limit(request["limits"])
        if request["sandbox"] == "bwrap":
            seccomp.install(_rules(request, seccomp.IN_NAMESPACES))
        else:
            _end_me_first()
            _lock(request, folder, descriptors)
        _forget_the_harness()
        reply.close()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if request["fill"]:
            keep_in(descriptors.pop())
        if request["kernel"]:
            reseed()
            channels = dict(zip(CHANNELS, descriptors[1:], strict=True))
            run(channels, bytes.fromhex(request["key"]), request["output"])
        while request.get("waits"):
            signal.pause()
        if request.get("find_known"):
            os._exit(FOUND if find_known() else NOT_FOUND)
        os._exit(0)
    except BaseException:
        _tell(reply, {"event": "fault", "text": traceback.format_exc()[-4000:]})
    os._exit(1)


def _lock(request: Request, folder: str, descriptors: Sequence[int]) -> None:
    own = os.path.realpath("/proc/self")
    writable = [folder, *([f"/proc/self/fd/{descriptors[-1]}"] if request["fill"] else [])]
    openable = [request["programs"]] if request["programs"] else []
    allowed = landlock.rules(
        request["readable"], writable, own=own, devices=request["devices"], openable=openable
    )
    landlock.install(allowed, request["abi"])
    rules = seccomp.IN_LANDLOCK
    if request["abi"] < 6:
        rules += seccomp.without_signal_scope(os.getpid())
    seccomp.install(_rules(request, rules))


def _rules(request: Request, rules: tuple[seccomp.Rule, ...]) -> tuple[seccomp.Rule, ...]:
    return seccomp.with_gpu(rules) if request["devices"] else rules


def _own_folders(folder: str) -> None:
    """Make working folder, home and scratch space, all private to this submission."""
    places = {name: os.path.join(folder, name) for name in ("work", "home", "tmp")}
    for place in places.values():
        os.makedirs(place, exist_ok=True)
    os.chdir(places["work"])
    os.environ.update(
        HOME=places["home"],
        TMPDIR="/tmp" if folder == "/tmp" else places["tmp"],
        IPYTHONDIR=os.path.join(places["home"], ".ipython"),
        MPLCONFIGDIR=os.path.join(places["home"], ".matplotlib"),
    )
    tempfile: Any = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile.tempdir = None


def _limit(limits: Mapping[str, int]) -> None:
    for name, most in limits.items():
        number = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(number)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (most, most))


def _forget_the_harness() -> None:
    """Let student code start as in any kernel: without our modules and arguments."""
    package = __package__ or ""
    for name in [n for n in sys.modules if n == package or n.startswith(package + ".")]:
        del sys.modules[name]
    sys.argv = ["ipykernel_launcher.py"]


def _tell(reply: socket.socket, message: Mapping[str, Any]) -> None:
    with contextlib.suppress(OSError):
        reply.send(json.dumps(message).encode())
