"""Start the warm process in its box, and hand requests to it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from grader.sandbox import SandboxError, bwrap, gpu, paths, privileges
from grader.untrusted.box import landlock

SandboxName = Literal["bwrap", "landlock"]
_MAX_MESSAGE = 64 * 1024
WARM_SECONDS = 180.0  # until everything is imported, on a slow machine without bytecode

_START = """\
import importlib.util as u, sys
s = u.spec_from_file_location("boxed", sys.argv[1] + "/__init__.py",
    submodule_search_locations=[sys.argv[1]])
sys.modules["boxed"] = m = u.module_from_spec(s)
s.loader.exec_module(m)
from boxed.fork_server import main
main(int(sys.argv[2]), sys.argv[3])
"""
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "HOME": "/tmp/home",
    "IPYTHONDIR": "/tmp/home/.ipython",
    "MPLCONFIGDIR": "/tmp/home/.matplotlib",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "JAX_PLATFORMS": "cpu",
    "JUPYTER_PLATFORM_DIRS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PIP_NO_INDEX": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "TERM": "dumb",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SandboxConfig:
    """Settings of boxes: the sandbox, its program, what it hides.

    ``scratch`` is a folder of the harness where private folders are made; ``programs``
    one with compiled programs, that boxes may open and not change. ``abi`` is the version
    of Landlock whose means are used. ``gpu`` says that a box holds the GPU as well.
    ``reader`` is as whom this process can look at a box's processes, as was tried.
    """

    sandbox: SandboxName
    program: str = ""  # bubblewrap's
    scratch: str = ""
    private: tuple[str, ...] = ()
    programs: str = ""
    abi: int = field(default_factory=landlock.abi)
    gpu: bool = False
    reader: privileges.Reader = "itself"

    @property
    def nodes(self) -> tuple[str, ...]:
        """The devices that a box may use beside those that every program has."""
        return gpu.existing_paths(gpu.NODES) if self.gpu else ()

    @property
    def drivers(self) -> tuple[str, ...]:
        """Places that the programs of these devices read."""
        facts = gpu.FACTS if self.sandbox == "landlock" else ()
        return gpu.existing_paths((*gpu.PLACES, *facts)) if self.gpu else ()


@dataclass(frozen=True, slots=True)
class SandboxClient:
    """The means to request a box from the warm process.

    ``fill`` is a folder that this client's box, and it alone, may put programs into.
    """

    config: SandboxConfig
    control: socket.socket
    readable: tuple[str, ...]  # for Landlock
    keep: tuple[str, ...]  # parts of the Python environment that lie in /tmp
    programs_folder: str = ""


class WarmProcess:
    """The warm process. It ends with the thread that made it, and when it is closed."""

    def __init__(self, config: SandboxConfig, *, preload: bool = True) -> None:
        if config.programs and os.geteuid() == 0 and privileges.closed_folder(config.programs):
            config = replace(config, programs="")  # the boxed user can't get there
        self._config = config
        self._python = paths.this_python()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        shown = self._shown_paths()
        keep = [path for path in self._python.folders if paths.is_within(path, "/tmp")]
        self.client = SandboxClient(config, ours, tuple(shown), tuple(keep))
        settings = {
            "sandbox": config.sandbox,
            "preload": preload,
            "paths": self._python.packages,
            "readable": shown,
            "writable": [config.scratch] if config.scratch else [],
            "devices": config.nodes,
            "abi": config.abi,
        }
        environment = _environment(config)
        if config.scratch:
            _make_home(environment["HOME"])
        with theirs:
            self._process = subprocess.Popen(
                self._command(theirs.fileno(), settings),
                pass_fds=[theirs.fileno()],
                preexec_fn=privileges.dropping_rights(
                    self._needed_paths(), keeps_setuid=config.sandbox == "landlock"
                ),
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._warm = False

    def _shown_paths(self) -> list[str]:
        if self._config.sandbox == "bwrap":
            return []
        shown = [p for p in (*paths.SYSTEM, *paths.SETTINGS) if os.path.exists(p)]
        shown += [*self._python.folders, str(paths.BOX_CODE), *self._config.drivers]
        if open_to_all := paths.exposed(self._config.private, shown):
            raise SandboxError(f"{open_to_all[0]} lies in a folder that every box can read")
        return shown

    def _needed_paths(self) -> list[str]:
        """Return the paths that the boxed user must be able to reach."""
        needed = [*self._python.folders, str(paths.BOX_CODE)]
        if self._config.sandbox == "landlock" and self._config.scratch:
            needed.append(self._config.scratch)
        return needed

    def _command(self, descriptor: int, settings: Mapping[str, Any]) -> list[str]:
        inside = str(paths.BOX_CODE)
        boxed = self._config.sandbox == "bwrap"
        command = [self._python.program, "-I", "-B", "-c", _START]
        command += [bwrap.MOUNTED_CODE if boxed else inside, str(descriptor), json.dumps(settings)]
        if not boxed:
            return command
        folders = self._python.folders
        hidden = paths.exposed(self._config.private, [*folders, *paths.SYSTEM])
        shown = bwrap.view((*folders, *self._config.drivers), hidden, self._config.nodes)
        return bwrap.command_line(
            self._config.program,
            shown,
            inside,
            _environment(self._config),
            command,
            self._config.programs,
        )

    @property
    def running(self) -> bool:
        """True if the process has not ended."""
        return self._process.poll() is None

    def wait(self, seconds: float = WARM_SECONDS) -> None:
        """Wait until it can fork. Raises ``SandboxError``, with its message, when it can't."""
        if self._warm:
            return
        ready = select.select([self.client.control], [], [], seconds)[0]
        said = self.client.control.recv(_MAX_MESSAGE) if ready else b""
        message = json.loads(said) if said else {"event": "silent"}
        if message["event"] != "warm":
            text = message.get("text", "the boxed process did not start")
            raise SandboxError(str(text).strip())
        self._warm = True

    def close(self) -> None:
        """End the process and every box."""
        self.client.control.close()
        if not self._warm:
            self._process.kill()  # nothing runs in it yet, and it would not hear
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._process.wait()


