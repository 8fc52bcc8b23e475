"""What a box promises, each by its name, for every backend and user that there is here."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boxed
import pytest
from boxed import Boxes
from conftest import ROOT

pytestmark = pytest.mark.slow
MATRIX = [(b, u) for b in ("bwrap", "landlock") for u in ("root", "ordinary")]


@pytest.mark.parametrize("user", ["root", "ordinary"])
def test_bwrap_says_so_where_namespaces_are_refused(user: str) -> None:
    """Trying bwrap where user namespaces are refused ends in a reason, not in a hang."""
    started = boxed.start("bwrap", user, refused=True)
    assert isinstance(started, str)
    assert "doctor.bwrap_refused" in started or "can't" in started


@pytest.fixture(scope="module", params=MATRIX, ids="-".join)
def boxes(request: pytest.FixtureRequest) -> Iterator[Boxes]:
    backend, user = request.param
    started = boxed.start(backend, user, refused=backend == "landlock")
    if isinstance(started, str):
        pytest.skip(started)
    yield started
    started.close()


def _tries(code: str) -> str:
    """A cell that says which error ``code`` meets, or what it got."""
    body = "\n".join("    " + line for line in code.splitlines())
    return f"try:\n{body}\nexcept Exception as e:\n    print('refused', type(e).__name__)"


def _reads(path: Path | str) -> str:
    return _tries(f"print('read', len(open({str(path)!r}, 'rb').read(100)))")


def test_runs_a_model_and_shows_its_plot(boxes: Boxes) -> None:
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
def test_cannot_read_reference(boxes: Boxes, name: str) -> None:
    """Neither the teachers' folder nor the assignments can be opened."""
    assert boxes.said(_reads(ROOT / name)).startswith("refused")


def test_cannot_read_submissions_or_the_harness(boxes: Boxes) -> None:
    """Other submissions, and the harness's own code, are out of sight."""
    assert boxes.said(_reads(ROOT / "submissions" / "hh" / "expected.toml")).startswith("refused")
    assert boxes.said(_reads(ROOT / "grader" / "stages.py")).startswith("refused")


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/shadow", "/root/.bashrc", "/proc/1/environ"])
def test_cannot_read_the_machine(boxes: Boxes, path: str) -> None:
    """Accounts, home folders and other processes' environment stay closed."""
    said = boxes.said(_reads(path))
    assert said.startswith("refused") or (path == "/proc/1/environ" and said == "read 0"), said


def test_cannot_see_another_submission(boxes: Boxes) -> None:
    """What one submission wrote, the next one does not find."""
    boxes.said("open('note.txt', 'w').write('42')\nimport os; open('/dev/null')\nprint(1)")
    said = boxes.said(
        "import os, glob\nprint([os.path.exists('note.txt'), glob.glob('/tmp/grader*/*/box/*')])"
    )
    assert said == "[False, []]"


def test_cannot_write_outside(boxes: Boxes) -> None:
    """The system, the Python environment and /etc are read-only."""
    code = "import numpy, os\n" + "\n".join(
        _tries(f"open(os.path.join({place}, 'planted'), 'w'); print('written')")
        for place in ("'/usr'", "'/'", "'/etc'", "'/dev'", "os.path.dirname(numpy.__file__)")
    )
    assert "written" not in boxes.said(code)


def test_environment_has_no_secrets(boxes: Boxes) -> None:
    """The grader's environment variables do not reach the notebook."""
    said = boxes.said("import os; print('PYTHONPATH' in os.environ, os.environ['HOME'])")
    assert said.startswith("False")
    assert "nonexistent" not in said


def test_sees_no_other_process(boxes: Boxes) -> None:
    """No process but its own is listed or can be signalled."""
    said = boxes.said(
        "import os\n"
        "try:\n    pids = [p for p in os.listdir('/proc') if p.isdigit()]\n"
        "except OSError:\n    pids = []\n"
        f"print(len(pids) <= 4, str({os.getpid()}) in pids)",
        "import os\n"
        + _tries(f"os.kill({os.getpid()}, 0); print('reached')")
        + "\n"
        + _tries(f"os.kill({boxes.process.pid}, 0); print('reached')"),
    )
    assert "reached" not in said
    assert said.count("refused") == 2


