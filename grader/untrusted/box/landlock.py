"""Landlock: restrict what a process may touch, without any namespace.

``rules`` and ``ruleset`` are pure; ``install`` applies them. ``man 7 landlock``.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .syscalls import PR_SET_NO_NEW_PRIVS, prctl, syscall

OLDEST = 4  # the first ABI that keeps TCP in
_CREATE, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION, _PATH_BENEATH = 1, 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_ALL_OF_ABI_4 = (1 << 15) - 1
READ = EXECUTE | READ_FILE | READ_DIR
WRITE = _ALL_OF_ABI_4 & ~((1 << 6) | (1 << 11))  # everything but making devices
_ON_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE | _IOCTL_DEV
_TCP = (1 << 0) | (1 << 1)  # bind, connect
_ABSTRACT_SOCKETS, _SIGNALS = 1 << 0, 1 << 1

DEVICES = ("/dev/null", "/dev/full", "/dev/random", "/dev/urandom")
FACTS = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/kernel", "/proc/sys/vm")


class Access(NamedTuple):
    """Rights beneath one path."""

    path: str
    rights: int


def rules(
    readable: Iterable[str],
    writable: Iterable[str],
    *,
    own: str,
    devices: Iterable[str] = (),
    openable: Iterable[str] = (),
) -> list[Access]:
    """Return what may be touched: places to read or write, and ``own``, its /proc folder.

    ``devices`` are nodes, or folders of them, whose drivers are spoken to by ioctl. Files
    in ``openable`` places may be read and not be listed.
    """
    return [
        *(Access(path, READ) for path in readable),
        *(Access(path, WRITE) for path in writable),
        *(Access(path, READ_FILE) for path in openable),
        *(Access(path, READ_FILE | WRITE_FILE) for path in DEVICES),
        *(Access(path, READ_FILE | READ_DIR) for path in FACTS),
        *(Access(path, READ_FILE | READ_DIR | WRITE_FILE | _IOCTL_DEV) for path in devices),
        Access(own, READ_FILE | READ_DIR),
    ]


def governed(abi: int) -> int:
    """Return the rights to the disk that this ABI knows; it refuses a rule that grants another."""
    return _ALL_OF_ABI_4 | (_IOCTL_DEV if abi >= 5 else 0)


def ruleset(abi: int) -> bytes:
    """Return what the ruleset governs, as far as this ABI can: all of the disk, TCP, signals."""
    if abi >= 6:
        return struct.pack("=QQQ", governed(abi), _TCP, _ABSTRACT_SOCKETS | _SIGNALS)
    return struct.pack("=QQ", governed(abi), _TCP)


def abi() -> int:
    """Return the ABI of this machine's Landlock; 0 when there is none."""
    try:
        return syscall(_CREATE, None, 0, _ASK_VERSION)
    except OSError:
        return 0


def install(allowed: Sequence[Access], abi: int) -> None:
    """Allow this process, and all that it starts, no more than ``allowed``.

    A path that does not exist is passed over. Raises ``OSError``.
    """
    packed = ruleset(abi)
    attributes = ctypes.create_string_buffer(packed, len(packed))
    made = syscall(_CREATE, ctypes.byref(attributes), len(packed), 0)
    try:
        for access in allowed:
            with contextlib.suppress(FileNotFoundError, PermissionError):
                _allow(made, Access(access.path, access.rights & governed(abi)))
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        syscall(_RESTRICT_SELF, made, 0)
    finally:
        os.close(made)


def _allow(made: int, access: Access) -> None:
    place = os.open(access.path, os.O_PATH | os.O_CLOEXEC)
    try:
        folder = stat.S_ISDIR(os.fstat(place).st_mode)
        rights = access.rights if folder else access.rights & _ON_A_FILE
        rule = struct.pack("=Qi", rights, place)
        attributes = ctypes.create_string_buffer(rule, len(rule))
        syscall(_ADD_RULE, made, _PATH_BENEATH, ctypes.byref(attributes), 0)
    finally:
        os.close(place)
