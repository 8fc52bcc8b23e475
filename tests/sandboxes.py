"""Sandboxes for the tests: every backend that works here, as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.box.user import closed_folder

HERE = Path(__file__).parent
ORDINARY = 64_300  # a user that only the tests are
MATRIX = [(b, u) for b in ("bwrap", "landlock") for u in ("root", "ordinary")]


@dataclass
class SandboxServer:
    """A running ``sandbox_server.py``."""

    process: subprocess.Popen[str]
    scratch: str

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

    def said(self, *cells: str, **limits: float) -> str:
        """What the last of ``cells`` printed; every one of them must have run."""
        done = self.run(*cells, **limits)
        assert [status for status, _, _ in done["runs"]] == ["ok"] * len(cells), done
        return str(done["text"][-1]).strip()

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
    environment = {"PYTHONPATH": f"{HERE.parent}:{HERE}", "PATH": os.environ.get("PATH", "")}
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


def start(
    backend: str, user: str, *, refused: bool = False, abi: int | None = None
) -> SandboxServer | str:
    """Start boxes with ``backend`` as ``user``; a string says why that can't be done here.

    With ``refused`` user namespaces are refused, as in Docker. ``abi`` is the newest
    version of Landlock to use.
    """
    become, python = as_user(user), python_for(user)
    if become is None or python is None:
        return f"can't become {user} here, or reach Python as that user"
    program, environment = python
    version = [] if abi is None else [abi]
    before = [program, str(HERE / "refuse_user_namespaces.py")] if refused else []
    process = subprocess.Popen(
        [*become, *before, program, str(HERE / "sandbox_server.py"), backend, *map(str, version)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment | {"HOME": "/nonexistent"},
        cwd="/",
    )
    boxes = SandboxServer(process, "")
    first = boxes._answer()
    if not first["works"]:
        boxes.close()
        return str(first["why"])
    boxes.scratch = first["scratch"]
    return boxes


def tries(code: str) -> str:
    """A cell that says which error ``code`` meets, or what it got."""
    body = "\n".join("    " + line for line in code.splitlines())
    return f"try:\n{body}\nexcept Exception as e:\n    print('refused', type(e).__name__)"