def test_cannot_kill_its_parents(boxes: Boxes) -> None:
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
    code += "\n".join(_tries(attempt) for attempt in _AT_ITS_INIT)
    return code + "\ntime.sleep(1.2); print('all tried')"


def _cannot_end_its_init(boxes: Boxes) -> None:
    done = boxes.run(_ends_itself_after_all_that(), "import os; os._exit(3)")
    assert "all tried" in done["text"][0]
    assert "reached" not in done["text"][0]
    assert done["gone"] == ["the kernel died", False, ""]


def test_cannot_make_its_end_look_like_our_fault(boxes: Boxes) -> None:
    """Whatever it does to the box's first process, that one tells how the kernel ended."""
    _cannot_end_its_init(boxes)


@pytest.mark.parametrize("user", ["root", "ordinary"])
def test_cannot_signal_others_where_landlock_does_not_govern_that(user: str) -> None:
    """With Landlock as old as Linux 6.7 has it neither init nor a process outside is reached."""
    started = boxed.start("landlock", user, refused=True, abi=4)
    if isinstance(started, str):
        pytest.skip(started)
    try:
        _cannot_end_its_init(started)
        outside = started.process.pid
        assert started.said(_tries(f"import os; os.kill({outside}, 0)")).startswith("refused")
    finally:
        started.close()


def test_cannot_open_tcp(boxes: Boxes) -> None:
    """A server on the loopback is not reached, and none can be opened to the outside."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        port = server.getsockname()[1]
        said = boxes.said(
            "import socket\n"
            + _tries(f"socket.create_connection(('127.0.0.1', {port}), 2); print('connected')")
        )
        assert said.startswith("refused")
        with pytest.raises(TimeoutError):
            server.accept()


def test_cannot_send_udp(boxes: Boxes) -> None:
    """No datagram leaves the box."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.5)
        address = server.getsockname()
        boxes.said(
            "import socket\n"
            + _tries(f"socket.socket(2, socket.SOCK_DGRAM).sendto(b'x', {address!r})")
        )
        with pytest.raises(TimeoutError):
            server.recv(10)


def test_cannot_open_unix_or_vsock(boxes: Boxes, tmp_path: Path) -> None:
    """Sockets of the machine's services, and of its hypervisor, are not reached."""
    os.chmod(tmp_path, 0o755)
    path = f"/tmp/grader-test-{os.getpid()}.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        os.chmod(path, 0o777)
        server.listen()
        said = boxes.said(
            "import socket\n"
            + _tries(f"socket.socket(socket.AF_UNIX).connect({path!r}); print('connected')")
            + "\n"
            + _tries("socket.socket(40, socket.SOCK_STREAM); print('connected')")
            + "\n"
            + _tries(f"s = socket.socketpair()[0]; s.connect({path!r}); print('connected')")
        )
    os.unlink(path)
    assert "connected" not in said


def test_has_no_capabilities_and_cannot_gain_any(boxes: Boxes) -> None:
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
def test_cannot_call_the_kernel_for_more(boxes: Boxes, call: str) -> None:
    """ptrace, new namespaces and mounts are refused."""
    said = boxes.said(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"print(libc.{call}, ctypes.get_errno())"
    )
    assert said == "-1 1"


def _grows(by: int) -> str:
    """Take ``by`` bytes in steps, slowly enough to be seen."""
    step = 40_000_000
    return (
        "import time, numpy\nkept = []\n"
        f"for _ in range({by // step}):\n"
        f"    kept.append(numpy.ones({step // 8})); time.sleep(0.1)\n"
    )


def _writes(name: str, then: str = "pass") -> str:
    """Write 400 MB in files that are each small enough, and keep them open."""
    return (
        "import os, time\nkept = []\nfor n in range(5):\n"
        f"    kept.append(open(f'{name}', 'wb', 0)); {then}\n"
        "    kept[-1].write(bytes(80 << 20)); time.sleep(0.4)\n"
        "time.sleep(1.2); print('all')"
    )


