"""What a box promises, each by its name, for every backend and user that there is here.

One notebook makes every harmless attempt, a cell for each; the tests read what the cells
printed. What ends or endangers a kernel has a notebook of its own, and all of those run side
by side.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.sandbox import bwrap
from tests.support import sandboxes
from tests.support.box_attempts import (
    AT_ITS_INIT,
    ENDS_ITSELF_AFTER_ALL_THAT,
    KERNEL_CALLS,
    LEFT,
    MACHINE,
    NOTE,
    NOTEBOOKS,
    PLACES,
    PRIVATE,
    Outside,
    attempt_everything,
    attempt_outside,
    process_of,
    put_outside,
    run_as,
)
from tests.support.sandboxes import SandboxServer, attempt_cell, outputs

_NOT_THERE = {"bwrap": "refused ENOENT", "landlock": "refused EACCES"}
"""What a box says of a place that anybody may read: bubblewrap shows none, Landlock opens none."""


@pytest.fixture(scope="module")
def outside(boxes: SandboxServer) -> Iterator[Outside]:
    """What the notebook of all attempts tries to reach."""
    with put_outside(boxes) as made:
        yield made


@pytest.fixture(scope="module")
def ended(boxes: SandboxServer) -> dict[str, dict[str, Any]]:
    """What became of the notebooks that endanger a kernel, or need one of their own."""
    answers = boxes.run_all([(cells, {}) for cells in NOTEBOOKS.values()])
    return dict(zip(NOTEBOOKS, answers, strict=True))


@pytest.fixture(scope="module")
def attempts(boxes: SandboxServer, ended: Mapping[str, Any], outside: Outside) -> Mapping[str, str]:
    """What each attempt came to, in a box that is made after all of ``ended``."""
    return boxes.outputs(attempt_everything(boxes, outside))


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
    with put_outside(boxes) as outside:
        codes = attempt_outside(boxes, outside)
        cells = [f"print({name!r})\n{attempt_cell(code)}" for name, code in codes.items()]
        program = "\n".join(["import os, socket", *cells])
        done = subprocess.run(
            [python[0], "-I", "-c", program],
            capture_output=True,
            text=True,
            cwd="/",
            timeout=60,
            **run_as(boxes.boxed_user),
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


@pytest.mark.parametrize("name", PRIVATE)
def test_cannot_read_the_project(attempts: Mapping[str, str], name: str) -> None:
    """Reference, assignments, submissions and the harness's own code are out of sight."""
    assert attempts[f"read {name}"] in _NOT_THERE.values()


@pytest.mark.parametrize("path", MACHINE)
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


@pytest.mark.parametrize("place", PLACES)
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
    assert (outside.folder / "note.txt").read_text() == NOTE
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
    found = outputs(ENDS_ITSELF_AFTER_ALL_THAT, done)
    assert {found[name].split()[0] for name in AT_ITS_INIT} <= {"done", "refused"}, found
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
        with process_of(started.boxed_user) as process:
            signals = attempt_cell(f"import os\nos.kill({process.pid}, 9)")
            attack, signal = started.run_all([(NOTEBOOKS["at-its-init"], {}), ([signals], {})])
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


@pytest.mark.parametrize("name", KERNEL_CALLS)
def test_cannot_call_the_kernel_for_more(attempts: Mapping[str, str], name: str) -> None:
    """Each of these calls is refused before the kernel looks at its arguments."""
    assert attempts[name] == "refused EPERM"


def test_nothing_is_left_running(ended: Mapping[str, Any]) -> None:
    """A daemon that left its session, ignoring signals, ends with its submission."""
    assert ended["daemon"]["text"][0].strip() == "started"
    assert _running(LEFT) == []


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
