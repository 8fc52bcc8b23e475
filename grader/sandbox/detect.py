"""Detect the sandbox that works on this machine by running a box."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import SubprocessError

from grader.assignment.schema import Limits
from grader.core.types import Note
from grader.sandbox import SandboxError, bwrap, privileges, processes
from grader.sandbox.limits import (
    OTHERS_GROWTH,
    PROCESSES,
    count_sharing_threads,
    limits_message,
    resource_limits,
)
from grader.sandbox.provisioner import await_ready, received_messages
from grader.sandbox.scratch import scratch_folder
from grader.sandbox.warm_process import (
    SandboxClient,
    SandboxConfig,
    SandboxName,
    WarmProcess,
    request_box,
)
from grader.sandbox.watchdog import pid_of
from grader.untrusted.box import landlock
from grader.untrusted.box.init import descendants
from grader.untrusted.box.jax_cache import FOUND

NAMES: tuple[SandboxName, ...] = ("bwrap", "landlock")  # the strongest first
_TRY_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Detection:
    """The result of trying a sandbox: its settings if it works, or else the problem."""

    name: SandboxName
    config: SandboxConfig | None
    problem: Note | None = None
    detail: str = ""

    @property
    def remarks(self) -> list[tuple[str, dict[str, int]]]:
        """Remarks of ``doctor`` on a sandbox that works: messages and their values."""
        if self.config is None:
            return []
        who = privileges.user_for_a_box(self.name)
        apart = count_sharing_threads(self.name, who, os.uname().release) is None
        counted = {"most": 2 * PROCESSES, "crowd": OTHERS_GROWTH}
        said = [("processes_own", {"most": PROCESSES}) if apart else ("processes_counted", counted)]
        readers = {"the box's user": "reader_user", "nobody": "reader_nobody"}
        if (reader := self.config.reader) in readers:
            said.append((readers[reader], {}))
        return said


def try_sandbox(name: SandboxName) -> Detection:
    """Run an empty box with the sandbox ``name``."""
    if name == "landlock" and (abi := landlock.abi()) < landlock.OLDEST:
        why = Note(message_id="doctor.old_landlock" if abi else "doctor.no_landlock")
        return Detection(name=name, config=None, problem=why)
    programs = bwrap.programs() if name == "bwrap" else [""]
    last = Detection(name=name, config=None, problem=Note(message_id="doctor.no_bwrap"))
    for program in programs:
        config = SandboxConfig(sandbox=name, program=program)
        try:
            reader = _test_box(config)
        except privileges.Unreachable as problem:
            values = {"path": problem.path, "folder": problem.folder}
            why = Note(message_id="doctor.unreachable", values=values)
            last = Detection(name=name, config=None, problem=why)
        except (SandboxError, OSError, SubprocessError) as problem:
            why = Note(message_id=f"doctor.{name}_refused")
            last = Detection(name=name, config=None, problem=why, detail=str(problem)[-1000:])
        else:
            return Detection(name=name, config=replace(config, reader=reader))
    return last


def _test_box(config: SandboxConfig) -> privileges.Reader:
    """Run a box without a kernel; return as whom its processes can be looked at.

    Raises what kept it from being made.
    """
    with _box_scratch() as scratch:
        warm = WarmProcess(replace(config, scratch=str(scratch)), preload=False)
        try:
            warm.wait(_TRY_SECONDS)
            who = privileges.user_for_a_box(config.sandbox)
            with _request_empty_box(warm.client, scratch, who, waits=True) as reply:
                pidfd = await_ready(reply)
                try:
                    return find_reader(descendants(pid_of(pidfd)), who)
                finally:
                    os.close(pidfd)
        finally:
            warm.close()


def find_reader(pids: Sequence[int], who: int) -> privileges.Reader:
    """Return as whom the harmless processes ``pids`` of the user ``who`` can be looked at."""
    if not pids:
        raise SandboxError("the box ended before it could be looked at")
    readers: dict[privileges.Reader, int | None] = {"itself": None}
    if os.geteuid() == 0:
        readers["the box's user"] = who
    for reader, as_user in readers.items():
        with contextlib.suppress(processes.HiddenProcess):
            processes.sockets(pids, as_user)
            return reader
    return "nobody"


def programs_are_found(client: SandboxClient) -> bool | None:
    """Return True if a box that starts JAX finds a program that was compiled before.

    None where that can't be told: no box could be made just now.
    """
    if not client.config.programs:
        return False
    who = privileges.user_for_a_box(client.config.sandbox)
    with (
        contextlib.suppress(SandboxError, OSError),
        _box_scratch(client.config.scratch) as scratch,
        _request_empty_box(client, scratch, who, find_known=True) as reply,
    ):
        for message, descriptors in received_messages(reply):
            for descriptor in descriptors:
                os.close(descriptor)
            if message["event"] == "fault":
                break
            if message["event"] == "exit":
                return int(message["code"]) == FOUND
    return None


@contextlib.contextmanager
def _box_scratch(within: str | None = None) -> Iterator[Path]:
    with scratch_folder(Path(within) if within else None) as scratch:
        (scratch / "box").mkdir()
        if os.geteuid() == 0:
            scratch.chmod(0o711)
        yield scratch


def _request_empty_box(
    client: SandboxClient, scratch: Path, who: int, **wishes: bool
) -> socket.socket:
    """Request a box without a kernel for the user ``who``; return the socket on which it speaks."""
    others = count_sharing_threads(client.config.sandbox, who, os.uname().release)
    request = {
        **limits_message(resource_limits(Limits(), others)),
        "key": "",
        "core": None,
        "kernel": False,
    }
    request |= {**wishes, "user": who, "folder": None}
    if client.config.sandbox == "landlock":
        request["folder"] = str(scratch / "box")
        if os.geteuid() == 0:
            os.chown(request["folder"], who, who)
    reply = request_box(client, request, [])
    reply.settimeout(_TRY_SECONDS)
    return reply


def detect_sandbox(wanted: str) -> tuple[SandboxConfig | None, list[Detection]]:
    """Return the first sandbox that works, and the results of all that were tried.

    ``wanted`` is the name of one, or "auto" for the strongest.
    """
    found = []
    for name in [name for name in NAMES if wanted in ("auto", name)]:
        found.append(try_sandbox(name))
        if found[-1].config is not None:
            return found[-1].config, found
    return None, found
