"""Namespaces of one submission: its own disk view, processes, network, names."""

from __future__ import annotations

import os
from collections.abc import Sequence

from .syscalls import (
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    CLONE_NEWUTS,
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    PR_SET_DUMPABLE,
    mount,
    prctl,
    unshare,
)

_ALL = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS


def enter(tmp_bytes: int, shm_bytes: int, keep: Sequence[str]) -> None:
    """Leave the warm process's namespaces; the next fork is pid 1 of new ones.

    ``keep`` are folders below /tmp that the private /tmp goes on showing.
    """
    user, group = os.geteuid(), os.getegid()
    unshare(_ALL)
    prctl(PR_SET_DUMPABLE, 1)  # else our own /proc files would not be ours
    for file, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{file}", "w") as opened:
            opened.write(text)
    mount("", "/", "", MS_REC | MS_PRIVATE)
    kept = [(place, os.open(place, os.O_PATH)) for place in keep]
    for place, size in (("/tmp", tmp_bytes), ("/dev/shm", shm_bytes)):
        mount(
            "tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, f"size={size},nr_inodes=20000,mode=700"
        )
    mount("/dev/null", "/dev/zero", "", MS_BIND)  # mapped, it is memory that counts to nobody
    for place, descriptor in kept:
        os.makedirs(place)
        mount(f"/proc/self/fd/{descriptor}", place, "", MS_BIND | MS_REC)
        os.close(descriptor)


def settle() -> None:
    """Mount, in pid 1, a read-only /proc of the processes of this box."""
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY
    try:
        mount("proc", "/proc", "proc", flags)
    except OSError:  # refused inside some containers; an empty one shows nothing either
        mount("tmpfs", "/proc", "tmpfs", flags, "size=4k")
