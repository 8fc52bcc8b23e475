"""Run a notebook's shell commands where a box has no terminal for them."""

from __future__ import annotations

import importlib
import os
import subprocess
from typing import Any


def replace_terminal() -> None:
    """Let ``!command`` use a pipe where no terminal can be opened, as in Landlock."""
    try:
        opened = os.openpty()
    except OSError:
        shell: Any = importlib.import_module("ipykernel.zmqshell")
        shell.system = _system
    else:
        for descriptor in opened:
            os.close(descriptor)


def _system(command: str) -> int:
    """Run a command, print what it puts out, return its exit status."""
    with subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        try:
            while part := os.read(process.stdout.fileno(), 65_536):
                print(part.decode("utf-8", "replace"), end="", flush=True)
        except KeyboardInterrupt:
            process.kill()
    return process.returncode
