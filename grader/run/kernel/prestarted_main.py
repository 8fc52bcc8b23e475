"""The program of a kernel that isn't boxed in: loads what notebooks load, then waits to be one.

Run by its path, and it imports nothing of the grader but the module, by its path, that limits
what a kernel puts out. One line of JSON on standard input names the kernel's folder,
environment, arguments and limits on output; where none comes it ends.
"""

import contextlib
import importlib
import json
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

_LOADED = ("ipykernel.zmqshell", "ipykernel.kernelapp", "brainpy", "matplotlib.pyplot")
_OUTPUT = Path(__file__).parents[2] / "untrusted" / "box" / "output_limit.py"
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Load, wait, serve cells."""
    _die_with_parent()
    for name in _LOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    if not (line := sys.stdin.readline()):
        return
    asked = json.loads(line)
    os.chdir(asked["folder"])
    os.environ.update(asked["environment"])
    sys.argv = ["ipykernel_launcher.py", *asked["arguments"]]
    kernelapp: Any = importlib.import_module("ipykernel.kernelapp")
    app = kernelapp.IPKernelApp.instance()
    app.initialize()
    limit = runpy.run_path(str(_OUTPUT))["limit"]
    limit(app.session, **asked["output"])
    app.start()


def _die_with_parent() -> None:
    """Be killed when the process that started this one dies, where the system can do that."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
