"""What notebooks attempt in a box, and what is outside of it for them to find."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.untrusted.box.syscall_numbers import NUMBERS
from tests.support.project import ROOT
from tests.support.sandboxes import SandboxServer, attempt_cell

NOTE = "Only one submission may read this."


def run_as(user: int) -> dict[str, Any]:
    """Arguments of ``subprocess`` for a process of ``user``; boxes of others than root are ours."""
    return {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}


@contextlib.contextmanager
def process_of(user: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ``user`` outside of any box."""
    with subprocess.Popen(["sleep", "600"], cwd="/", **run_as(user)) as process:
        try:
            yield process
        finally:
            process.kill()


@dataclass
class Outside:
    """What lies outside of a box, open to the user whom boxes belong to."""

    folder: Path
    submission: Path
    process: subprocess.Popen[bytes]
    tcp: socket.socket
    udp: socket.socket
    unix: socket.socket
    abstract: socket.socket
    datagrams: socket.socket


@contextlib.contextmanager
def put_outside(boxes: SandboxServer) -> Iterator[Outside]:
    """Files, a process and servers that a program of the boxed user reaches without a box."""
    folder = Path(tempfile.mkdtemp(prefix="grader-test-", dir="/tmp"))
    submission = Path(tempfile.mkdtemp(dir=boxes.scratch)) / "box"
    (submission / "work").mkdir(parents=True)
    with contextlib.ExitStack() as held:
        held.callback(shutil.rmtree, folder)
        held.callback(shutil.rmtree, submission.parent)
        process = held.enter_context(process_of(boxes.boxed_user))
        tcp = held.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        unix = held.enter_context(socket.socket(socket.AF_UNIX))
        abstract = held.enter_context(socket.socket(socket.AF_UNIX))
        datagrams = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        unix.bind(str(folder / "socket"))
        abstract.bind(f"\0{folder}")
        datagrams.bind(str(folder / "datagrams"))
        unix.listen()
        abstract.listen()
        for server in (tcp, udp, unix, abstract, datagrams):
            server.settimeout(0)
        for note in (folder / "note.txt", submission / "work" / "note.txt"):
            note.write_text(NOTE)
            note.chmod(0o666)
        for place in (folder, submission.parent, submission, submission / "work"):
            place.chmod(0o777)
        (folder / "socket").chmod(0o777)
        (folder / "datagrams").chmod(0o777)
        yield Outside(folder, submission, process, tcp, udp, unix, abstract, datagrams)


LEFT = f"60.{os.getpid()}"
"""The seconds that a daemon sleeps, by which it is found."""

# Each tries to end, or to starve, the process that reports how the kernel ended.
AT_ITS_INIT = {
    "kill": "os.kill(init, 9)",
    "killpg": "os.killpg(os.getpgid(init) or init, 9)",
    "tgkill": "call(libc.syscall(234, init, init, 9))",
    "rt_sigqueueinfo": "call(libc.syscall(129, init, 9, bytes([9]) + bytes(127)))",
    "pidfd": "signal.pidfd_send_signal(os.pidfd_open(init), 9)",
    "files": "resource.prlimit(init, resource.RLIMIT_NOFILE, (0, 0))",
    "space": "resource.prlimit(init, resource.RLIMIT_AS, (0, 0))",
    "time": "resource.prlimit(init, resource.RLIMIT_CPU, (0, 0))",
    "owner": (
        "a, b = socket.socketpair()\n"  # a descriptor that signals init when something comes
        "fcntl.fcntl(a, fcntl.F_SETOWN, init); fcntl.fcntl(a, 10, 9)\n"
        "fcntl.fcntl(a, fcntl.F_SETFL, fcntl.fcntl(a, fcntl.F_GETFL) | os.O_ASYNC)\n"
        "b.send(b'x'); time.sleep(0.3)"
    ),
    "memory": "open(f'/proc/{init}/mem', 'r+b')",
    "score": "open(f'/proc/{init}/oom_score_adj', 'w').write('1000')",
}
_CALLS = (
    "import ctypes, fcntl, json, os, resource, signal, socket, time\n"
    "libc, init = ctypes.CDLL(None, use_errno=True), os.getppid()\n"
    "def call(result):\n"
    "    if result < 0:\n        raise OSError(ctypes.get_errno(), 'refused')"
)
ENDS_ITSELF_AFTER_ALL_THAT = {
    "calls": _CALLS,
    **{name: attempt_cell(code) for name, code in AT_ITS_INIT.items()},
    "wait": "time.sleep(1.2)",
    "end": "os._exit(3)",
}
_LEAVES_NOTES = (
    "import os\nplaces = [os.getcwd(), os.environ['HOME'], os.environ['TMPDIR'], '/tmp',"
    " '/dev/shm']\nfor place in places:\n    try:\n"
    "        open(f'{place}/note.txt', 'w').write('42'); print(place)\n"
    "    except OSError:\n        pass"
)
_DRAWS = (
    "import random, numpy, brainpy.math as bm\n"
    "print(random.random(), numpy.random.rand(), float(bm.random.rand(1)[0]))"
)
NOTEBOOKS: dict[str, tuple[str, ...]] = {
    "model": (
        "import brainpy as bp, brainpy.math as bm, matplotlib.pyplot as plt\n"
        "r = bp.DSRunner(bp.dyn.HH(1), monitors=['V']); r.run(20.); print(r.mon.V.shape)",
        "plt.plot(r.mon.V); plt.show()",
        "r = bp.DSRunner(bp.dyn.HH(1), progress_bar=True); r.run(5.)",
    ),
    "at-its-init": tuple(ENDS_ITSELF_AFTER_ALL_THAT.values()),
    "draws": (_DRAWS,),
    "draws-too": (_DRAWS,),
    "kills-its-parent": (
        "import os, time\nos.kill(os.getppid(), 9)",
        "time.sleep(1); print('still here')",
    ),
    "kills-everything": ("import os\nos.kill(-1, 9)", "print('still here')"),
    "daemon": (
        "import os, subprocess, time\n"
        f"sleeper = 'trap \"\" TERM HUP INT; touch started; sleep {LEFT}; :'\n"
        "subprocess.Popen(['setsid', '-f', '/bin/sh', '-c', sleeper])\n"
        "while not os.path.exists('started'): time.sleep(0.05)\n"
        "time.sleep(0.2); print('started')",
    ),
    "notes": (_LEAVES_NOTES,),
}
PRIVATE = {
    "reference": ROOT / "reference" / "hh" / "rubric.toml",
    "assignment": ROOT / "assignments" / "hh" / "assignment.toml",
    "submissions": ROOT / "submissions" / "hh" / "expected.toml",
    "harness": ROOT / "grader" / "grading" / "batch.py",
}
MACHINE = ("/etc/passwd", "/etc/shadow", "/root/.bashrc", "/proc/1/environ")
PLACES = {
    "/usr": "'/usr'",
    "/": "'/'",
    "/etc": "'/etc'",
    "/dev": "'/dev'",
    "numpy": "os.path.dirname(numpy.__file__)",
}
KERNEL_CALLS = {
    "ptrace": "ptrace(0, 0, 0, 0)",
    "unshare a user namespace": "unshare(0x10000000)",
    "unshare": "unshare(0)",
    "mount": "mount(0, 0, 0, 0, 0)",
    "send descriptors": "sendmsg(0, 0, 0)",
    "asynchronous I/O": f"syscall({NUMBERS[os.uname().machine]['io_setup']}, 0, 0)",
}


