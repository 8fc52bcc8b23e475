"""IPython's kernel on sockets that the harness has bound: no file, no path, no port."""

from __future__ import annotations

import importlib
import os
import random
import sys
from collections.abc import Mapping
from typing import Any

from .commands import replace_terminal
from .output_limit import limit

CHANNELS = ("shell", "iopub", "stdin", "control")  # the order in which descriptors come


def run(descriptors: Mapping[str, int], key: bytes, output: Mapping[str, int]) -> None:
    """Serve cells until the kernel is told to end. ``key`` signs messages.

    ``output`` holds the limits on what it puts out, by the names that ``limit`` gives them.
    """
    import zmq
    from traitlets.config import Config

    kernelapp: Any = importlib.import_module("ipykernel.kernelapp")
    ports = {channel: number for number, channel in enumerate(CHANNELS, 1)}
    by_port = {ports[channel]: descriptor for channel, descriptor in descriptors.items()}

    class BoxedKernelApp(kernelapp.IPKernelApp):  # type: ignore[misc]  # a base of type Any
        """Without a connection file and without a heartbeat: the harness holds a pidfd."""

        def init_connection_file(self) -> None:
            self.session.key = key

        def write_connection_file(self, **_: Any) -> None:
            pass

        def log_connection_info(self) -> None:
            pass

        def init_heartbeat(self) -> None:
            pass

        def init_crash_handler(self) -> None:
            pass

        def init_control(self, context: Any) -> None:
            super().init_control(context)
            endpoint = self.shell_socket.getsockopt(zmq.LAST_ENDPOINT)
            if endpoint:  # the harness's own path: there is nothing to reach there
                self.debug_shell_socket.disconnect(endpoint)

        def init_iopub(self, context: Any) -> None:
            context.setsockopt(zmq.SNDHWM, 0)  # else messages are lost where many wait
            super().init_iopub(context)

        def _try_bind_socket(self, s: Any, port: int) -> int:
            s.setsockopt(zmq.USE_FD, by_port[port])
            s.bind(f"ipc://{port}")
            return port

    class WithoutPipe(kernelapp.IOPubThread):  # type: ignore[misc]  # a base of type Any
        """Without the TCP socket for the output of forked processes: there is no network."""

        def __init__(self, socket: Any, pipe: bool = False, **options: Any) -> None:
            super().__init__(socket, pipe=False, **options)

    kernelapp.IOPubThread = WithoutPipe
    config = Config()
    config.HistoryManager.enabled = False
    config.IPKernelApp.log_level = 40
    config.InlineBackend.figure_format = "png"
    app = BoxedKernelApp.instance(config=config)
    app.transport = "ipc"
    for channel, port in ports.items():
        setattr(app, f"{channel}_port", port)
    app.initialize([])
    limit(app.session, **output)
    replace_terminal()
    app.start()


def reseed() -> None:
    """Reseed all random generators: two submissions must not share random numbers."""
    random.seed()
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))
    brainpy: Any = sys.modules.get("brainpy")
    if brainpy is not None:
        brainpy.math.random.seed()
