"""What a box may take, for every backend and user that there is here."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from grader.sandbox.limits import count_sharing_threads
from tests.support.sandboxes import LARGE, SandboxServer, attempt_cell, outputs

PROCESSES = 64  # that a box may hold


def _grows(by: int) -> str:
    """Take ``by`` bytes in steps, slowly enough to be seen."""
    step = 40_000_000
    return (
        "import time, numpy\nkept = []\n"
        f"for _ in range({by // step}):\n"
        f"    kept.append(numpy.ones({step // 8})); time.sleep(0.1)\n"
    )


_FILLS_SOCKETS = """
import os, socket, time
for _ in range(6):  # a process may hold 1024 descriptors: these fill 440 of some 200 kB
    if os.fork() == 0:
        kept = [socket.socketpair() for _ in range(220)]
        for one in (end for pair in kept for end in pair):
            one.setblocking(False)
            try:
                while True: one.send(bytes(65536))
            except BlockingIOError:
                pass
        time.sleep(20); os._exit(0)
time.sleep(20); print("all")
"""


def _writes(name: str, then: str = "pass") -> str:
    """Write 400 MB in files that are each small enough, and keep them open until they are seen."""
    return (
        "import os, time\nkept = []\nfor n in range(5):\n"
        f"    kept.append(open(f'{name}', 'wb', 0)); {then}\n"
        "    kept[-1].write(bytes(80 << 20))\n"
        "time.sleep(20); print('all')"
    )


_FORKS = (
    "import os, time\nmade = 0\nfor _ in range({most}):\n"
    "    try:\n        pid = os.fork()\n"
    "    except OSError:\n        break\n"
    "    if pid == 0:\n        time.sleep({seconds}); os._exit(0)\n"
    "    made += 1\n"
)
_SENDS = (
    "from jupyter_client.session import Session\nkernel = get_ipython().kernel\n"
    "def say(text):\n"
    "    Session.send(kernel.session, kernel.iopub_socket, 'stream',\n"
    "        {'name': 'stdout', 'text': text}, parent=kernel.get_parent('shell'))\n"
)
"""A way to put out text that no limit in the kernel is asked about."""
_GROWS_WITHOUT_FIRST_THREAD = f"""
import ctypes, os, platform, threading, time
def grow():
    {_grows(680_000_000).strip().replace(chr(10), chr(10) + "    ")}
    time.sleep(20)
if os.fork() == 0:
    threading.Thread(target=grow).start()
    ctypes.CDLL(None).syscall({{"x86_64": 60, "aarch64": 93}}[platform.machine()], 0)
time.sleep(20)
"""
_LEFT = "left-behind"
_LEAVES_SESSIONS = f"""
import ctypes, os, time
ctypes.CDLL(None).prctl(15, b"{_LEFT}")  # its name, in /proc too
for _ in range(150):
    try:
        if os.fork() == 0:
            try:
                os.setsid(); os.fork(); time.sleep(20)
            finally:
                os._exit(0)
    except OSError:
        break
