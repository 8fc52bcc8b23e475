"""What a box promises, each by its name, for every backend and user that there is here.

One notebook makes every harmless attempt, a cell for each; the tests read what the cells
printed. What ends or endangers a kernel has a notebook of its own, and all of those run side
by side.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.sandbox import bwrap
from grader.untrusted.box.syscall_numbers import NUMBERS
from tests.support import sandboxes
from tests.support.project import ROOT
from tests.support.sandboxes import SandboxServer, attempt_cell, outputs

_NOTE = "Only one submission may read this."
_NOT_THERE = {"bwrap": "refused ENOENT", "landlock": "refused EACCES"}
"""What a box says of a place that anybody may read: bubblewrap shows none, Landlock opens none."""


def _as(user: int) -> dict[str, Any]:
    """Arguments of ``subprocess`` for a process of ``user``; boxes of others than root are ours."""
    return {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}


@contextlib.contextmanager
def _process_of(user: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ``user`` outside of any box."""
    with subprocess.Popen(["sleep", "600"], cwd="/", **_as(user)) as process:
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
def _made_outside(boxes: SandboxServer) -> Iterator[Outside]:
    """Files, a process and servers that a program of the boxed user reaches without a box."""
    folder = Path(tempfile.mkdtemp(prefix="grader-test-", dir="/tmp"))
    submission = Path(tempfile.mkdtemp(dir=boxes.scratch)) / "box"
    (submission / "work").mkdir(parents=True)
    with contextlib.ExitStack() as held:
        held.callback(shutil.rmtree, folder)
        held.callback(shutil.rmtree, submission.parent)
        process = held.enter_context(_process_of(boxes.boxed_user))
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
            note.write_text(_NOTE)
            note.chmod(0o666)
        for place in (folder, submission.parent, submission, submission / "work"):
            place.chmod(0o777)
        (folder / "socket").chmod(0o777)
        (folder / "datagrams").chmod(0o777)
        yield Outside(folder, submission, process, tcp, udp, unix, abstract, datagrams)


@pytest.fixture(scope="module")
def outside(boxes: SandboxServer) -> Iterator[Outside]:
    """What the notebook of all attempts tries to reach."""
    with _made_outside(boxes) as made:
        yield made


_LEFT = f"60.{os.getpid()}"
"""The seconds that a daemon sleeps, by which it is found."""

