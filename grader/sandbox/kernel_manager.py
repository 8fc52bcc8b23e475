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
from grader.sandbox.disk_usage import taken
from grader.sandbox.limits import bounds, others_counted
from grader.sandbox.privileges import user_for_a_box
from grader.sandbox.provisioner import BoxedProvisioner
from grader.sandbox.warm_process import Link
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
        left = [self.provisioner.bounds.output]

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
    def excess(self) -> str:
        """What the box took too much of, or ""."""
        return self.provisioner.excess or ""

    def lacks_space(self, said: str) -> bool:
        """Whether the machine's disk, and not the box's own space, is why something failed."""
        folder, most = self.provisioner.folder, self.provisioner.bounds.disk
        if folder is None:
            return False
        left = most - taken(folder, most, ())
        return left >= 0 and lacks_space(folder, left, said)

    @property
    def broken(self) -> str:
        """A fault of ours that ended the box, or ""."""
        return self.provisioner.broken


def boxed_kernel(folder: Path, link: Link, limits: Limits, core: int | None) -> BoxedKernelManager:
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
    user = user_for_a_box(link.setup.sandbox)
    if link.setup.sandbox == "landlock":
        own = folder / "box"
        own.mkdir(mode=0o700)
        provisioner.folder = str(own)
        if os.geteuid() == 0:
            os.chown(own, user, user)
            folder.chmod(0o711)
    if link.fill and os.geteuid() == 0:
        os.chown(link.fill, user, user)
    provisioner.link, provisioner.core, provisioner.user = link, core, user
    others = others_counted(link.setup.sandbox, user, os.uname().release)
    provisioner.bounds = bounds(limits, others, gpu=link.setup.gpu)
    manager.provisioner = provisioner
    return manager
