"""The life of one box, from its request to its end, as jupyter_client needs it.

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
from collections.abc import Iterator
from typing import Any

from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from grader.core.machine_faults import NO_MEMORY, ended_for_memory, lacks_space, oom_kills
from grader.sandbox import SandboxError
from grader.sandbox.disk_usage import disk_usage, remove
from grader.sandbox.limits import ResourceLimits, limits_message
from grader.sandbox.warm_process import SandboxClient, request_box
from grader.sandbox.watchdog import Limit, Watchdog
from grader.untrusted.box.kernel import CHANNELS

START_SECONDS = 60.0
END_SECONDS = 60.0  # in which all of a box has ended, however many processes it has
_MAX_MESSAGE = 64 * 1024


class BoxedProvisioner(KernelProvisionerBase):
    """A box. ``kernel_manager.boxed_kernel`` makes it and sets what has no default."""

    client: SandboxClient
    limits: ResourceLimits
    user: int  # who the box runs as
    folder: str | None = None  # the box's own, where it has no disk space of its own
    core: int | None = None
    pidfd: int | None = None
    reply: socket.socket | None = None
    exit_code: int | None = None
    last_message: dict[str, Any] | None = None
    limit_exceeded: Limit | None = None
    ending = False
    oom_kills = 0

    @property
    def has_process(self) -> bool:
        """True if a box was made and not yet cleaned up."""
        return self.pidfd is not None

    async def pre_launch(self, **options: Any) -> dict[str, Any]:
        """Return an empty command line, as the manager asks for one."""
        return {"cmd": []}

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        """Bind the sockets, ask for the box, take the kill switch. Raises ``SandboxError``."""
        manager: Any = self.parent
        listening = [_listen(f"{manager.ip}-{port}") for port in range(1, len(CHANNELS) + 1)]
        request = {
            **limits_message(self.limits),
            "key": manager.session.key.hex(),
            "core": self.core,
            "folder": self.folder,
            "kernel": True,
            "user": self.user,
        }
        self.oom_kills = oom_kills()
        try:
            self.reply = request_box(self.client, request, [s.fileno() for s in listening])
            self.pidfd = await_ready(self.reply)
        except OSError as error:
            raise SandboxError(f"the warm process is gone: {error}") from None
        finally:
            for sock in listening:
                sock.close()
        Watchdog(
            self.pidfd,
            self.limits,
            self.folder,
            self.end,
            user=self.user,
            reader=self.client.config.reader,
        ).start()
        return dict(manager.get_connection_info())

    async def poll(self) -> int | None:
        """Return None while the box is there, and then its exit code."""
        if self.pidfd is None:
            return self.exit_code or 0
        if not select.select([self.pidfd], [], [], 0)[0]:
            return None
        self._read_last_messages()
        return self.exit_code or 0

    async def wait(self) -> int | None:
        """Wait until the box has ended; return as soon as it does."""
        if self.pidfd is not None:
            await _readable(self.pidfd)
            self._read_last_messages()
        return self.exit_code

    wait_until_gone = wait

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
        try:
            await asyncio.wait_for(_readable(self.pidfd), END_SECONDS)
        except TimeoutError:  # what is left falls to the warm process
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Do the same as ``kill``."""
        await self.kill()

    async def cleanup(self, restart: bool = False) -> None:
        """Close what is held of the box, and remove its folder."""
        if self.pidfd is not None:
            os.close(self.pidfd)
            self.pidfd = None
        if self.reply is not None:
            self.reply.close()
            self.reply = None
        if self.folder is not None:
            remove(self.folder)

    def end(self, limit: Limit) -> None:
        """End the box because it took too much. Called from any thread."""
        self.limit_exceeded = self.limit_exceeded or limit
        self._switch_off()

    def end_after_lost_connection(self) -> None:
        """End the box after a lost connection: it is dying, or sent too large a message."""
        if self.pidfd is not None and not select.select([self.pidfd], [], [], 0)[0]:
            self.end("output")

    @property
    def harness_error(self) -> str:
        """The internal error that ended the box, or ""."""
        if self.last_message is not None and self.last_message.get("event") == "fault":
            return str(self.last_message.get("text", "a fault in the box"))
        if self.last_message is None and not self.ending and self.limit_exceeded is None:
            return "the box ended without a word"
        left_alone = not self.ending and self.limit_exceeded is None
        return NO_MEMORY if left_alone and ended_for_memory(self.exit_code, self.oom_kills) else ""

    def lacks_space(self, text: str) -> bool:
        """Return True if the machine's disk is full, and not the box's own space."""
        if self.folder is None:
            return False
        left = self.limits.disk - disk_usage(self.folder, self.limits.disk, ())
        return left >= 0 and lacks_space(self.folder, left, text)

    def _switch_off(self) -> None:
        self.ending = True
        if self.client.config.sandbox == "landlock":
            # its first process kills what is left; that one must not be killed itself
            if self.reply is not None:
                with contextlib.suppress(OSError):
                    self.reply.shutdown(socket.SHUT_WR)
        elif self.pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def _read_last_messages(self) -> None:
        """Read the box's last messages."""
        if self.reply is None or self.last_message is not None:
            return
        self.reply.setblocking(False)
        heard: list[dict[str, Any]] = []
        with contextlib.suppress(OSError, ValueError):
            for message, _ in received_messages(self.reply):
                heard.append(message)  # as far as they come
        faults = [message for message in heard if message.get("event") == "fault"]
        self.last_message = next(iter([*faults, *heard[-1:]]), None)
        if self.last_message is not None and self.last_message.get("event") == "exit":
            self.exit_code = int(self.last_message["code"])


def await_ready(reply: socket.socket) -> int:
    """Return the pidfd of a box once its kernel runs. Raises ``SandboxError`` if it does not."""
    reply.settimeout(START_SECONDS)
    pidfd: int | None = None
    ready = False
    try:
        for message, descriptors in received_messages(reply):
            pidfd = descriptors[0] if descriptors else pidfd
            if message["event"] in ("fault", "exit"):
                raise SandboxError(message.get("text", "the box ended at once"))
            ready = ready or message["event"] == "ready"
            if ready and pidfd is not None:
                return pidfd
    except TimeoutError:
        raise SandboxError(f"no box was made within {START_SECONDS:.0f} s") from None
    raise SandboxError("no box was made")


def received_messages(reply: socket.socket) -> Iterator[tuple[dict[str, Any], list[int]]]:
    """Yield each message of a box with its descriptors, until the box closes the socket."""
    while (received := socket.recv_fds(reply, _MAX_MESSAGE, 1))[0]:
        yield json.loads(received[0]), received[1]


def _listen(path: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(path)
    sock.listen(16)
    return sock


async def _readable(descriptor: int) -> None:
    """Wait until ``descriptor`` can be read."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    own = os.dup(descriptor)  # several may wait for the same one
    loop.add_reader(own, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(own)
        os.close(own)
