"""Cells that take all they can of memory, disk, output and processes."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.sandboxes import attempt_cell


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
LEFT = "left-behind"
_LEAVES_SESSIONS = f"""
import ctypes, os, time
ctypes.CDLL(None).prctl(15, b"{LEFT}")  # its name, in /proc too
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
ATTEMPTS = {
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
NOTEBOOKS: Notebooks = {
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
    "attempts": (tuple(ATTEMPTS.values()), {}),
    "exit": (("import os; os._exit(3)",), {}),
    "abort": (("import os; os.abort()",), {}),
    "kill": (("import os; os.kill(os.getpid(), 9)",), {}),
}
"""Notebooks that run side by side in every tier."""

_GREEDY = (_FORKS.format(most=100, seconds=6) + "print(made); time.sleep(6)",)
FURTHER_NOTEBOOKS: Notebooks = {
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
