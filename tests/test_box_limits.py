"""What a box may take, for every backend and user that there is here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sandboxes import SandboxServer, tries

pytestmark = pytest.mark.full


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
def ended(boxes: SandboxServer) -> dict[str, Any]:
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


def test_fork_bomb_is_contained(boxes: SandboxServer) -> None:
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


def test_a_sibling_that_takes_all_its_processes_disturbs_nobody(boxes: SandboxServer) -> None:
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


def test_large_files_are_refused(boxes: SandboxServer) -> None:
    """A file above the limit on one can't be written."""
    said = boxes.said(
        tries("f = open('big', 'wb')\nfor _ in range(200): f.write(bytes(1 << 20))\nprint('all')")
    )
    assert said.startswith("refused")


def test_nothing_of_a_deep_folder_is_left(boxes: SandboxServer) -> None:
    """Folders that are nested deeper than our stack are removed, and are no fault of ours."""
    said = boxes.said("import os\nfor n in range(1500): os.mkdir('x'); os.chdir('x')\nprint('dug')")
    assert said == "dug"
    left = [path for path in Path(boxes.scratch).rglob("box/*") if path.is_dir()]
    assert left == []


def test_a_cell_is_interrupted_in_time(boxes: SandboxServer) -> None:
    """An endless loop is interrupted at its limit, and the cells after it still run."""
    done = boxes.run("while True: pass", "print('next')", cell_seconds=1)
    assert [status for status, _, _ in done["runs"]] == ["timeout", "ok"]
    assert done["text"][1].strip() == "next"


def test_keeps_to_one_processor(boxes: SandboxServer) -> None:
    """A box keeps to the processor that it was given, also when it asks for more."""
    more = "os.sched_setaffinity(0, range(os.cpu_count()))"
    assert boxes.said(f"import os; {more}; print(len(os.sched_getaffinity(0)))") == "1"


def test_cannot_hide_memory(boxes: SandboxServer) -> None:
    """Memory that is held without being any process's own can't be had."""
    said = boxes.said(
        "import mmap, os\n"
        + tries("os.memfd_create('hidden'); print('got it')")
        + "\n"
        + tries("mmap.mmap(-1, 1 << 20); print('got it')")
        + "\n"
        + tries("mmap.mmap(os.open('/dev/zero', os.O_RDWR), 1 << 20); print('got it')")
    )
    assert said.count("refused") == 3


def test_is_ended_first_when_memory_runs_out(boxes: SandboxServer) -> None:
    """The machine's own choice falls on a notebook, not on the grader."""
    assert boxes.said("print(open('/proc/self/oom_score_adj').read())") == "500"
