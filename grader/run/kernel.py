"""Starting a kernel that isn't boxed in: the one that runs with ``--sandbox none``."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

# The kernel asks to be killed when the process that started it dies, whatever kills it.
_LAUNCH = """\
import ctypes, os, signal
try:
    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)
except (OSError, AttributeError):
    pass
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""
_FLAGS = (
    "--HistoryManager.enabled=False",
    "--IPKernelApp.log_level=40",
    "--InlineBackend.figure_format=png",
)


class PlainKernelManager(AsyncKernelManager):
    """nbclient's seam for a kernel of this very Python, whatever kernels are installed.

    A submission may name a kernel that does not exist here; its name is not looked at.
    """

    @property
    def kernel_spec(self) -> KernelSpec:
        """How the kernel is started."""
        return KernelSpec(
            argv=[sys.executable, "-c", _LAUNCH, "-f", "{connection_file}", *_FLAGS],
            display_name="grader",
            language="python",
        )


def short_folder() -> Path | None:
    """Where private folders can be made so that a socket's path fits (108 bytes); None: anywhere.

    A long TMPDIR would make every kernel fail to start.
    """
    short = Path("/tmp")
    is_long = len(os.fsencode(tempfile.gettempdir())) > 60
    return short if is_long and os.access(short, os.W_OK) else None


def plain_kernel(folder: Path) -> PlainKernelManager:
    """A manager whose sockets and connection file lie in ``folder``; nothing listens on TCP."""
    manager = PlainKernelManager()
    manager.transport = "ipc"
    manager.ip = str(folder / "kernel")
    manager.connection_file = str(folder / "connection.json")
    return manager


def kernel_environment(folder: Path, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The kernel's environment variables: the user's, less secrets, plus what holds it still.

    JAX stays on the CPU, IPython keeps its files in ``folder``, and pip reaches no index:
    a submission must not change the environment that it is graded in.
    """
    environment = {
        name: value
        for name, value in (os.environ if base is None else base).items()
        if not name.startswith("GRADER_") and name not in {"MPLBACKEND", "JPY_PARENT_PID"}
    }
    environment.update(
        JAX_PLATFORMS="cpu",
        IPYTHONDIR=str(folder / "ipython"),
        JUPYTER_PLATFORM_DIRS="1",
        PIP_NO_INDEX="1",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PYTHONIOENCODING="utf-8",
    )
    return environment