# Each tries to end, or to starve, the process that reports how the kernel ended.
_AT_ITS_INIT = {
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
_ENDS_ITSELF_AFTER_ALL_THAT = {
    "calls": _CALLS,
    **{name: attempt_cell(code) for name, code in _AT_ITS_INIT.items()},
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
_NOTEBOOKS: dict[str, tuple[str, ...]] = {
    "model": (
        "import brainpy as bp, brainpy.math as bm, matplotlib.pyplot as plt\n"
        "r = bp.DSRunner(bp.dyn.HH(1), monitors=['V']); r.run(20.); print(r.mon.V.shape)",
        "plt.plot(r.mon.V); plt.show()",
        "r = bp.DSRunner(bp.dyn.HH(1), progress_bar=True); r.run(5.)",
    ),
    "at-its-init": tuple(_ENDS_ITSELF_AFTER_ALL_THAT.values()),
    "draws": (_DRAWS,),
    "draws-too": (_DRAWS,),
    "kills-its-parent": (
        "import os, time\nos.kill(os.getppid(), 9)",
        "time.sleep(1); print('still here')",
    ),
    "kills-everything": ("import os\nos.kill(-1, 9)", "print('still here')"),
    "daemon": (
        "import os, subprocess, time\n"
        f"sleeper = 'trap \"\" TERM HUP INT; touch started; sleep {_LEFT}; :'\n"
        "subprocess.Popen(['setsid', '-f', '/bin/sh', '-c', sleeper])\n"
        "while not os.path.exists('started'): time.sleep(0.05)\n"
        "time.sleep(0.2); print('started')",
    ),
    "notes": (_LEAVES_NOTES,),
}


@pytest.fixture(scope="module")
def ended(boxes: SandboxServer) -> dict[str, dict[str, Any]]:
    """What became of the notebooks that endanger a kernel, or need one of their own."""
    answers = boxes.run_all([(cells, {}) for cells in _NOTEBOOKS.values()])
    return dict(zip(_NOTEBOOKS, answers, strict=True))


_PRIVATE = {
    "reference": ROOT / "reference" / "hh" / "rubric.toml",
    "assignment": ROOT / "assignments" / "hh" / "assignment.toml",
    "submissions": ROOT / "submissions" / "hh" / "expected.toml",
    "harness": ROOT / "grader" / "grading" / "batch.py",
}
_MACHINE = ("/etc/passwd", "/etc/shadow", "/root/.bashrc", "/proc/1/environ")
_PLACES = {
    "/usr": "'/usr'",
    "/": "'/'",
    "/etc": "'/etc'",
    "/dev": "'/dev'",
    "numpy": "os.path.dirname(numpy.__file__)",
}
_KERNEL_CALLS = {
    "ptrace": "ptrace(0, 0, 0, 0)",
    "unshare a user namespace": "unshare(0x10000000)",
    "unshare": "unshare(0)",
    "mount": "mount(0, 0, 0, 0, 0)",
    "send descriptors": "sendmsg(0, 0, 0)",
    "asynchronous I/O": f"syscall({NUMBERS[os.uname().machine]['io_setup']}, 0, 0)",
}


def _attempts_outside(boxes: SandboxServer, outside: Outside) -> dict[str, str]:
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


def _attempts(boxes: SandboxServer, outside: Outside) -> dict[str, str]:
    """The cells of the notebook that makes every harmless attempt, by the attempt's name."""
    files = {**_PRIVATE, **{path: path for path in _MACHINE}}
    codes = {
        **_attempts_outside(boxes, outside),
        **{f"read {name}": f"open({str(file)!r}, 'rb').read(1)" for name, file in files.items()},
        **{
            f"write {name}": f"open(os.path.join({place}, 'planted'), 'w')"
            for name, place in _PLACES.items()
        },
        "list submissions": f"os.listdir({boxes.scratch!r})",
        "signal test": f"os.kill({os.getpid()}, 0)",
        "signal server": f"os.kill({boxes.process.pid}, 0)",
        "vsock": "socket.socket(40, socket.SOCK_STREAM)",
        **{name: f"call(libc.{call})" for name, call in _KERNEL_CALLS.items()},
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


@pytest.fixture(scope="module")
def attempts(boxes: SandboxServer, ended: Mapping[str, Any], outside: Outside) -> Mapping[str, str]:
    """What each attempt came to, in a box that is made after all of ``ended``."""
    return boxes.outputs(_attempts(boxes, outside))


@pytest.mark.parametrize(
    "user",
    [
        pytest.param(user, marks=() if user == sandboxes.OWN else pytest.mark.full)
        for user in ("root", "ordinary")
    ],
)
def test_bwrap_gives_its_reason_where_namespaces_are_refused(user: str) -> None:
    """Trying bwrap where user namespaces are refused ends in a reason, not in a hang."""
    if reason := sandboxes.why_not(user):
        pytest.skip(reason)
    started = sandboxes.start("bwrap", user, contained=True)
    assert isinstance(started, str)
    assert ("doctor.bwrap_refused" if bwrap.programs() else "doctor.no_bwrap") in started


def test_without_a_box_the_attempts_succeed(boxes: SandboxServer) -> None:
    """What boxes keep their user from is open to the same user in a process without a box."""
    if (python := sandboxes.python_for("ordinary")) is None:
        pytest.skip(sandboxes.why_not("ordinary"))
    with _made_outside(boxes) as outside:
        codes = _attempts_outside(boxes, outside)
        cells = [f"print({name!r})\n{attempt_cell(code)}" for name, code in codes.items()]
        program = "\n".join(["import os, socket", *cells])
        done = subprocess.run(
            [python[0], "-I", "-c", program],
            capture_output=True,
            text=True,
            cwd="/",
            timeout=60,
            **_as(boxes.boxed_user),
        )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert dict(zip(lines[::2], lines[1::2], strict=True)) == dict.fromkeys(codes, "done")


def test_runs_a_model_and_shows_its_plot(ended: Mapping[str, Any]) -> None:
    """BrainPy simulates, a plot comes out as a bitmap."""
    done = ended["model"]
    assert done["runs"][:2] == [["ok", "", ""]] * 2
    assert done["text"][0].strip() == "(200, 1)"
    assert done["figures"] == ["image/png"]


def test_progress_bar_is_off(ended: Mapping[str, Any]) -> None:
    """The runner's progress bar prints nothing, even where it is asked for."""
    assert ended["model"]["runs"][2][0] == "ok"
    assert ended["model"]["text"][2] == ""


@pytest.mark.parametrize("name", _PRIVATE)
def test_cannot_read_the_project(attempts: Mapping[str, str], name: str) -> None:
    """Reference, assignments, submissions and the harness's own code are out of sight."""
    assert attempts[f"read {name}"] in _NOT_THERE.values()


@pytest.mark.parametrize("path", _MACHINE)
def test_cannot_read_the_machine(attempts: Mapping[str, str], path: str) -> None:
    """Accounts, home folders and other processes' environment stay closed."""
    assert attempts[f"read {path}"] in _NOT_THERE.values()


def test_cannot_read_what_everybody_may(
    boxes: SandboxServer, attempts: Mapping[str, str], outside: Outside
) -> None:
    """A file and a process that the box's user may read otherwise stay closed."""
    assert attempts["read note"] == _NOT_THERE[boxes.backend]
    assert attempts["read environment"] == _NOT_THERE[boxes.backend]
    assert outside.process.poll() is None


def test_cannot_see_another_submission(
    boxes: SandboxServer, ended: Mapping[str, Any], attempts: Mapping[str, str]
) -> None:
    """What one submission wrote the next does not find, nor the folder of one beside it."""
    assert len(ended["notes"]["text"][0].split()) >= 3
    assert attempts["notes"] == "[]"
    assert attempts["read another"] == _NOT_THERE[boxes.backend]
    assert attempts["list another"] == _NOT_THERE[boxes.backend]
    assert attempts["list submissions"] == _NOT_THERE[boxes.backend]


@pytest.mark.parametrize("place", _PLACES)
def test_cannot_write_outside(
    boxes: SandboxServer, attempts: Mapping[str, str], place: str
) -> None:
    """The system, the Python environment and /etc are read-only."""
    refusal = {"bwrap": "refused EROFS", "landlock": "refused EACCES"}[boxes.backend]
    assert attempts[f"write {place}"] == refusal


def test_cannot_write_where_everybody_may(
    boxes: SandboxServer, attempts: Mapping[str, str], outside: Outside
) -> None:
    """A file and a folder that the box's user may write otherwise are not changed."""
    assert attempts["write note"] == _NOT_THERE[boxes.backend]
    assert attempts["write beside note"] == _NOT_THERE[boxes.backend]
    assert (outside.folder / "note.txt").read_text() == _NOTE
    assert not (outside.folder / "planted").exists()


def test_environment_has_no_secrets(attempts: Mapping[str, str]) -> None:
    """The grader's environment variables do not reach the notebook."""
    environment = json.loads(attempts["environment"])
    assert "PYTHONPATH" not in environment
    assert "nonexistent" not in environment["HOME"]
    assert sandboxes.SECRET not in attempts["environment"]
    assert sandboxes.SECRET not in json.loads(attempts["first environment"])


def test_sees_no_other_process(boxes: SandboxServer, attempts: Mapping[str, str]) -> None:
    """No process but its own is listed or can be signalled, not even one of its own user."""
    if boxes.backend == "landlock":
        assert attempts["processes"] == "refused"
    else:
        assert len(json.loads(attempts["processes"])) <= 4
        assert str(os.getpid()) not in json.loads(attempts["processes"])
    refusal = {"bwrap": "refused ESRCH", "landlock": "refused EPERM"}[boxes.backend]
    for process in ("test", "server", "own user"):
        assert attempts[f"signal {process}"] == refusal


@pytest.mark.parametrize("name", ["kills-its-parent", "kills-everything"])
def test_cannot_kill_its_parents(
    ended: Mapping[str, Any], attempts: Mapping[str, str], name: str
) -> None:
    """Signals to its init and to everything leave the batch running."""
    assert ended[name]["gone"] is None
    assert ended[name]["text"][-1].strip() == "still here"
    assert attempts["answer"] == "42"


def _init_is_safe(done: Mapping[str, Any]) -> None:
    """A notebook that attacked its init ended by its own doing, and that was reported."""
    found = outputs(_ENDS_ITSELF_AFTER_ALL_THAT, done)
    assert {found[name].split()[0] for name in _AT_ITS_INIT} <= {"done", "refused"}, found
    for name in ("files", "space", "time", "memory", "score"):
        assert found[name].startswith("refused"), found
    assert done["gone"] == ["the kernel died", False, ""]
    assert done["runs"][-1][0] == "died"


def test_cannot_make_its_end_look_like_our_fault(ended: Mapping[str, Any]) -> None:
    """Whatever it does to the box's first process, that one tells how the kernel ended."""
    _init_is_safe(ended["at-its-init"])


@pytest.mark.parametrize(
    "user",
    [
        pytest.param("root", marks=pytest.mark.exhaustive),
        pytest.param("ordinary", marks=pytest.mark.full),
    ],
)
def test_cannot_signal_others_where_landlock_does_not_govern_that(user: str) -> None:
    """With Landlock as old as Linux 6.7 has it neither init nor a process outside is reached."""
    started = sandboxes.started("landlock", user, abi=4)
    try:
        with _process_of(started.boxed_user) as process:
            signals = attempt_cell(f"import os\nos.kill({process.pid}, 9)")
            attack, signal = started.run_all([(_NOTEBOOKS["at-its-init"], {}), ([signals], {})])
            assert process.poll() is None
        assert outputs({"signal": signals}, signal) == {"signal": "refused EPERM"}
        _init_is_safe(attack)
    finally:
        started.close()


def test_cannot_open_tcp(attempts: Mapping[str, str], outside: Outside) -> None:
    """A server on the loopback is not reached from a box, and is from outside."""
    assert attempts["tcp"].startswith("refused E")
    with pytest.raises(BlockingIOError):
        outside.tcp.accept()
    with socket.create_connection(outside.tcp.getsockname()):
        outside.tcp.accept()[0].close()


def test_cannot_send_udp(attempts: Mapping[str, str], outside: Outside) -> None:
    """No datagram leaves the box; one from outside arrives."""
    assert attempts["udp"].startswith("refused E")
    with pytest.raises(BlockingIOError):
        outside.udp.recv(10)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"y", outside.udp.getsockname())
    assert outside.udp.recv(10) == b"y"


@pytest.mark.parametrize("name", ["unix", "unix of a pair", "abstract", "vsock"])
def test_cannot_open_unix_or_vsock(
    attempts: Mapping[str, str], outside: Outside, name: str
) -> None:
    """Sockets of the machine's services, and of its hypervisor, are not reached."""
    assert attempts[name].startswith("refused E")
    for server in (outside.unix, outside.abstract):
        with pytest.raises(BlockingIOError):
            server.accept()
    with pytest.raises(BlockingIOError):
        outside.datagrams.recv(10)


def test_has_no_capabilities_and_cannot_gain_any(
    boxes: SandboxServer, attempts: Mapping[str, str]
) -> None:
    """Every set of capabilities is empty, no_new_privs and seccomp are on."""
    status = json.loads(attempts["status"])
    sets = ["CapInh", "CapPrm", "CapEff", "CapAmb"]
    if boxes.backend == "bwrap":  # Landlock's user never had one that would let it empty this set
        sets.append("CapBnd")
    assert {name: int(status[name], 16) for name in sets} == dict.fromkeys(sets, 0)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


@pytest.mark.parametrize("name", _KERNEL_CALLS)
def test_cannot_call_the_kernel_for_more(attempts: Mapping[str, str], name: str) -> None:
    """Each of these calls is refused before the kernel looks at its arguments."""
    assert attempts[name] == "refused EPERM"


def test_nothing_is_left_running(ended: Mapping[str, Any]) -> None:
    """A daemon that left its session, ignoring signals, ends with its submission."""
    assert ended["daemon"]["text"][0].strip() == "started"
    assert _running(_LEFT) == []


def _running(mark: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark.encode() in file.read_bytes():
                found.append(file.parent.name)
    return found


def test_randomness_differs_between_submissions(ended: Mapping[str, Any]) -> None:
    """Two boxes draw different random numbers, of each kind."""
    first, second = (ended[name]["text"][0].split() for name in ("draws", "draws-too"))
    assert len(first) == len(second) == 3
    assert all(a != b for a, b in zip(first, second, strict=True))
