"""Which sandbox works on this machine: found out by running a box, not by asking."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import SubprocessError

from grader.assignment.schema import Limits
from grader.core.types import Note
from grader.sandbox import BoxFailed, bwrap, processes
from grader.sandbox import privileges as user
from grader.sandbox.limits import CROWD, PROCESSES, bounds, others_counted, plain
from grader.sandbox.provisioner import await_ready
from grader.sandbox.scratch import scratch_folder
from grader.sandbox.warm_process import Link, Name, Setup, WarmBox, ask
from grader.sandbox.watchdog import pid_of
from grader.untrusted.box import landlock
from grader.untrusted.box.init import descendants
from grader.untrusted.box.jax_cache import FOUND

NAMES: tuple[Name, ...] = ("bwrap", "landlock")  # the strongest first
_TRY_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Whether a sandbox works here: how it is set up, or why it does not."""

    name: Name
    setup: Setup | None
    why_not: Note | None = None
    detail: str = ""

    @property
    def remarks(self) -> list[tuple[str, dict[str, int]]]:
        """Remarks of ``doctor`` on a sandbox that works: messages and their values."""
        if self.setup is None:
            return []
        who = user.user_for_a_box(self.name)
        apart = others_counted(self.name, who, os.uname().release) is None
        counted = {"most": 2 * PROCESSES, "crowd": CROWD}
        said = [("processes_own", {"most": PROCESSES}) if apart else ("processes_counted", counted)]
        readers = {"the box's user": "reader_user", "nobody": "reader_nobody"}
        if (reader := self.setup.reader) in readers:
            said.append((readers[reader], {}))
        return said


def look(name: Name) -> Found:
    """Run an empty box with ``name`` and see."""
    if name == "landlock" and (abi := landlock.abi()) < landlock.OLDEST:
        why = Note(message_id="doctor.old_landlock" if abi else "doctor.no_landlock")
        return Found(name=name, setup=None, why_not=why)
    programs = bwrap.programs() if name == "bwrap" else [""]
    last = Found(name=name, setup=None, why_not=Note(message_id="doctor.no_bwrap"))
    for program in programs:
        setup = Setup(sandbox=name, program=program)
        try:
            reader = _try_out(setup)
        except user.Unreachable as problem:
            values = {"path": problem.path, "folder": problem.folder}
            why = Note(message_id="doctor.unreachable", values=values)
            last = Found(name=name, setup=None, why_not=why)
        except (BoxFailed, OSError, SubprocessError) as problem:
            why = Note(message_id=f"doctor.{name}_refused")
            last = Found(name=name, setup=None, why_not=why, detail=str(problem)[-1000:])
        else:
            return Found(name=name, setup=replace(setup, reader=reader))
    return last


def _try_out(setup: Setup) -> user.Reader:
    """One box without a kernel: as whom its processes can be looked at.

    Raises what kept it from being made.
    """
    with _scratch() as scratch:
        warm = WarmBox(replace(setup, scratch=str(scratch)), preload=False)
        try:
            warm.wait(_TRY_SECONDS)
            who = user.user_for_a_box(setup.sandbox)
            with _asked_for(warm.link, scratch, who, waits=True) as reply:
                pidfd = await_ready(reply)
                try:
                    return reader_of(descendants(pid_of(pidfd)), who)
                finally:
                    os.close(pidfd)
        finally:
            warm.close()


def reader_of(pids: Sequence[int], who: int) -> user.Reader:
    """As whom the harmless processes ``pids`` of the user ``who`` can be looked at."""
    if not pids:
        raise BoxFailed("the box ended before it could be looked at")
    readers: dict[user.Reader, int | None] = {"itself": None}
    if os.geteuid() == 0:
        readers["the box's user"] = who
    for reader, as_user in readers.items():
        with contextlib.suppress(processes.Hidden):
            processes.sockets(pids, as_user)
            return reader
    return "nobody"


def finds_programs(link: Link) -> bool | None:
    """Whether a box that JAX is started in finds a program that was compiled before.

    None where that can't be told: no box could be made just now.
    """
    if not link.setup.programs:
        return False
    with contextlib.suppress(BoxFailed, OSError), _scratch(link.setup.scratch) as scratch:
        return _ended(link, scratch, find_known=True) == FOUND
    return None


@contextlib.contextmanager
def _scratch(within: str | None = None) -> Iterator[Path]:
    with scratch_folder(Path(within) if within else None) as scratch:
        (scratch / "box").mkdir()
        if os.geteuid() == 0:
            scratch.chmod(0o711)
        yield scratch


def _asked_for(link: Link, scratch: Path, who: int, **wishes: bool) -> socket.socket:
    """A box without a kernel, of the user ``who``: the socket on which it speaks."""
    others = others_counted(link.setup.sandbox, who, os.uname().release)
    request = {**plain(bounds(Limits(), others)), "key": "", "core": None, "kernel": False}
    request |= {**wishes, "user": who, "folder": None}
    if link.setup.sandbox == "landlock":
        request["folder"] = str(scratch / "box")
        if os.geteuid() == 0:
            os.chown(request["folder"], who, who)
    reply = ask(link, request, [])
    reply.settimeout(_TRY_SECONDS)
    return reply


def _ended(link: Link, scratch: Path, **wishes: bool) -> int:
    """A box without a kernel: the code that it ended with. Raises ``BoxFailed``."""
    who = user.user_for_a_box(link.setup.sandbox)
    with _asked_for(link, scratch, who, **wishes) as reply:
        while said := socket.recv_fds(reply, 65536, 1):
            message = json.loads(said[0]) if said[0] else {"event": "fault"}
            for descriptor in said[1]:
                os.close(descriptor)
            if message["event"] == "fault":
                raise BoxFailed(message.get("text", "the box ended without a word"))
            if message["event"] == "exit":
                return int(message["code"])
    raise BoxFailed("the box ended without a word")


def find_box(wanted: str) -> tuple[Setup | None, list[Found]]:
    """The first sandbox that works, and what was found on the way to it.

    ``wanted`` is the name of one, or "auto" for the strongest.
    """
    found = []
    for name in [name for name in NAMES if wanted in ("auto", name)]:
        found.append(look(name))
        if found[-1].setup is not None:
            return found[-1].setup, found
    return None, found