"""
_NEIGHBOUR = "import time\nfor _ in range(20): time.sleep(0.1)\nprint(6 * 7)"
_HONEST = (
    "import time; time.sleep(2)\n"
    "import brainpy as bp, threading\n"
    "r = bp.DSRunner(bp.dyn.HH(1), monitors=['V']); r.run(5.)\n"
    "started = [threading.Thread(target=time.sleep, args=[0.5]) for _ in range(20)]\n"
    "[thread.start() for thread in started]\nprint(r.mon.V.shape)"
)
_ATTEMPTS = {
    "processors": (
        "import mmap, os\nos.sched_setaffinity(0, range(os.cpu_count()))\n"
        "print(len(os.sched_getaffinity(0)))"
    ),
    "first-to-end": "print(open('/proc/self/oom_score_adj').read())",
    "last-to-end": attempt_cell("open('/proc/self/oom_score_adj', 'w').write('0')"),
    "memfd": attempt_cell("os.memfd_create('hidden')"),
    "shared-mapping": attempt_cell("mmap.mmap(-1, 1 << 20)"),
    "device-of-zeros": attempt_cell("mmap.mmap(os.open('/dev/zero', os.O_RDWR), 1 << 20)"),
    "large-file": attempt_cell(
        "with open('big', 'wb', 0) as f:\n    for _ in range(200): f.write(bytes(1 << 20))"
    ),
    "size-of-large-file": "print(os.path.getsize('big') >> 20); os.remove('big')",
    "deep-folder": (
        "print(os.getcwd())\nfor n in range(1500): os.mkdir('x'); os.chdir('x')\nprint('dug')"
    ),
}

Notebooks = Mapping[str, tuple[tuple[str, ...], Mapping[str, float]]]
_SMALL: Notebooks = {
    "time": (
        ("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",),
        {"cell_seconds": 1},
    ),
    "disk": ((_writes("f{n}"),), {}),
    "memory": ((_grows(680_000_000),), {"memory_mb": 400}),
    "memory-in-sockets": ((_FILLS_SOCKETS,), {"memory_mb": 400}),
    "neighbour": ((_NEIGHBOUR,), {}),
    "processes": (
        (_FORKS.format(most=200, seconds=20) + "print(made)\nif made == 200: time.sleep(20)",),
        {},
    ),
    "endless": (("while True: pass", "print('next')"), {"cell_seconds": 1}),
    "output-printed": (
        (
            "import sys\nfor _ in range(40): sys.stderr.write('y' * 1_000_000)",
            "from IPython.display import display\n"
            "for n in range(400): display({'text/plain': 'z' * 100_000}, raw=True)",
            "!yes | head -c 10000000",
            "!echo below",
        ),
        {"output_mb": 4},
    ),
    "output-at-once": ((_SENDS + "say('y' * 10_000_000)",), {}),
    "output-in-pieces": (
        (_SENDS + "for _ in range(400): say('z' * 100_000)",),
        {"output_mb": 4},
    ),
    "attempts": (tuple(_ATTEMPTS.values()), {}),
    "exit": (("import os; os._exit(3)",), {}),
    "abort": (("import os; os.abort()",), {}),
    "kill": (("import os; os.kill(os.getpid(), 9)",), {}),
}
"""Notebooks that run side by side in every tier."""

_GREEDY = (_FORKS.format(most=100, seconds=6) + "print(made); time.sleep(6)",)
_LARGE: Notebooks = {
    "sessions": ((_LEAVES_SESSIONS,), {}),
    "memory-without-first-thread": ((_GROWS_WITHOUT_FIRST_THREAD,), {"memory_mb": 400}),
    "greedy": (_GREEDY, {}),
    "greedy-too": (_GREEDY, {}),
    "honest": ((_HONEST,), {}),
    "memory-of-many": (
        (
            "import os\nfor _ in range(4):\n    if os.fork() == 0:\n"
            + "".join(f"        {line}\n" for line in _grows(160_000_000).splitlines())
            + "        time.sleep(20); os._exit(0)\n"
            "import time; time.sleep(20)",
        ),
        {"memory_mb": 600},
    ),
    "disk-removed": ((_writes("f{n}", "os.unlink(f'f{n}')"),), {}),
    "disk-unreadable": (("import os; os.mkdir('d', 0o300)\n" + _writes("d/f{n}"),), {}),
    "neighbour-of-many": ((_NEIGHBOUR,), {}),
    "output-line-by-line": ((_SENDS + "for _ in range(40_000): say('x' * 100)",), {"output_mb": 4}),
    "disk-deep": (
        (
            "import os\nfor _ in range(30): os.mkdir('x' * 200); os.chdir('x' * 200)\n"
            + _writes("f{n}"),
        ),
        {},
    ),
}
"""Those that run side by side where the command is given ``--full``."""


@dataclass
class Ended:
    """What became of notebooks that take too much, and of honest ones that ran beside them."""

    boxes: SandboxServer
    done: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> dict[str, Any]:
        """Of one notebook; those that run beside it are run when the first of them is asked for."""
        if name not in self.done:
            notebooks = _SMALL if name in _SMALL else _LARGE
            answers = self.boxes.run_all(list(notebooks.values()))
            self.done |= zip(notebooks, answers, strict=True)
        return self.done[name]


@pytest.fixture(scope="module")
def ended(boxes: SandboxServer) -> Ended:
    """The ends of this module's notebooks, in each sandbox."""
    return Ended(boxes)


