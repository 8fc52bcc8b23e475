"""Root lays its rights down before anything is boxed in."""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from grader.box.inside import syscalls

USER = 64_219  # nobody's: outside the ranges that systems give to people and services


class Unreachable(Exception):
    """An ordinary user cannot get at ``path``, because ``folder`` lets nobody through."""

    def __init__(self, path: str, folder: str) -> None:
        super().__init__(path, folder)
        self.path, self.folder = path, folder


def boxed_user() -> int:
    """The user that boxes run as: this one, or for root one without rights."""
    return os.geteuid() or USER


@contextlib.contextmanager
def reading_as_boxed_user() -> Iterator[None]:
    """Let this thread alone, if it is root's, read files as the user that sandboxes run as.

    A root without CAP_SYS_PTRACE, as in a container, may not look at another user's processes;
    that user itself may. See ``man 7 credentials``, file-system user ID: it belongs to a thread.
    """
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None)
    libc.setfsgid(USER)
    libc.setfsuid(USER)
    try:
        yield
    finally:
        libc.setfsuid(os.geteuid())
        libc.setfsgid(os.getegid())


def closed_folder(path: str) -> str | None:
    """The first folder on the way to ``path`` that lets nobody else through, or None."""
    for folder in [*reversed(Path(path).parents), Path(path)]:
        try:
            mode = folder.stat().st_mode
        except OSError:
            return None
        if stat.S_ISDIR(mode) and not mode & stat.S_IXOTH and folder.stat().st_uid != USER:
            return str(folder)
    return None


def laying_down(places: Sequence[str]) -> Callable[[], None] | None:
    """For root: what the child does before it becomes the boxed program, else None.

    Where ``places`` lie behind a closed folder such as /root, the child first makes
    itself a view of the disk in which there is nothing else in that folder.
    Raises ``Unreachable`` when it may not.
    """
    if os.geteuid() != 0:
        return None
    closed = {folder: path for path in places if (folder := closed_folder(path))}
    if closed and not _may_mount():
        folder, path = next(iter(closed.items()))
        raise Unreachable(path, folder)

    def lay_down() -> None:
        if closed:
            _open_up(sorted(closed), places)
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        os.setresuid(USER, USER, USER)

    return lay_down


def _may_mount() -> bool:
    pid = os.fork()
    if pid == 0:
        try:
            syscalls.unshare(syscalls.CLONE_NEWNS)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def _open_up(closed: Sequence[str], places: Sequence[str]) -> None:
    """In a mount namespace of its own: each closed folder holds ``places`` alone."""
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    for folder in closed:
        wanted = [place for place in places if place.startswith(folder + "/")]
        held = [os.open(place, os.O_PATH) for place in wanted]
        syscalls.mount("tmpfs", folder, "tmpfs", syscalls.MS_NOSUID, "mode=755,size=1m")
        for place, descriptor in zip(wanted, held, strict=True):
            os.makedirs(place, 0o755, exist_ok=True)
            source = f"/proc/self/fd/{descriptor}"
            syscalls.mount(source, place, "", syscalls.MS_BIND | syscalls.MS_REC)
            os.close(descriptor)
