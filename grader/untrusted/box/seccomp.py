"""The seccomp program: which system calls a boxed process is refused.

``program`` is pure: it gives the bytes of a classic BPF program. Rules are data; the
first that fits decides, and what no rule names is allowed. ``man 2 seccomp``.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Sequence
from typing import Literal, NamedTuple

from .syscall_numbers import ARCHITECTURES, NUMBERS
from .syscalls import PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, prctl

_LOAD, _JUMP_EQUAL, _JUMP_ANY_BIT, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_AT_NUMBER, _AT_ARCHITECTURE, _AT_ARGUMENTS = 0, 4, 16
_X32 = 0x40000000  # a second set of numbers for the same calls on x86_64

STREAM, SEQPACKET = 1, 5  # kinds of sockets
_SO_SNDBUF = 7  # how much a socket may hold that nobody has read
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEW* of clone
_THREAD, _SHARED_FILES = 0x10000, 0x400  # CLONE_THREAD and CLONE_FILES of clone
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_PR_SET_PDEATHSIG = 1
_SHARED_MEMORY = 0x21  # MAP_SHARED and MAP_ANONYMOUS of mmap
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15  # which process a descriptor signals, and how
_FIOSETOWN, _SIOCSPGRP = 0x8901, 0x8902  # the same by ioctl


class Rule(NamedTuple):
    """Refuse ``calls`` with ``error``; if ``argument`` is given, only where it fits.

    It fits when it is ``one_of`` the values, ``none_of`` them, or shares a bit with
    the first (``any_bit``). ``error`` 0 is a call that does nothing and succeeds.
    """

    calls: tuple[str, ...]
    error: int = errno.EPERM
    argument: int | None = None
    test: Literal["one_of", "none_of", "any_bit"] = "one_of"
    values: tuple[int, ...] = ()
    mask: int = 0xFFFFFFFF


_REFUSED = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease"),
    *("kcmp", "pidfd_getfd", "mount", "umount2", "pivot_root", "chroot", "move_mount"),
    *("open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "unshare", "setns"),
    *("keyctl", "add_key", "request_key", "bpf", "io_uring_setup", "io_uring_enter"),
    *("io_uring_register", "userfaultfd", "perf_event_open", "shmget", "shmat", "shmctl", "msgget"),
    *("semget", "mq_open", "kexec_load", "kexec_file_load", "init_module", "finit_module"),
    *("delete_module", "swapon", "swapoff", "reboot", "acct", "quotactl", "quotactl_fd", "syslog"),
    *("name_to_handle_at", "open_by_handle_at", "fanotify_init", "settimeofday", "clock_settime"),
    *("adjtimex", "clock_adjtime", "sethostname", "setdomainname", "vhangup", "move_pages"),
    *("migrate_pages", "memfd_secret", "iopl", "ioperm", "modify_ldt"),
)
# Memory that no process need hold is counted to nobody.
_HELD_BY_NOBODY = (
    Rule(("memfd_create",), errno.ENOSYS),
    Rule(("mmap",), argument=3, values=(_SHARED_MEMORY,), mask=_SHARED_MEMORY),
)
_BOTH = (
    Rule(_REFUSED),
    Rule(("clone3",), errno.ENOSYS),  # its flags lie in memory; callers fall back to clone
    Rule(("clone",), argument=0, test="any_bit", values=(_NEW_NAMESPACES,)),
    # What one thread of a process holds open, all of them show.
    Rule(("clone",), argument=0, values=(_THREAD,), mask=_THREAD | _SHARED_FILES),
    Rule(("ioctl",), argument=1, values=(_TIOCSTI, _TIOCLINUX)),
    Rule(("prctl",), argument=0, values=(_PR_SET_PDEATHSIG,)),
    # The box's first process is of the same user: it must not be starved from inside.
    Rule(("prlimit64",), argument=0, test="none_of", values=(0,)),
    Rule(("sched_setaffinity",), 0),
    *_HELD_BY_NOBODY,
    Rule(("io_setup", "io_destroy", "io_submit", "io_cancel", "io_getevents", "io_pgetevents")),
    # What waits in sockets is counted by their number: none may be larger than the others, or
    # be sent away (by sendmsg) to wait where no process holds it. EPERM would abort libzmq.
    Rule(("socket",), errno.EAFNOSUPPORT),
    Rule(("socketpair",), errno.EAFNOSUPPORT, 1, "none_of", (STREAM, SEQPACKET), 0xF),
    Rule(("sendmsg", "sendmmsg")),
    Rule(("setsockopt",), 0, 2, "one_of", (_SO_SNDBUF,)),
)
IN_NAMESPACES: tuple[Rule, ...] = _BOTH
_CHANGES_ATTRIBUTES = (
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "utime", "utimes", "futimesat", "utimensat"),
)
# Landlock governs the opening of files and TCP. It leaves alone a file's mode and times,
# Unix sockets, UDP, the watching of files, and the priorities of the same user's processes.
IN_LANDLOCK: tuple[Rule, ...] = (
    *_BOTH,
    Rule(("connect", "bind"), errno.EACCES),
    Rule(_CHANGES_ATTRIBUTES, 0),
    Rule(("chown", "fchown", "lchown", "fchownat", "setxattr", "lsetxattr", "fsetxattr")),
    Rule(("removexattr", "lremovexattr", "fremovexattr", "setxattrat", "removexattrat")),
    Rule(("file_setattr",)),
    Rule(("setpriority", "ioprio_set")),
    Rule(("sched_setscheduler", "sched_setparam", "sched_setattr"), 0),  # libzmq insists
    Rule(("inotify_init", "inotify_init1")),  # would tell the names of files that others open
)


def without_signal_scope(pid: int) -> tuple[Rule, ...]:
    """Further rules for a Landlock that cannot keep signals in (ABI 4 and 5)."""
    return (
        Rule(("kill", "tgkill"), argument=0, test="none_of", values=(pid, 0)),
        Rule(("tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal")),
        Rule(("fcntl",), argument=1, values=(_F_SETOWN, _F_SETSIG, _F_SETOWN_EX)),
        Rule(("ioctl",), argument=1, values=(_FIOSETOWN, _SIOCSPGRP)),
    )


def with_gpu(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """``rules`` without those under which CUDA does not start: its driver makes such memory."""
    return tuple(rule for rule in rules if rule not in _HELD_BY_NOBODY)


def program(rules: Sequence[Rule], machine: str) -> bytes:
    """Return the BPF program of ``rules`` for a ``machine`` as ``os.uname`` names it.

    Raises ``KeyError`` for a machine whose numbers are not known here.
    """
    code = [
        (_LOAD, 0, 0, _AT_ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _AT_NUMBER),
    ]
    if machine == "x86_64":
        code += [(_JUMP_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    for rule in rules:
        numbers = [NUMBERS[machine][c] for c in rule.calls if c in NUMBERS[machine]]
        for number in numbers:
            body = _body(rule)
            code += [(_JUMP_EQUAL, 0, len(body), number), *body]
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _body(rule: Rule) -> list[tuple[int, int, int, int]]:
    """Return the instructions once the number fits: refuse, or look at an argument first."""
    refuse = (_RETURN, 0, 0, _ERRNO | rule.error)
    if rule.argument is None:
        return [refuse]
    reload = (_LOAD, 0, 0, _AT_NUMBER)
    load = [(_LOAD, 0, 0, _AT_ARGUMENTS + 8 * rule.argument)]
    if rule.mask != 0xFFFFFFFF:
        load.append((0x54, 0, 0, rule.mask))
    count = len(rule.values)
    if rule.test == "any_bit":
        return [*load, (_JUMP_ANY_BIT, 0, 1, rule.values[0]), refuse, reload]
    if rule.test == "one_of":  # a hit jumps to the refusal, behind the last one a miss over it
        tests = [
            (_JUMP_EQUAL, count - 1 - i, 1 if i == count - 1 else 0, value)
            for i, value in enumerate(rule.values)
        ]
        return [*load, *tests, refuse, reload]
    tests = [(_JUMP_EQUAL, count - i, 0, value) for i, value in enumerate(rule.values)]
    return [*load, *tests, refuse, reload]


def install(rules: Sequence[Rule]) -> None:
    """Apply ``rules`` to this thread and all that it starts. There is no way back."""
    code = program(rules, os.uname().machine)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    packed = ctypes.create_string_buffer(header, len(header))
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_SECCOMP, 2, ctypes.addressof(packed))