def attempt_outside(boxes: SandboxServer, outside: Outside) -> dict[str, str]:
    """Attempts at what is open to the boxed user, by name: only a box keeps them from it."""
    process, note = outside.process.pid, outside.folder / "note.txt"
    return {
        "read note": f"open({str(note)!r}).read()",
        "read another": f"open({str(outside.submission / 'work' / 'note.txt')!r}).read()",
        "list another": f"os.listdir({str(outside.submission)!r})",
        "read environment": f"open('/proc/{process}/environ').read()",
        "write note": f"open({str(note)!r}, 'r+')",
        "write beside note": f"open({str(outside.folder / 'planted')!r}, 'w')",
        "signal own user": f"os.kill({process}, 0)",
        "tcp": f"socket.create_connection({outside.tcp.getsockname()!r}, 2)",
        "udp": f"socket.socket(2, socket.SOCK_DGRAM).sendto(b'x', {outside.udp.getsockname()!r})",
        "unix": f"socket.socket(socket.AF_UNIX).connect({str(outside.folder / 'socket')!r})",
        "unix of a pair": (
            "one, other = socket.socketpair(type=socket.SOCK_DGRAM)\n"
            f"one.sendto(b'x', {str(outside.folder / 'datagrams')!r})"
        ),
        "abstract": f"socket.socket(socket.AF_UNIX).connect({chr(0) + str(outside.folder)!r})",
    }


def attempt_everything(boxes: SandboxServer, outside: Outside) -> dict[str, str]:
    """The cells of the notebook that makes every harmless attempt, by the attempt's name."""
    files = {**PRIVATE, **{path: path for path in MACHINE}}
    codes = {
        **attempt_outside(boxes, outside),
        **{f"read {name}": f"open({str(file)!r}, 'rb').read(1)" for name, file in files.items()},
        **{
            f"write {name}": f"open(os.path.join({place}, 'planted'), 'w')"
            for name, place in PLACES.items()
        },
        "list submissions": f"os.listdir({boxes.scratch!r})",
        "signal test": f"os.kill({os.getpid()}, 0)",
        "signal server": f"os.kill({boxes.process.pid}, 0)",
        "vsock": "socket.socket(40, socket.SOCK_STREAM)",
        **{name: f"call(libc.{call})" for name, call in KERNEL_CALLS.items()},
    }
    return {
        "calls": _CALLS,
        "numpy": "import numpy",
        **{name: attempt_cell(code) for name, code in codes.items()},
        "processes": (
            "try:\n    print(json.dumps([p for p in os.listdir('/proc') if p.isdigit()]))\n"
            "except OSError:\n    print('refused')"
        ),
        "notes": (
            "places = ['.', os.environ['HOME'], os.environ['TMPDIR'], '/tmp', '/dev/shm']\n"
            "print([place for place in places if os.path.exists(f'{place}/note.txt')])"
        ),
        "environment": "print(json.dumps(dict(os.environ)))",
        "first environment": "print(json.dumps(open('/proc/self/environ').read()))",
        "status": (
            "lines = open('/proc/self/status').read().splitlines()\n"
            "print(json.dumps(dict(line.split(':\\t', 1) for line in lines if ':\\t' in line)))"
        ),
        "answer": "print(6 * 7)",
    }