@pytest.fixture(scope="module")
def attempts(ended: Ended) -> dict[str, str]:
    """What each of ``_ATTEMPTS`` came to."""
    return outputs(_ATTEMPTS, ended["attempts"])


def test_memory_is_limited(ended: Ended) -> None:
    """More memory than the limit ends the run, and it is called memory."""
    assert ended["memory"]["gone"] == ["the kernel died", False, "memory"]


def test_memory_in_sockets_is_limited(ended: Ended) -> None:
    """What waits in sockets to be read is memory, though it belongs to no process."""
    assert ended["memory-in-sockets"]["gone"] == ["the kernel died", False, "memory"]


@LARGE
def test_memory_of_many_processes_is_limited(ended: Ended) -> None:
    """The memory of all processes of a notebook counts, also where a first thread has ended."""
    for name in ("memory-of-many", "memory-without-first-thread"):
        assert ended[name]["gone"] == ["the kernel died", False, "memory"], name


def _is_cut(done: Mapping[str, Any]) -> None:
    assert done["gone"] == ["the kernel died", False, "output"]
    assert done["notebook"] < 20_000_000


def test_large_output_ends_no_run(ended: Ended) -> None:
    """What is printed, shown, or put out by a command is cut, and the cells below still run."""
    done = ended["output-printed"]
    assert done["gone"] is None
    assert [status for status, _, _ in done["runs"]] == ["ok"] * 4
    assert done["text"][2].startswith("y")
    assert done["text"][3].strip() == "below"
    assert done["notebook"] < 4_000_000


@pytest.mark.parametrize("name", ["output-at-once", "output-in-pieces"])
def test_a_flood_of_output_is_cut(ended: Ended, name: str) -> None:
    """A flood past the kernel's own limits ends the run, before it grows the grader."""
    _is_cut(ended[name])


@LARGE
def test_a_flood_of_lines_is_cut(ended: Ended) -> None:
    """A flood of small messages ends the run just as well."""
    _is_cut(ended["output-line-by-line"])


def test_a_deaf_cell_is_killed(ended: Ended) -> None:
    """Code that ignores interrupts is killed, and that counts as a time limit."""
    assert ended["time"]["gone"] == ["a cell could not be interrupted", True, ""]
    assert ended["time"]["runs"][0][0] == "timeout"


def test_a_cell_is_interrupted_in_time(ended: Ended) -> None:
    """An endless loop is interrupted at its limit, and the cells after it still run."""
    assert [status for status, _, _ in ended["endless"]["runs"]] == ["timeout", "ok"]
    assert ended["endless"]["text"][1].strip() == "next"


def _is_full(boxes: SandboxServer, done: Mapping[str, Any]) -> None:
    """In bubblewrap the disk of a box is full; Landlock has none, and the run is ended."""
    assert "all" not in done["text"][0]
    if boxes.backend == "bwrap":
        ((status, error_name, error),) = done["runs"]
        assert (status, error_name, done["gone"]) == ("error", "OSError", None)
        assert "No space left on device" in error
    else:
        assert done["gone"] == ["the kernel died", False, "disk"]


def test_disk_is_limited(boxes: SandboxServer, ended: Ended) -> None:
    """Many files, each small enough, can't fill the disk."""
    _is_full(boxes, ended["disk"])


@LARGE
@pytest.mark.parametrize("name", ["disk-removed", "disk-unreadable", "disk-deep"])
def test_hidden_files_are_limited(boxes: SandboxServer, ended: Ended, name: str) -> None:
    """Nor can removed ones that are held open, or files where nobody can look."""
    _is_full(boxes, ended[name])


