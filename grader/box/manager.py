"""nbclient's seam: a kernel in a box, started by the warm process.

The harness binds the kernel's sockets itself and passes the descriptors, so that the
box holds neither a path nor a port. A pidfd of the box's first process is the kill
switch; the socket on which the box speaks interrupts it, and its end ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from grader.assignment import Limits
from grader.box.bounds import Bounds, bounds, plain, threads_of
from grader.box.channels import BoxedClient
from grader.box.inside.kernel import CHANNELS
from grader.box.user import boxed_user
from grader.box.warm import BoxFailed, Link, ask
from grader.box.watch import Excess, Watchdog

START_SECONDS = 60.0
END_SECONDS = 10.0
_MAX_MESSAGE = 64 * 1024


class BoxedProvisioner(KernelProvisionerBase):
    """One box, from its request to its end. Made by ``boxed_kernel``."""

    link: Link
    bounds: Bounds
    folder: str | None = None  # the box's own, where it has no disk space of its own
    core: int | None = None
    pidfd: int | None = None
    reply: socket.socket | None = None
    code: int | None = None
    said: dict[str, Any] | None = None
    excess: Excess | None = None
    ending = False

    @property
    def has_process(self) -> bool:
        """Whether a box was made and not yet cleaned up."""
        return self.pidfd is not None

    async def pre_launch(self, **options: Any) -> dict[str, Any]:
        """Called by the manager: there is no command line."""
        return {"cmd": []}

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        """Bind the sockets, ask for the box, take the kill switch. Raises ``BoxFailed``."""
        manager: Any = self.parent
        listening = [_listen(f"{manager.ip}-{port}") for port in range(1, len(CHANNELS) + 1)]
        request = {
            **plain(self.bounds),
            "key": manager.session.key.hex(),
            "core": self.core,
            "folder": self.folder,
            "kernel": True,
        }
        try:
            self.reply = ask(self.link, request, [s.fileno() for s in listening])
            self.pidfd = await_ready(self.reply)
        except OSError as error:
            raise BoxFailed(f"the warm process is gone: {error}") from None
        finally:
            for sock in listening:
                sock.close()
        Watchdog(self.pidfd, self.bounds, self.folder, self.end).start()
        return dict(manager.get_connection_info())

    async def poll(self) -> int | None:
        """None while the box is there."""
        if self.pidfd is None:
            return self.code or 0
        if not select.select([self.pidfd], [], [], 0)[0]:
            return None
        self._hear()
        return self.code or 0

    async def wait(self) -> int | None:
        """Until the box has ended; at once when it does."""
        if self.pidfd is not None:
            await _readable(self.pidfd)
            self._hear()
        return self.code

    async def send_signal(self, signum: int) -> None:
        """SIGINT interrupts the running cell; anything else ends the box."""
        if signum != signal.SIGINT:
            await self.kill()
        elif self.reply is not None:
            with contextlib.suppress(OSError):
                self.reply.send(b"I")

    async def kill(self, restart: bool = False) -> None:
        """End the box and everything in it, whatever it does."""
        if self.pidfd is None:
            return
        self._switch_off()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_readable(self.pidfd), END_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """The same as ``kill``."""
        await self.kill()

    async def cleanup(self, restart: bool = False) -> None:
        """Close what is held of the box."""
        if self.pidfd is not None:
            os.close(self.pidfd)
            self.pidfd = None
        if self.reply is not None:
            self.reply.close()
            self.reply = None

    def end(self, excess: Excess) -> None:
        """End the box because it took too much. Called from any thread."""
        self.excess = self.excess or excess
        self._switch_off()

    def cut(self) -> None:
        """A connection was lost: the kernel is dying, or sent more than one message may hold."""
        if self.pidfd is not None and not select.select([self.pidfd], [], [], 0)[0]:
            self.end("output")

    @property
    def broken(self) -> str:
        """What broke in the box that was no fault of the notebook, or ""."""
        if self.said is not None and self.said.get("event") == "fault":
            return str(self.said.get("text", "a fault in the box"))
        if self.said is None and not self.ending and self.excess is None:
            return "the box ended without a word"
        return ""

    def _switch_off(self) -> None:
        self.ending = True
        if self.link.setup.sandbox == "landlock":
            # its first process kills what is left; that one must not be killed itself
            if self.reply is not None:
                with contextlib.suppress(OSError):
                    self.reply.shutdown(socket.SHUT_WR)
        elif self.pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def _hear(self) -> None:
        """The box's last words."""
        if self.reply is None or self.said is not None:
            return
        self.reply.setblocking(False)
        heard = []
        with contextlib.suppress(OSError, ValueError):
            while part := self.reply.recv(_MAX_MESSAGE):
                heard.append(json.loads(part))
        self.said = next((m for m in heard if m.get("event") == "fault"), None)
        self.said = self.said or (heard[-1] if heard else None)
        if self.said is not None and self.said.get("event") == "exit":
            self.code = int(self.said["code"])


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
    others = 0
    if link.setup.sandbox == "landlock":
        own = folder / "box"
        own.mkdir(mode=0o700)
        others = threads_of(boxed_user())
        if os.geteuid() == 0:
            os.chown(own, boxed_user(), boxed_user())
            folder.chmod(0o711)
        provisioner.folder = str(own)
    provisioner.link, provisioner.core = link, core
    provisioner.bounds = bounds(limits, others)
    manager.provisioner = provisioner
    return manager


def await_ready(reply: socket.socket) -> int:
    """The pidfd of a box once its kernel runs. Raises ``BoxFailed`` when it does not."""
    reply.settimeout(START_SECONDS)
    pidfd: int | None = None
    ready = False
    try:
        while True:
            said, descriptors, _, _ = socket.recv_fds(reply, _MAX_MESSAGE, 1)
            if descriptors:
                pidfd = descriptors[0]
            message = json.loads(said) if said else {"event": "fault", "text": "no box was made"}
            if message["event"] in ("fault", "exit"):
                raise BoxFailed(message.get("text", "the box ended at once"))
            ready = ready or message["event"] == "ready"
            if ready and pidfd is not None:
                return pidfd
    except TimeoutError:
        raise BoxFailed(f"no box was made within {START_SECONDS:.0f} s") from None


def _listen(path: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(path)
    sock.listen(16)
    return sock


async def _readable(descriptor: int) -> None:
    """Until ``descriptor`` can be read."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    own = os.dup(descriptor)  # several may wait for the same one
    loop.add_reader(own, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(own)
        os.close(own)
