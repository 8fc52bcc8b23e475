"""System calls that Python has no name for. Every failure raises ``OSError``."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE = 16384, 1 << 18

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_SET_SECCOMP = 1, 4, 8, 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 36, 38, 47

_LIBC = ctypes.CDLL(None, use_errno=True)
_CAPSET = {"x86_64": 126, "aarch64": 91}
_SETRESUID, _SETRESGID = {"x86_64": 117, "aarch64": 147}, {"x86_64": 119, "aarch64": 149}
_CAPABILITY_VERSION_3 = 0x20080522
_AMBIENT_RAISE, _AMBIENT_CLEAR = 2, 4
KILL, SETGID, SETUID = 5, 6, 7  # capabilities


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """Make any system call by its number. Integers are passed as 64 bits."""
    passed = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(_LIBC.syscall(ctypes.c_long(number), *passed), f"system call {number}")


def prctl(option: int, argument: int = 0, more: int = 0) -> int:
    """Call ``prctl``; see ``man 2 prctl``."""
    done = _LIBC.prctl(option, *(ctypes.c_ulong(a) for a in (argument, more, 0, 0)))
    return _checked(done, f"prctl {option}")


def end_with_parent(parent: int) -> None:
    """Let the kernel end this process with ``parent``, which has just forked it."""
    with contextlib.suppress(OSError):
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def unshare(flags: int) -> None:
    """Make new namespaces for this process (the pid namespace: for its next child)."""
    _checked(_LIBC.unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Call ``mount``; see ``man 2 mount``."""
    texts = [text.encode() or None for text in (source, target, kind)]
    done = _LIBC.mount(*texts, ctypes.c_ulong(flags), data.encode() or None)
    _checked(done, f"mount on {target}")


def be_in_this_thread(user: int, group: int) -> None:
    """Change the effective user and group of the calling thread, and of no other.

    The C library's own calls change all threads of the process; the kernel's do not.
    """
    machine = os.uname().machine
    for number, wanted in ((_SETRESGID, group), (_SETRESUID, user)):
        syscall(number[machine], -1, wanted, -1)


def drop_capabilities() -> None:
    """Empty every set of capabilities, for this process and whatever it starts."""
    with contextlib.suppress(OSError):  # at the last one, or when there is none to lose
        for capability in range(64):
            prctl(PR_CAPBSET_DROP, capability)
    prctl(PR_CAP_AMBIENT, _AMBIENT_CLEAR)
    _set_capabilities(0)
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def keep_capabilities(*kept: int) -> None:
    """Have no capabilities but these, and pass them on to the next program."""
    _set_capabilities(sum(1 << capability for capability in kept))
    for capability in kept:
        prctl(PR_CAP_AMBIENT, _AMBIENT_RAISE, capability)


def _set_capabilities(low: int) -> None:
    """Set the first 32 of the effective, permitted and inheritable ones; drop the others."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(low, low, low)
    syscall(_CAPSET[os.uname().machine], ctypes.byref(header), ctypes.byref(sets))