@pytest.mark.parametrize("name", ["exit", "abort", "kill"])
def test_a_dead_kernel_is_told_from_a_limit(ended: Ended, name: str) -> None:
    """A kernel that ends itself died; that is neither time nor memory nor our fault."""
    assert ended[name]["gone"] == ["the kernel died", False, ""]


def _goes_on(done: Mapping[str, Any]) -> None:
    assert (done["gone"], done["text"][0].strip()) == (None, "42")


def test_neighbours_of_those_that_are_ended_go_on(ended: Ended) -> None:
    """An honest notebook that runs beside them doesn't notice."""
    _goes_on(ended["neighbour"])


@LARGE
def test_neighbours_of_many_go_on(ended: Ended) -> None:
    """Nor does one beside notebooks that fill the disk and multiply their processes."""
    _goes_on(ended["neighbour-of-many"])


def test_processes_are_limited(boxes: SandboxServer, ended: Ended) -> None:
    """A bounded fork bomb stops at the limit on processes; the next box works."""
    done = ended["processes"]
    apart = boxes.user == "root"  # then a box under Landlock has a user of its own
    if boxes.backend == "bwrap":
        apart = count_sharing_threads("bwrap", boxes.boxed_user, os.uname().release) is None
    if apart:
        assert done["gone"] is None
        assert 0 < int(done["text"][0].split()[-1]) < PROCESSES
    else:  # this user's other processes count as well: the watchdog counts the box's own
        assert done["gone"] == ["the kernel died", False, "processes"]
    assert boxes.output("print(6 * 7)") == "42"


@LARGE
def test_a_sibling_that_takes_all_its_processes_disturbs_nobody(ended: Ended) -> None:
    """Beside boxes that hold as many processes as they get, others start all their threads."""
    assert int(ended["greedy"]["text"][0].split()[-1]) > PROCESSES // 2
    assert int(ended["greedy-too"]["text"][0].split()[-1]) > PROCESSES // 2
    assert ended["honest"]["gone"] is None
    assert ended["honest"]["text"][0].strip() == "(50, 1)"


@LARGE
def test_nothing_of_a_box_runs_when_its_end_is_told(ended: Ended) -> None:
    """Processes that each began a session of their own have ended when the notebook is done."""
    assert ended["sessions"]["runs"]
    names = []
    for file in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            names.append(file.read_text().strip())
    assert _LEFT not in names


def test_large_files_are_refused(attempts: Mapping[str, str]) -> None:
    """A file grows up to the limit on one and not beyond it."""
    assert attempts["large-file"] == "refused EFBIG"
    assert attempts["size-of-large-file"] == "128"  # MiB


def test_nothing_of_a_deep_folder_is_left(
    boxes: SandboxServer, attempts: Mapping[str, str]
) -> None:
    """Folders that are nested deeper than our stack are removed, and are no fault of ours."""
    where, dug = attempts["deep-folder"].splitlines()
    assert dug == "dug"
    assert where.startswith(boxes.scratch if boxes.backend == "landlock" else "/tmp/")
    assert list(Path(boxes.scratch).rglob("box")) == []


def test_keeps_to_one_processor(attempts: Mapping[str, str]) -> None:
    """A box keeps to the processor that it was given, also when it asks for more."""
    assert attempts["processors"] == "1"


@pytest.mark.parametrize("name", ["memfd", "shared-mapping", "device-of-zeros"])
def test_cannot_hide_memory(attempts: Mapping[str, str], name: str) -> None:
    """Memory that is held without being any process's own can't be had."""
    assert attempts[name].startswith("refused E")


def test_is_ended_first_when_memory_runs_out(attempts: Mapping[str, str]) -> None:
    """The machine's own choice falls on a notebook, not on the grader."""
    assert attempts["first-to-end"] == "500"
    assert attempts["last-to-end"].startswith("refused E")
