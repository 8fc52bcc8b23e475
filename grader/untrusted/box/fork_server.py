"""The warm process: loads everything once, then forks one child for each submission.

It never runs a student's code. A request is one message on the control socket with
the descriptors of the kernel's sockets; the process ends when that socket closes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import traceback
from typing import Any

from . import landlock
from .fork import become
from .init import children
from .preload import assert_forkable, preload
from .syscalls import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, prctl

_MAX_REQUEST = 64 * 1024


def main(descriptor: int, settings: str) -> None:
    """Serve requests from the socket ``descriptor`` until it closes.

    ``settings`` is JSON: ``sandbox``, ``preload``, ``paths`` (of packages) and, for
    Landlock, ``readable`` and ``writable`` places, ``devices`` and the ``abi`` to use.
    """
    control = socket.socket(fileno=descriptor)
    control.settimeout(None)
    options = json.loads(settings)
    sys.path.extend(path for path in options["paths"] if path not in sys.path)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if options["sandbox"] == "landlock":
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            prctl(PR_SET_CHILD_SUBREAPER, 1)
            _outer_lock(options)
        if options["preload"]:
            preload()
        assert_forkable()
    except BaseException:
        fault = {"event": "fault", "text": traceback.format_exc()[-8000:]}
        control.send(json.dumps(fault).encode())
        return
    control.send(b'{"event": "warm"}')
    _serve(control, subreaper=options["sandbox"] == "landlock")
    os._exit(0)  # to take down what was loaded would keep the harness waiting


def _outer_lock(options: dict[str, Any]) -> None:
    """Let the warm process read all of /proc, to find what a child left behind.

    Its children write there how soon they are to be ended, before they give that right up.
    """
    writable = [*options["writable"], "/proc"]
    allowed = landlock.rules(options["readable"], writable, own="/proc", devices=options["devices"])
    landlock.install(allowed, options["abi"])


def _serve(control: socket.socket, *, subreaper: bool) -> None:
    forked: set[int] = set()
    control.settimeout(0.5)
    while True:
        _bury(forked, subreaper=subreaper)
        try:
            request, descriptors, _, _ = socket.recv_fds(control, _MAX_REQUEST, 8)
        except TimeoutError:
            continue
        if not request:
            break
        assert_forkable()
        pid = os.fork()
        if pid == 0:
            control.close()
            become(json.loads(request), descriptors)
        forked.add(pid)
        for descriptor in descriptors:
            os.close(descriptor)
    while subreaper and children(os.getpid()):  # every child ends with its client
        _bury(forked, subreaper=True)
        signal.sigtimedwait([signal.SIGCHLD], 0.05)


def _bury(forked: set[int], *, subreaper: bool) -> None:
    """Reap ended children; kill processes that fell to this one because their init was killed."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            forked.discard(pid)
    if subreaper:
        for pid in children(os.getpid()):
            if pid not in forked:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
