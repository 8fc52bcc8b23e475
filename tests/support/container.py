"""Start a program as Docker starts one: the tests' stand-in for a container.

    python container.py [--user ID] PROGRAM ARGUMENT...

What the program and all that it starts have of a container:

- root has Docker's fourteen default capabilities and can get no other; ``--user`` is an
  ordinary user without any, who has no name, as with ``docker run --user``;
- the system calls that Docker's default profile refuses are refused: namespaces of every kind,
  mounts, keys, io_uring, the times and settings of the machine (the profile of Moby in 2025, as
  far as the grader's own table has numbers for them);
- this Python and this project lie in folders that everybody may pass, as in an image: a closed
  folder on the way to them, such as /root, holds nothing else.

What it lacks: process numbers, a network and a disk of its own, limits by a cgroup, AppArmor's
profile, and the covers over parts of /proc and /sys. Docker lets a program gain rights by
starting another (setuid); here none can. Where it is started by an ordinary user, that user has
no capability to lose, and can become no other.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import os
import struct
from pathlib import Path

from grader.sandbox.paths import this_python
from grader.sandbox.privileges import closed_folder
from grader.untrusted.box import syscalls
from grader.untrusted.box.seccomp import Rule, install

ROOT = Path(__file__).parents[2]
CAPABILITIES = {
    "chown": 0,
    "dac_override": 1,
    "fowner": 3,
    "fsetid": 4,
    "kill": 5,
    "setgid": 6,
    "setuid": 7,
    "setpcap": 8,
    "net_bind_service": 10,
    "net_raw": 13,
    "sys_chroot": 18,
    "mknod": 27,
    "audit_write": 29,
    "setfcap": 31,
}
KEPT = sum(1 << number for number in CAPABILITIES.values())
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEW* of clone
_ALGORITHMS, _VIRTUAL_MACHINES = 38, 40  # families of sockets
RULES = (
    Rule(("unshare", "setns", "mount", "umount2", "pivot_root", "move_mount", "open_tree")),
    Rule(("fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "open_by_handle_at")),
    Rule(("clone",), argument=0, test="any_bit", values=(_NEW_NAMESPACES,)),
    Rule(("clone3",), errno.ENOSYS),
    Rule(("keyctl", "add_key", "request_key", "bpf", "perf_event_open", "userfaultfd", "syslog")),
    Rule(("io_uring_setup", "io_uring_enter", "io_uring_register", "fanotify_init")),
    Rule(("kcmp", "pidfd_getfd", "process_madvise", "move_pages", "migrate_pages")),
    Rule(("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load")),
    Rule(("acct", "swapon", "swapoff", "reboot", "quotactl", "quotactl_fd", "iopl", "ioperm")),
    Rule(("settimeofday", "clock_settime", "sethostname", "setdomainname", "vhangup")),
    Rule(("socket",), argument=0, values=(_ALGORITHMS, _VIRTUAL_MACHINES)),
)


def open_up() -> None:
    """In a mount namespace of its own: no closed folder on the way to this Python.

    Left as it is where root may not mount: that is a container already.
    """
    needed = [*this_python().folders, str(ROOT)]
    closed = {folder for path in needed if (folder := closed_folder(path))}
    if not closed:
        return
    try:
        syscalls.unshare(syscalls.CLONE_NEWNS)
    except PermissionError:
        return
    syscalls.mount("", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    for folder in closed:
        held = {p: os.open(p, os.O_PATH) for p in needed if Path(p).is_relative_to(folder)}
        syscalls.mount("tmpfs", folder, "tmpfs", syscalls.MS_NOSUID, "mode=755,size=64m")
        for path, descriptor in held.items():
            os.makedirs(path, 0o755, exist_ok=True)
            source = f"/proc/self/fd/{descriptor}"
            syscalls.mount(source, path, "", syscalls.MS_BIND | syscalls.MS_REC)
            os.close(descriptor)


def give_up_capabilities() -> None:
    """Keep no others than ``CAPABILITIES``, and pass them to programs by being root alone."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for number in set(range(last + 1)) - set(CAPABILITIES.values()):
        syscalls.prctl(syscalls.PR_CAPBSET_DROP, number)
    syscalls.prctl(syscalls.PR_CAP_AMBIENT, 4)  # clear all
    header = struct.pack("=Ii", 0x20080522, 0)  # version 3, this process
    sets = struct.pack("=6I", KEPT, KEPT, 0, 0, 0, 0)  # effective, permitted, inheritable
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def main() -> None:
    """Never returns: the process becomes the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--user", type=int, help="an ordinary user's number")
    parser.add_argument("program", help="what to start")
    parser.add_argument("argument", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if os.geteuid() == 0:
        open_up()
        give_up_capabilities()
    install(RULES)
    if options.user is not None:
        os.setgroups([])
        os.setresgid(options.user, options.user, options.user)
        os.setresuid(options.user, options.user, options.user)
    os.execvp(options.program, [options.program, *options.argument])


if __name__ == "__main__":
    main()
