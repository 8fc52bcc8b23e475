"""The user that a box runs as. Root lays its rights down before anything is boxed in.

Where no namespaces keep boxes apart, root gives each a user of its own: then the limit on
processes holds for that box alone, and all of it can be ended at once.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from grader.untrusted.box import syscalls

USER = 64_219  # the warm process's, and of what it starts in namespaces
_USERS = range(61_184, 65_520)  # given to nobody for long; also in a container there are so many
Reader = Literal["itself", "the box's user", "nobody"]
"""As whom this process can look at a box's processes."""


class Unreachable(Exception):
    """``path`` can't be reached by an ordinary user, because ``folder`` lets nobody through."""

    def __init__(self, path: str, folder: str) -> None:
        super().__init__(path, folder)
        self.path, self.folder = path, folder


def user_for_a_box(sandbox: str) -> int:
    """Return the user for the next box: this one, or for root one without rights."""
    if (own := os.geteuid()) != 0:
        return own
    return USER if sandbox == "bwrap" else _unused()


def _unused() -> int:
    """Return a user that neither has a name nor runs anything here.

    Drawn out of some four thousand, for another grader may look at the same moment. Of two
    boxes that did meet the end of one would end the other, whose notebook is not graded then.
    """
    running = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            running.add(folder.stat().st_uid)
    while (user := secrets.choice(_USERS)) in running or _has_name(user):
        pass  # far fewer are taken than there are
    return user


def _has_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)  # asks for this one: a directory of a whole university may be behind it
    except KeyError:
        return False
    return True


@contextlib.contextmanager
def reading_as(user: int | None) -> Iterator[None]:
    """Let this thread alone be ``user``; who it is where that is None.

    A root without CAP_SYS_PTRACE, as in a container, may not look at another user's processes;
    that user itself may.
    """
    if user is None:
        yield
        return
    group = os.getegid()
    syscalls.be_in_this_thread(user, user)
    try:
        yield
    finally:
        syscalls.be_in_this_thread(0, group)


def closed_folder(path: str) -> str | None:
    """Return the first folder on the way to ``path`` that lets nobody else through, or None."""
    for folder in [*reversed(Path(path).parents), Path(path)]:
        try:
            mode = folder.stat().st_mode
        except OSError:
            return None
        if stat.S_ISDIR(mode) and not mode & stat.S_IXOTH and folder.stat().st_uid != USER:
            return str(folder)
    return None


def dropping_rights(
    places: Sequence[str], *, keeps_setuid: bool = False
) -> Callable[[], None] | None:
    """Return what root's child does before it becomes the boxed program; None without root.

    Where ``places`` lie behind a closed folder such as /root, the child first makes
    itself a view of the disk in which there is nothing else in that folder.
    Raises ``Unreachable`` when it may not. With ``keeps_setuid`` it keeps the right to make
    what it starts another user's, and to end that.
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
        if keeps_setuid:
            syscalls.prctl(syscalls.PR_SET_KEEPCAPS, 1)
        os.setresuid(USER, USER, USER)
        if keeps_setuid:
            syscalls.keep_capabilities(syscalls.SETUID, syscalls.SETGID, syscalls.KILL)

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
    """Make a mount namespace in which each closed folder holds ``places`` alone."""
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
