"""Start the process of a kernel without a sandbox as early as possible.

Loading what a notebook needs takes longer than all that the grader does before: who
starts first waits less. Nothing that takes long to import is imported here.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from grader.core import compile_cache

_PROGRAM = Path(__file__).with_name("prestarted_main.py")
INSIDE_GRADER = "GRADER_WITHIN"
"""Set for every kernel that isn't boxed in, so that a notebook doesn't check itself in it."""
_INLINE = "module://matplotlib_inline.backend_inline"  # as ipykernel chooses, who comes too late


def kernel_environment(
    folder: Path | None = None, base: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the user's environment without secrets, plus settings for reproducible runs.

    JAX stays on the CPU, IPython keeps its files in ``folder``, where there is one already,
    and pip reaches no index: a submission must not change the environment that it is graded
    in.
    """
    environment = {
        name: value
        for name, value in (os.environ if base is None else base).items()
        if not name.startswith("GRADER_") and name != "JPY_PARENT_PID"
    }
    environment.update(
        **{INSIDE_GRADER: "yes"},
        JAX_PLATFORMS="cpu",
        JUPYTER_PLATFORM_DIRS="1",
        MPLBACKEND=_INLINE,
        PIP_NO_INDEX="1",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PYTHONIOENCODING="utf-8",
    )
    if folder is not None:
        environment["IPYTHONDIR"] = str(folder / "ipython")
    if sys.platform != "win32":  # ipykernel ends with this process
        environment["JPY_PARENT_PID"] = str(os.getpid())
    return environment


def compile_cache_environment() -> dict[str, str]:
    """Return variables with which a kernel keeps what XLA compiles, for the user's next one.

    Empty where nothing can be kept. Only for one's own notebooks: a kernel may write there.
    """
    if (folder := compile_cache.machine_folder("check")) is None:
        return {}
    settings = {name.upper(): str(value) for name, value in compile_cache.SETTINGS.items()}
    return {"JAX_COMPILATION_CACHE_DIR": str(folder), **settings}


@contextlib.contextmanager
def prestarted_process(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Give a process of `start_process`, and end it after the block."""
    process = start_process(environment)
    try:
        yield process
    finally:
        with contextlib.suppress(OSError):  # it has ended by itself
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def start_process(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a process that loads what a kernel needs, and waits for `become_kernel`.

    What it prints is lost: what a cell prints comes as messages.
    """
    return subprocess.Popen(
        [sys.executable, "-P", str(_PROGRAM)],
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def become_kernel(
    process: subprocess.Popen[bytes],
    folder: str,
    environment: Mapping[str, str],
    arguments: Sequence[str],
    output: Mapping[str, int],
) -> None:
    """Tell a waiting ``process`` to be a kernel that works in ``folder``.

    ``output`` are `grader.core.types.output_limits`. Raises ``OSError`` where the process is gone.
    """
    request = {
        "folder": folder,
        "environment": dict(environment),
        "arguments": list(arguments),
        "output": dict(output),
    }
    assert process.stdin is not None
    with process.stdin as pipe:
        pipe.write(json.dumps(request).encode() + b"\n")