def _environment(config: SandboxConfig) -> dict[str, str]:
    environment = dict(gpu.environment(_ENVIRONMENT, os.environ) if config.gpu else _ENVIRONMENT)
    if config.programs:
        boxed = config.sandbox == "bwrap"
        environment |= {
            "JAX_COMPILATION_CACHE_DIR": bwrap.MOUNTED_PROGRAMS if boxed else config.programs,
            "JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES": "none",  # else the path is in each name
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "1e9",  # nothing is ever written
        }
    if config.sandbox == "bwrap" or not config.scratch:
        return environment
    home = os.path.join(config.scratch, "warm")
    return environment | {
        "HOME": home,
        "TMPDIR": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
    }


def _make_home(home: str) -> None:
    """Make the warm process's own scratch space, where it has no private /tmp."""
    if not home.startswith(_ENVIRONMENT["HOME"]):
        os.makedirs(home, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(home, privileges.USER, -1)


def request_box(
    client: SandboxClient, request: Mapping[str, Any], descriptors: Sequence[int]
) -> socket.socket:
    """Request a box; return the socket on which it speaks, and whose end ends it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        own: dict[str, Any] = {
            "sandbox": client.config.sandbox,
            "readable": client.readable,
            "keep": client.keep,
            "devices": client.config.nodes,
            "abi": client.config.abi,
            "programs": client.config.programs,
            "fill": bool(client.programs_folder),
        }
        message = json.dumps({**request, **own}).encode()
        passed = [theirs.fileno(), *descriptors]
        if client.programs_folder:
            passed.append(
                os.open(client.programs_folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            )
        try:
            socket.send_fds(client.control, [message], passed)
        finally:
            if client.programs_folder:
                os.close(passed[-1])
    return ours