_NEIGHBOUR = "import time\nfor _ in range(20): time.sleep(0.1)\nprint(6 * 7)"
_TOO_MUCH: dict[str, tuple[str, dict[str, float]]] = {
    "memory": (_grows(680_000_000), {"memory_mb": 400}),
    "memory-of-many": (
        "import os\nfor _ in range(4):\n    if os.fork() == 0:\n"
        + "".join(f"        {line}\n" for line in _grows(160_000_000).splitlines())
        + "        time.sleep(8); os._exit(0)\n"
        "import time; time.sleep(8)",
        {"memory_mb": 600},
    ),
    "output-in-pieces": (
        "from IPython.display import display\n"
        "for n in range(400): display({'text/plain': 'z' * 100_000}, raw=True)",
        {"output_mb": 4},
    ),
    "output-at-once": (
        "import sys\nfor _ in range(40): sys.stderr.write('y' * 1_000_000)",
        {"output_mb": 4},
    ),
    "output-line-by-line": ("for _ in range(400): print('x' * 100_000)", {"output_mb": 4}),
    "time": (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        {"cell_seconds": 1},
    ),
    "disk": (_writes("f{n}"), {}),
    "disk-removed": (_writes("f{n}", "os.unlink(f'f{n}')"), {}),
    "disk-unreadable": ("import os; os.mkdir('d', 0o300)\n" + _writes("d/f{n}"), {}),
    "disk-deep": (
        "import os\nfor _ in range(30): os.mkdir('x' * 200); os.chdir('x' * 200)\n"
        + _writes("f{n}"),
        {},
    ),
    "exit": ("import os; os._exit(3)", {}),
    "abort": ("import os; os.abort()", {}),
    "kill": ("import os; os.kill(os.getpid(), 9)", {}),
}


@pytest.fixture(scope="module")
def ended(boxes: Boxes) -> dict[str, Any]:
    """What became of notebooks that take too much, and of honest ones that ran beside them."""
    notebooks: dict[str, tuple[str, dict[str, float]]] = {}
    for number, (name, notebook) in enumerate(_TOO_MUCH.items()):
        if number % 3 == 0:
            notebooks[f"neighbour-{number}"] = (_NEIGHBOUR, {})
        notebooks[name] = notebook
    answers = boxes.run_all([((cell,), limits) for cell, limits in notebooks.values()])
    return dict(zip(notebooks, answers, strict=True))


@pytest.mark.parametrize("name", ["memory", "memory-of-many"])
def test_memory_is_limited(ended: dict[str, Any], name: str) -> None:
    """More than the limit ends the run, and it is called memory; processes count together."""
    assert ended[name]["gone"] == ["the kernel died", False, "memory"]


@pytest.mark.parametrize("name", ["output-in-pieces", "output-at-once", "output-line-by-line"])
def test_a_flood_of_output_is_cut(ended: dict[str, Any], name: str) -> None:
    """A flood ends the run under its own name, before it grows the grader."""
    assert ended[name]["gone"] == ["the kernel died", False, "output"]
    assert ended[name]["notebook"] < 20_000_000


def test_a_deaf_cell_is_killed(ended: dict[str, Any]) -> None:
    """Code that ignores interrupts is killed, and that counts as a time limit."""
    assert ended["time"]["gone"][1] is True
    assert ended["time"]["runs"][0][0] == "timeout"


@pytest.mark.parametrize("name", [name for name in _TOO_MUCH if name.startswith("disk")])
def test_disk_is_limited(ended: dict[str, Any], name: str) -> None:
    """Many files can't fill the disk, neither removed ones nor where nobody can look."""
    assert "all" not in ended[name]["text"][0]
    assert ended[name]["gone"] in (None, ["the kernel died", False, "disk"])


@pytest.mark.parametrize("name", ["exit", "abort", "kill"])
def test_a_dead_kernel_is_told_from_a_limit(ended: dict[str, Any], name: str) -> None:
    """A kernel that ends itself died; that is neither time nor memory nor our fault."""
    assert ended[name]["gone"] == ["the kernel died", False, ""]


def test_neighbours_of_those_that_are_ended_go_on(ended: dict[str, Any]) -> None:
    """Honest notebooks that run beside them don't notice."""
    beside = [done for name, done in ended.items() if name.startswith("neighbour")]
    assert len(beside) > 4
    assert {(str(done["gone"]), done["text"][0].strip()) for done in beside} == {("None", "42")}


