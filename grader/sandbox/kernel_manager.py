"""nbclient's seam: a kernel in a box, started by the warm process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from grader.assignment.schema import Limits
from grader.core.machine_faults import lacks_space
from grader.sandbox.counting_client import BoxedClient
from grader.sandbox.disk_usage import disk_usage
from grader.sandbox.limits import count_sharing_threads, resource_limits
from grader.sandbox.privileges import user_for_a_box
from grader.sandbox.provisioner import BoxedProvisioner
from grader.sandbox.warm_process import SandboxClient
from grader.untrusted.box.kernel import CHANNELS


class BoxedKernelManager(AsyncKernelManager):
    """Holds a ``BoxedProvisioner``; nbclient starts, interrupts and ends it as any kernel."""

    provisioner: BoxedProvisioner

    @property
    def kernel_spec(self) -> KernelSpec:
        """Interrupted by a signal; the rest is not used."""
        return KernelSpec(argv=[], display_name="grader", language="python")

    def client(self, **options: Any) -> Any:
        """A client that counts what it is sent."""
        client: Any = super().client(**options)
        left = [self.provisioner.limits.output]

        def count(size: int) -> None:
            left[0] -= size
            if left[0] < 0:
                self.provisioner.end("output")

        client.count = count
        client.on_cut = self.provisioner.cut
        return client

    async def until_gone(self) -> None:
        """Until the box ends, for whatever reason."""
        await self.provisioner.wait()

    @property
    def limit_exceeded(self) -> str:
        """What the box took too much of, or ""."""
        return self.provisioner.limit_exceeded or ""

    def lacks_space(self, said: str) -> bool:
        """Whether the machine's disk, and not the box's own space, is why something failed."""
        folder, most = self.provisioner.folder, self.provisioner.limits.disk
        if folder is None:
            return False
        left = most - disk_usage(folder, most, ())
        return left >= 0 and lacks_space(folder, left, said)

    @property
    def harness_error(self) -> str:
        """A fault of ours that ended the box, or ""."""
        return self.provisioner.harness_error


def boxed_kernel(
    folder: Path, link: SandboxClient, limits: Limits, core: int | None
) -> BoxedKernelManager:
    """A manager whose sockets lie in ``folder``, which no box can see.

    In Landlock ``folder``/box is what the box may write.
    """
    manager = BoxedKernelManager(client_factory=BoxedClient)
    manager.transport = "ipc"
    manager.ip = str(folder / "k")
    manager.connection_file = str(folder / "connection.json")
    for port, channel in enumerate(CHANNELS, 1):
        setattr(manager, f"{channel}_port", port)
    manager.hb_port = len(CHANNELS) + 1
    provisioner = BoxedProvisioner(parent=manager)
    user = user_for_a_box(link.config.sandbox)
    if link.config.sandbox == "landlock":
        own = folder / "box"
        own.mkdir(mode=0o700)
        provisioner.folder = str(own)
        if os.geteuid() == 0:
            os.chown(own, user, user)
            folder.chmod(0o711)
    if link.programs_folder and os.geteuid() == 0:
        os.chown(link.programs_folder, user, user)
    provisioner.client, provisioner.core, provisioner.user = link, core, user
    others = count_sharing_threads(link.config.sandbox, user, os.uname().release)
    provisioner.limits = resource_limits(limits, others, gpu=link.config.gpu)
    manager.provisioner = provisioner
    return manager
