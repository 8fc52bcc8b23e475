"""A client that counts what its kernel sends, and accepts only so much."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from queue import Empty
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from traitlets import Type

MIB = 2**20
LARGEST_OUTPUT = 8 * MIB  # bytes of one message with output
LARGEST_REPLY = 40 * MIB  # of one reply; the probe's are the large ones
SETTLE = 1.0  # seconds after which a kernel whose connection is lost has ended, if it was dying
WAITING = 32  # messages that may wait to be read


class CountedChannel(AsyncZMQSocketChannel):
    """A channel that gives ``count`` the size of every message before it is read."""

    count: Callable[[int], None] | None = None

    # A coroutine, as its base's own is; the base of that has a plain one.
    async def _recv(self, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        frames = await self.socket.recv_multipart(**options)
        if self.count is not None:
            self.count(sum(map(len, frames)))
        _, message = self.session.feed_identities(frames)
        return dict(self.session.deserialize(message))


class LimitedClient(AsyncKernelClient):
    """A client of a boxed kernel, without a heartbeat: a pidfd tells more, and sooner."""

    shell_channel_class = Type(CountedChannel)
    iopub_channel_class = Type(CountedChannel)
    stdin_channel_class = Type(CountedChannel)
    control_channel_class = Type(CountedChannel)
    count: Callable[[int], None] | None = None
    _listeners: Sequence[asyncio.Future[None]] = ()
    on_cut: Callable[[], None] | None = None

    def _context_default(self) -> zmq.asyncio.Context:
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.RCVHWM, WAITING)
        self._created_context = True
        return context

    def _create_connected_socket(self, channel: str, identity: bytes | None = None) -> Any:
        largest = LARGEST_REPLY if channel == "shell" else LARGEST_OUTPUT
        self.context.setsockopt(zmq.MAXMSGSIZE, largest)
        return super()._create_connected_socket(channel, identity)

    def start_channels(self, *_: Any, **__: Any) -> None:
        """Connect everything but the heartbeat."""
        super().start_channels(hb=False)
        for channel in (self.shell_channel, self.iopub_channel, self.stdin_channel):
            channel.count = self.count
        self._listeners = [
            asyncio.ensure_future(self._hear_cut(channel.socket))
            for channel in (self.shell_channel, self.iopub_channel)
        ]

    def stop_channels(self) -> None:
        """Disconnect everything."""
        for listener in self._listeners:
            listener.cancel()
        super().stop_channels()

    async def _hear_cut(self, socket: zmq.asyncio.Socket) -> None:
        """Tell when a connection is lost: ZeroMQ drops a message that is too large in silence."""
        monitor = socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        try:
            await monitor.recv_multipart()
            await asyncio.sleep(SETTLE)
            if self.on_cut is not None:
                self.on_cut()
        finally:
            with contextlib.suppress(zmq.ZMQError):  # closed meanwhile
                socket.disable_monitor()

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel has answered on both channels, or has died."""
        deadline = time.monotonic() + (timeout or 60)
        while (left := deadline - time.monotonic()) > 0:
            asked = self.kernel_info()
            try:
                await _answer(self.shell_channel, asked, "kernel_info_reply", min(left, 5))
                await _answer(self.iopub_channel, asked, "status", 0.5, state="idle")
            except Empty:
                if not await self._async_is_alive():
                    raise RuntimeError("the kernel died before it was ready") from None
                continue
            return
        raise RuntimeError("the kernel did not get ready in time")

    wait_for_ready = _async_wait_for_ready


async def _answer(
    channel: Any, asked: str, kind: str, seconds: float, state: str | None = None
) -> None:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        message = await channel.get_msg(timeout=left)
        ours = message["parent_header"].get("msg_id") == asked and message["msg_type"] == kind
        if ours and state in (None, message["content"].get("execution_state")):
            return
    await asyncio.sleep(0)
    raise Empty