def test_fork_bomb_is_contained(boxes: Boxes) -> None:
    """A bounded fork bomb stops at the limit on processes; the next box works."""
    bomb = (
        "import os, time\n"
        "made = 0\n"
        "for _ in range(200):\n"
        "    try:\n        pid = os.fork()\n"
        "    except OSError:\n        break\n"
        "    if pid == 0:\n        time.sleep(5); os._exit(0)\n"
        "    made += 1\n"
        "print(made)"
    )
    done = boxes.run(bomb)
    assert done["gone"] is not None or int(done["text"][0].split()[-1]) < 200, done
    assert boxes.said("print(6 * 7)") == "42"


def test_a_sibling_that_takes_all_its_processes_disturbs_nobody(boxes: Boxes) -> None:
    """Beside boxes that hold as many processes as they get, others start all their threads."""
    greedy = (
        "import os, time\n"
        "for _ in range(100):\n"
        "    try:\n        pid = os.fork()\n"
        "    except OSError:\n        break\n"
        "    if pid == 0:\n        time.sleep(4); os._exit(0)\n"
        "time.sleep(4)"
    )
    honest = (
        "import time; time.sleep(2)\n"
        "import brainpy as bp, threading\n"
        "r = bp.DSRunner(bp.dyn.HH(1), monitors=['V']); r.run(5.)\n"
        "started = [threading.Thread(target=time.sleep, args=[0.5]) for _ in range(20)]\n"
        "[thread.start() for thread in started]\nprint(r.mon.V.shape)"
    )
    *_, done = boxes.run_all([([greedy], {}), ([greedy], {}), ([honest], {})])
    assert done["gone"] is None
    assert done["text"][0].strip() == "(50, 1)"


def test_large_files_are_refused(boxes: Boxes) -> None:
    """A file above the limit on one can't be written."""
    said = boxes.said(
        _tries("f = open('big', 'wb')\nfor _ in range(200): f.write(bytes(1 << 20))\nprint('all')")
    )
    assert said.startswith("refused")


def test_nothing_of_a_deep_folder_is_left(boxes: Boxes) -> None:
    """Folders that are nested deeper than our stack are removed, and are no fault of ours."""
    said = boxes.said("import os\nfor n in range(1500): os.mkdir('x'); os.chdir('x')\nprint('dug')")
    assert said == "dug"
    left = [path for path in Path(boxes.scratch).rglob("box/*") if path.is_dir()]
    assert left == []


def test_a_cell_is_interrupted_in_time(boxes: Boxes) -> None:
    """An endless loop is interrupted at its limit, and the cells after it still run."""
    done = boxes.run("while True: pass", "print('next')", cell_seconds=1)
    assert [status for status, _, _ in done["runs"]] == ["timeout", "ok"]
    assert done["text"][1].strip() == "next"


def test_nothing_is_left_running(boxes: Boxes) -> None:
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


def test_randomness_differs_between_submissions(boxes: Boxes) -> None:
    """Two boxes draw different random numbers, of each kind."""
    cell = (
        "import random, numpy, brainpy.math as bm\n"
        "print(random.random(), numpy.random.rand(), float(bm.random.rand(1)[0]))"
    )
    first, second = boxes.said(cell).split(), boxes.said(cell).split()
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_keeps_to_one_processor(boxes: Boxes) -> None:
    """A box keeps to the processor that it was given, also when it asks for more."""
    more = "os.sched_setaffinity(0, range(os.cpu_count()))"
    assert boxes.said(f"import os; {more}; print(len(os.sched_getaffinity(0)))") == "1"


def test_cannot_hide_memory(boxes: Boxes) -> None:
    """Memory that is held without being any process's own can't be had."""
    said = boxes.said(
        "import mmap, os\n"
        + _tries("os.memfd_create('hidden'); print('got it')")
        + "\n"
        + _tries("mmap.mmap(-1, 1 << 20); print('got it')")
        + "\n"
        + _tries("mmap.mmap(os.open('/dev/zero', os.O_RDWR), 1 << 20); print('got it')")
    )
    assert said.count("refused") == 3


def test_is_ended_first_when_memory_runs_out(boxes: Boxes) -> None:
    """The machine's own choice falls on a notebook, not on the grader."""
    assert boxes.said("print(open('/proc/self/oom_score_adj').read())") == "500"


def test_progress_bar_is_off(boxes: Boxes) -> None:
    """The runner's progress bar prints nothing, even where it is asked for."""
    done = boxes.run(
        "import brainpy as bp\nr = bp.DSRunner(bp.dyn.HH(1), progress_bar=True); r.run(5.)"
    )
    assert done["text"] == [""]
