"""A kernel without a sandbox: that of a student's own check, or of ``--sandbox none``."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from grader.assignment.schema import Limits
from grader.core.machine_faults import NO_MEMORY, ended_for_memory, lacks_space, oom_kills
from grader.core.types import output_limits
from grader.run.kernel.prestart import become_kernel, start_process

DISK_BYTES = 256 * 2**20  # that a notebook may count on
_ARGUMENTS = (
    *("-f", "{connection_file}"),
    "--HistoryManager.enabled=False",
    "--IPKernelApp.log_level=40",
    "--InlineBackend.figure_format=png",
)


class PlainKernelManager(AsyncKernelManager):
    """Starts a kernel of this very Python, whatever kernels are installed.

    A submission may name a kernel that does not exist here; its name is not looked at.
    """

    @property
    def kernel_spec(self) -> KernelSpec:
        """The arguments of the kernel; the program is the provisioner's affair."""
        return KernelSpec(argv=[*_ARGUMENTS], display_name="grader", language="python")


class PlainProvisioner(LocalProvisioner):
    """Makes a kernel of a process that was started before, or of a new one."""

    prestarted: subprocess.Popen[bytes] | None = None
    output: Mapping[str, int]
    oom_kills = 0

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        """Start the kernel, once the manager has written the connection file."""
        self.oom_kills = oom_kills()
        process = start_process(options["env"]) if self.prestarted is None else self.prestarted
        with contextlib.suppress(OSError):  # gone already: it never will be ready, as is seen then
            become_kernel(process, options["cwd"], options["env"], cmd, self.output)
        self.process, self.pid, self.cwd = process, process.pid, options["cwd"]
        with contextlib.suppress(OSError, AttributeError):  # AttributeError: Windows has none
            self.pgid = os.getpgid(process.pid)
        return self.connection_info

    def lacks_space(self, text: str) -> bool:
        """Return True if the machine's disk is full."""
        return lacks_space(str(self.cwd), DISK_BYTES, text)

    @property
    def harness_error(self) -> str:
        """The fault of the machine that ended the kernel, or ""."""
        status = None if self.process is None else self.process.returncode
        return NO_MEMORY if ended_for_memory(status, self.oom_kills) else ""


def short_folder() -> Path | None:
    """Return a folder in which a socket's path fits into 108 bytes, or None for the usual one.

    A long TMPDIR would make every kernel fail to start.
    """
    short = Path("/tmp")
    is_long = len(os.fsencode(tempfile.gettempdir())) > 60
    return short if is_long and os.access(short, os.W_OK) else None


def plain_kernel(
    folder: Path, limits: Limits, prestarted: subprocess.Popen[bytes] | None = None
) -> PlainKernelManager:
    """Return a manager whose sockets and connection file lie in ``folder``.

    Nothing listens on TCP, but on Windows, which has no such sockets. ``prestarted`` is a
    process of `grader.run.kernel.prestart` that is to be the kernel.
    """
    manager = PlainKernelManager()
    if sys.platform != "win32":
        manager.transport = "ipc"
        manager.ip = str(folder / "kernel")
    manager.connection_file = str(folder / "connection.json")
    provisioner = PlainProvisioner(parent=manager, kernel_spec=manager.kernel_spec)
    provisioner.prestarted = prestarted
    provisioner.output = output_limits(limits.output_mb * 2**20)
    manager.provisioner = provisioner
    return manager
