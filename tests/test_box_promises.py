"""What a box promises, each by its name, for every backend and user that there is here."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
import sandboxes
from project import ROOT
from sandboxes import SandboxServer, tries

pytestmark = pytest.mark.full


@pytest.mark.parametrize("user", ["root", "ordinary"])
def test_bwrap_says_so_where_namespaces_are_refused(user: str) -> None:
    """Trying bwrap where user namespaces are refused ends in a reason, not in a hang."""
    started = sandboxes.start("bwrap", user, refused=True)
    assert isinstance(started, str)
    assert "doctor.bwrap_refused" in started or "can't" in started


def _reads(path: Path | str) -> str:
    return tries(f"print('read', len(open({str(path)!r}, 'rb').read(100)))")


def test_runs_a_model_and_shows_its_plot(boxes: SandboxServer) -> None:
    """BrainPy simulates, a plot comes out as a bitmap."""
    done = boxes.run(
        "import brainpy as bp, brainpy.math as bm, matplotlib.pyplot as plt\n"
        "r = bp.DSRunner(bp.dyn.HH(1), monitors=['V']); r.run(20.); print(r.mon.V.shape)",
        "plt.plot(r.mon.V); plt.show()",
    )
    assert done["runs"] == [["ok", "", ""]] * 2
    assert done["text"][0].strip() == "(200, 1)"
    assert done["notebook"] > 8000


@pytest.mark.parametrize("name", ["reference/hh/rubric.toml", "assignments/hh/assignment.toml"])
def test_cannot_read_reference(boxes: SandboxServer, name: str) -> None:
    """Neither the teachers' folder nor the assignments can be opened."""
    assert boxes.said(_reads(ROOT / name)).startswith("refused")


def test_cannot_read_submissions_or_the_harness(boxes: SandboxServer) -> None:
    """Other submissions, and the harness's own code, are out of sight."""
    assert boxes.said(_reads(ROOT / "submissions" / "hh" / "expected.toml")).startswith("refused")
    assert boxes.said(_reads(ROOT / "grader" / "batch.py")).startswith("refused")


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/shadow", "/root/.bashrc", "/proc/1/environ"])
def test_cannot_read_the_machine(boxes: SandboxServer, path: str) -> None:
    """Accounts, home folders and other processes' environment stay closed."""
    said = boxes.said(_reads(path))
    assert said.startswith("refused") or (path == "/proc/1/environ" and said == "read 0"), said


def test_cannot_see_another_submission(boxes: SandboxServer) -> None:
    """What one submission wrote, the next one does not find."""
    boxes.said("open('note.txt', 'w').write('42')\nimport os; open('/dev/null')\nprint(1)")
    said = boxes.said(
        "import os, glob\nprint([os.path.exists('note.txt'), glob.glob('/tmp/grader*/*/box/*')])"
    )
    assert said == "[False, []]"


def test_cannot_write_outside(boxes: SandboxServer) -> None:
    """The system, the Python environment and /etc are read-only."""
    code = "import numpy, os\n" + "\n".join(
        tries(f"open(os.path.join({place}, 'planted'), 'w'); print('written')")
        for place in ("'/usr'", "'/'", "'/etc'", "'/dev'", "os.path.dirname(numpy.__file__)")
    )
    assert "written" not in boxes.said(code)


def test_environment_has_no_secrets(boxes: SandboxServer) -> None:
    """The grader's environment variables do not reach the notebook."""
    said = boxes.said("import os; print('PYTHONPATH' in os.environ, os.environ['HOME'])")
    assert said.startswith("False")
    assert "nonexistent" not in said


def test_sees_no_other_process(boxes: SandboxServer) -> None:
    """No process but its own is listed or can be signalled."""
    said = boxes.said(
        "import os\n"
        "try:\n    pids = [p for p in os.listdir('/proc') if p.isdigit()]\n"
        "except OSError:\n    pids = []\n"
        f"print(len(pids) <= 4, str({os.getpid()}) in pids)",
        "import os\n"
        + tries(f"os.kill({os.getpid()}, 0); print('reached')")
        + "\n"
        + tries(f"os.kill({boxes.process.pid}, 0); print('reached')"),
    )
    assert "reached" not in said
    assert said.count("refused") == 2


def test_cannot_kill_its_parents(boxes: SandboxServer) -> None:
    """Signals to its init and to everything leave the batch running."""
    boxes.run(
        "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nimport time; time.sleep(1)"
    )
    boxes.run("import os\nos.kill(-1, 9)")
    assert boxes.said("print(6 * 7)") == "42"


# Each tries to end, or to starve, the process that reports how the kernel ended.
_AT_ITS_INIT = (
    "os.kill(init, 9)",
    "os.killpg(os.getpgid(init) or init, 9)",
    "libc.syscall(234, init, init, 9)",  # tgkill
    "libc.syscall(129, init, 9, bytes([9]) + bytes(127))",  # rt_sigqueueinfo
    "signal.pidfd_send_signal(os.pidfd_open(init), 9)",
    "resource.prlimit(init, resource.RLIMIT_NOFILE, (0, 0))",
    "resource.prlimit(init, resource.RLIMIT_AS, (0, 0))",
    "resource.prlimit(init, resource.RLIMIT_CPU, (0, 0))",
    "a, b = socket.socketpair()\n"  # a descriptor that signals init when something comes
    "fcntl.fcntl(a, fcntl.F_SETOWN, init); fcntl.fcntl(a, 10, 9)\n"
    "fcntl.fcntl(a, fcntl.F_SETFL, fcntl.fcntl(a, fcntl.F_GETFL) | os.O_ASYNC)\n"
    "b.send(b'x'); time.sleep(0.3)",
    "open(f'/proc/{init}/mem', 'r+b'); print('reached')",
    "open(f'/proc/{init}/oom_score_adj', 'w').write('1000'); print('reached')",
)


