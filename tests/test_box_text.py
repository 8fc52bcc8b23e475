"""The box's pure parts: command line, rules and programs, as text and bytes."""

from __future__ import annotations

import errno
import struct

import pytest

from grader.assignment import Limits
from grader.box import bwrap, places
from grader.box.bounds import bounds
from grader.box.inside import landlock, seccomp
from grader.box.inside.table import NUMBERS

_ALLOWED, _KILLED = 0x7FFF0000, 0x80000000
_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def test_command_line_of_bubblewrap() -> None:
    """The whole command line, word for word."""
    shown = bwrap.View(readable=["/usr", "/env"], links={"/bin": "usr/bin"}, hidden=["/env/secret"])
    line = bwrap.command_line("/b/bwrap", shown, "/g/inside", {"A": "1"}, ["/env/bin/python", "-I"])
    assert " ".join(line) == (
        "/b/bwrap --unshare-all --die-with-parent --new-session --cap-drop ALL --clearenv "
        "--setenv A 1 --symlink usr/bin /bin --tmpfs /tmp --dev /dev --proc /proc "
        "--ro-bind /usr /usr --ro-bind /env /env --tmpfs /env/secret --remount-ro /env/secret "
        "--ro-bind /g/inside /run/boxed --remount-ro /dev --remount-ro / --chdir /tmp "
        "-- /env/bin/python -I"
    )


def test_command_line_with_compiled_programs() -> None:
    """They are bound read-only, before the root is."""
    shown = bwrap.View(readable=[], links={}, hidden=[])
    line = " ".join(bwrap.command_line("bwrap", shown, "/g", {}, ["python"], "/s/programs"))
    assert "--ro-bind /s/programs /run/programs --remount-ro /dev --remount-ro / " in line


def test_places_are_shown_once() -> None:
    """Folders within others, or within the system's own, are not named again."""
    assert places.outermost(["/env/lib", "/env", "/usr/lib/python3", "/envy"]) == ["/env", "/envy"]


def test_private_places_within_the_environment_are_found() -> None:
    """A private folder below a shown one is exposed; one beside it, or above it, is not."""
    private = ["/env/reference", "/home/a/reference", "/"]
    assert places.exposed(private[:2], ["/env", "/usr"]) == ["/env/reference"]
    assert places.exposed(["/home/a"], ["/home/a/.venv"]) == []


def test_landlock_rules() -> None:
    """Reading, writing and the few facts of the machine, each with its rights."""
    found = {a.path: a.rights for a in landlock.rules(["/usr"], ["/own"], own="/proc/7")}
    assert found["/usr"] == 0b1101
    assert found["/own"] == 0b111_0111_1011_1111
    assert found["/proc/7"] == 0b1110
    assert found["/dev/null"] == 0b0110
    assert "/proc" not in found
    openable = landlock.rules([], [], own="/proc/7", openable=["/s/programs"])
    assert {a.path: a.rights for a in openable}["/s/programs"] == 0b0100
    assert "/tmp" not in found


@pytest.mark.parametrize(("abi", "words"), [(4, 2), (5, 2), (6, 3), (7, 3)])
def test_landlock_governs_all_that_its_version_can(abi: int, words: int) -> None:
    """Every right to the disk, both of TCP, and from ABI 6 on signals and abstract sockets."""
    governed = struct.unpack(f"={words}Q", landlock.ruleset(abi))
    assert governed[0] == (1 << (15 if abi == 4 else 16)) - 1
    assert governed[1:] == ((3,) if abi < 6 else (3, 3))


def _verdict(program: bytes, machine: int, number: int, *arguments: int) -> int:
    """What a classic BPF ``program`` says to a system call."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=IIQ6Q", number, machine, 0, *padded)
    code = list(struct.iter_unpack("=HBBI", program))
    value = at = 0
    while True:
        operation, hit, miss, operand = code[at]
        at += 1
        if operation == 0x06:
            return int(operand)
        if operation == 0x20:
            (value,) = struct.unpack_from("=I", data, operand)
        elif operation == 0x54:
            value &= operand
        else:
            tests = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}
            at += hit if tests[operation] else miss


@pytest.mark.parametrize("machine", _MACHINES)
@pytest.mark.parametrize("rules", [seccomp.IN_NAMESPACES, seccomp.IN_LANDLOCK])
def test_seccomp_program(machine: str, rules: tuple[seccomp.Rule, ...]) -> None:
    """Each call gets the verdict that its rule names, on each kind of machine."""
    program, audit, number = seccomp.program(rules, machine), _MACHINES[machine], NUMBERS[machine]

    def verdict(call: str, *arguments: int) -> int:
        found = _verdict(program, audit, number[call], *arguments)
        return 0 if found == _ALLOWED else found & 0xFFFF

    for call in ("ptrace", "mount", "unshare", "setns", "bpf", "keyctl", "io_uring_setup"):
        assert verdict(call) == errno.EPERM
    assert verdict("clone3") == errno.ENOSYS
    assert verdict("clone", 0x10000000) == errno.EPERM
    assert verdict("clone", 0x3D0F00) == 0
    assert verdict("ioctl", 0, 0x5412) == errno.EPERM
    assert verdict("ioctl", 0, 0x541C) == errno.EPERM
    assert verdict("ioctl", 0, 0x5413) == 0
    assert verdict("prctl", 1) == errno.EPERM
    assert verdict("prctl", 15) == 0
    assert verdict("socket", 40) == errno.EAFNOSUPPORT
    inside = rules is seccomp.IN_NAMESPACES
    for family in (1, 2, 10, 16):
        assert verdict("socket", family) == (0 if inside else errno.EAFNOSUPPORT)
    if not inside:
        assert verdict("connect") == errno.EACCES
        assert verdict("socketpair", 1, 0x80001) == 0
        assert verdict("socketpair", 1, 2) == errno.EAFNOSUPPORT
        assert verdict("prlimit64", 5) == errno.EPERM
        assert verdict("prlimit64", 0) == 0


def test_seccomp_refuses_other_sets_of_numbers() -> None:
    """32-bit calls end the process; x32 numbers do not exist."""
    program = seccomp.program(seccomp.IN_NAMESPACES, "x86_64")
    assert _verdict(program, 0x40000003, 26) == _KILLED
    assert _verdict(program, 0xC000003E, 0x40000000 + 101) & 0xFFFF == errno.ENOSYS


def test_seccomp_keeps_signals_in_where_landlock_cannot() -> None:
    """With an old Landlock a process may signal itself and its group, nobody else."""
    rules = (*seccomp.IN_LANDLOCK, *seccomp.without_signal_scope(77))
    program, number = seccomp.program(rules, "x86_64"), NUMBERS["x86_64"]["kill"]
    assert _verdict(program, 0xC000003E, number, 77) == _ALLOWED
    assert _verdict(program, 0xC000003E, number, 0) == _ALLOWED
    assert _verdict(program, 0xC000003E, number, 78) & 0xFFFF == errno.EPERM
    assert _verdict(program, 0xC000003E, number, 0xFFFFFFFF) & 0xFFFF == errno.EPERM


def test_limits_follow_the_assignment() -> None:
    """Address space is never below what XLA needs; the limit on processes counts the others."""
    found = bounds(Limits(memory_mb=512, cell_seconds=1, notebook_seconds=10, probe_seconds=5), 30)
    assert found.per_process["AS"] == 4 << 30
    assert found.per_process["NPROC"] == 94
    assert found.per_process["CPU"] == 90
    assert found.memory == 512 << 20
