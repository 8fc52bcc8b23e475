"""nbclient's seam to the sandbox: a kernel in a box, started by the warm process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from grader.assignment.schema import Limits
from grader.sandbox.limited_client import LimitedClient
from grader.sandbox.limits import count_sharing_threads, resource_limits
from grader.sandbox.privileges import user_for_a_box
from grader.sandbox.provisioner import BoxedProvisioner
from grader.sandbox.warm_process import SandboxClient
from grader.untrusted.box.kernel import CHANNELS


class BoxedKernelManager(AsyncKernelManager):
    """A manager of a ``BoxedProvisioner``, which nbclient uses as that of any kernel."""

    provisioner: BoxedProvisioner

    @property
    def kernel_spec(self) -> KernelSpec:
        """Interrupted by a signal; the rest is not used."""
        return KernelSpec(argv=[], display_name="grader", language="python")

    def client(self, **options: Any) -> Any:
        """Return a client that counts what it is sent."""
        client: Any = super().client(**options)
        left = [self.provisioner.limits.output]

        def count(size: int) -> None:
            left[0] -= size
            if left[0] < 0:
                self.provisioner.end("output")

        client.count = count
        client.on_cut = self.provisioner.end_after_lost_connection
        return client


def boxed_kernel(
    folder: Path, client: SandboxClient, limits: Limits, core: int | None
) -> BoxedKernelManager:
    """Return a manager whose sockets lie in ``folder``, which no box can see.

    In Landlock ``folder``/box is what the box may write.
    """
    manager = BoxedKernelManager(client_factory=LimitedClient)
    manager.transport = "ipc"
    manager.ip = str(folder / "k")
    manager.connection_file = str(folder / "connection.json")
    for port, channel in enumerate(CHANNELS, 1):
        setattr(manager, f"{channel}_port", port)
    manager.hb_port = len(CHANNELS) + 1
    provisioner = BoxedProvisioner(parent=manager)
    user = user_for_a_box(client.config.sandbox)
    if client.config.sandbox == "landlock":
        own = folder / "box"
        own.mkdir(mode=0o700)
        provisioner.folder = str(own)
        if os.geteuid() == 0:
            os.chown(own, user, user)
            folder.chmod(0o711)
    if client.programs_folder and os.geteuid() == 0:
        os.chown(client.programs_folder, user, user)
    provisioner.client, provisioner.core, provisioner.user = client, core, user
    others = count_sharing_threads(client.config.sandbox, user, os.uname().release)
    provisioner.limits = resource_limits(limits, others, gpu=client.config.gpu)
    manager.provisioner = provisioner
    return manager