def _ends_itself_after_all_that() -> str:
    code = (
        "import ctypes, fcntl, os, resource, signal, socket, time\n"
        "libc, init = ctypes.CDLL(None), os.getppid()\n"
    )
    code += "\n".join(tries(attempt) for attempt in _AT_ITS_INIT)
    return code + "\ntime.sleep(1.2); print('all tried')"


def _cannot_end_its_init(boxes: SandboxServer) -> None:
    done = boxes.run(_ends_itself_after_all_that(), "import os; os._exit(3)")
    assert "all tried" in done["text"][0]
    assert "reached" not in done["text"][0]
    assert done["gone"] == ["the kernel died", False, ""]


def test_cannot_make_its_end_look_like_our_fault(boxes: SandboxServer) -> None:
    """Whatever it does to the box's first process, that one tells how the kernel ended."""
    _cannot_end_its_init(boxes)


@pytest.mark.parametrize("user", ["root", "ordinary"])
def test_cannot_signal_others_where_landlock_does_not_govern_that(user: str) -> None:
    """With Landlock as old as Linux 6.7 has it neither init nor a process outside is reached."""
    started = sandboxes.start("landlock", user, refused=True, abi=4)
    if isinstance(started, str):
        pytest.skip(started)
    try:
        _cannot_end_its_init(started)
        outside = started.process.pid
        assert started.said(tries(f"import os; os.kill({outside}, 0)")).startswith("refused")
    finally:
        started.close()


def test_cannot_open_tcp(boxes: SandboxServer) -> None:
    """A server on the loopback is not reached, and none can be opened to the outside."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        port = server.getsockname()[1]
        said = boxes.said(
            "import socket\n"
            + tries(f"socket.create_connection(('127.0.0.1', {port}), 2); print('connected')")
        )
        assert said.startswith("refused")
        with pytest.raises(TimeoutError):
            server.accept()


def test_cannot_send_udp(boxes: SandboxServer) -> None:
    """No datagram leaves the box."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.5)
        address = server.getsockname()
        boxes.said(
            "import socket\n"
            + tries(f"socket.socket(2, socket.SOCK_DGRAM).sendto(b'x', {address!r})")
        )
        with pytest.raises(TimeoutError):
            server.recv(10)


def test_cannot_open_unix_or_vsock(boxes: SandboxServer, tmp_path: Path) -> None:
    """Sockets of the machine's services, and of its hypervisor, are not reached."""
    os.chmod(tmp_path, 0o755)
    path = f"/tmp/grader-test-{os.getpid()}.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        os.chmod(path, 0o777)
        server.listen()
        said = boxes.said(
            "import socket\n"
            + tries(f"socket.socket(socket.AF_UNIX).connect({path!r}); print('connected')")
            + "\n"
            + tries("socket.socket(40, socket.SOCK_STREAM); print('connected')")
            + "\n"
            + tries(f"s = socket.socketpair()[0]; s.connect({path!r}); print('connected')")
        )
    os.unlink(path)
    assert "connected" not in said


def test_has_no_capabilities_and_cannot_gain_any(boxes: SandboxServer) -> None:
    """Every set of capabilities is empty, no_new_privs and seccomp are on."""
    said = boxes.said(
        "lines = open('/proc/self/status').read().splitlines()\n"
        "s = dict(line.split(':\\t', 1) for line in lines if ':\\t' in line)\n"
        "print([int(s[k], 16) for k in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')],"
        " s['NoNewPrivs'], s['Seccomp'])"
    )
    # A process that never had a capability cannot empty its bounding set, which is harmless then.
    assert said.startswith("[0, 0, 0, ")
    assert said.endswith(", 0] 1 2")


@pytest.mark.parametrize(
    "call",
    ["ptrace(0, 0, 0, 0)", "unshare(0x10000000)", "mount(b'a', b'/tmp', b'tmpfs', 0, None)"],
)
def test_cannot_call_the_kernel_for_more(boxes: SandboxServer, call: str) -> None:
    """ptrace, new namespaces and mounts are refused."""
    said = boxes.said(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"print(libc.{call}, ctypes.get_errno())"
    )
    assert said == "-1 1"


def test_nothing_is_left_running(boxes: SandboxServer) -> None:
    """A daemon that left its session, ignoring signals, ends with its submission."""
    mark = f"left-by-{os.getpid()}"
    boxes.said(
        f"import subprocess\nsleeper = 'trap \"\" TERM HUP INT; sleep 60 # {mark}'\n"
        "subprocess.Popen(['setsid', '-f', '/bin/sh', '-c', sleeper])\n"
        "import time; time.sleep(0.5); print(1)"
    )
    assert _running(mark) == []


def _running(mark: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in file.read_bytes() and b"pytest" not in file.read_bytes():
                found.append(file.parent.name)
        except OSError:
            continue
    return found


def test_randomness_differs_between_submissions(boxes: SandboxServer) -> None:
    """Two boxes draw different random numbers, of each kind."""
    cell = (
        "import random, numpy, brainpy.math as bm\n"
        "print(random.random(), numpy.random.rand(), float(bm.random.rand(1)[0]))"
    )
    first, second = boxes.said(cell).split(), boxes.said(cell).split()
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_progress_bar_is_off(boxes: SandboxServer) -> None:
    """The runner's progress bar prints nothing, even where it is asked for."""
    done = boxes.run(
        "import brainpy as bp\nr = bp.DSRunner(bp.dyn.HH(1), progress_bar=True); r.run(5.)"
    )
    assert done["text"] == [""]
