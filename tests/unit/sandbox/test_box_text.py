"""The box's pure parts: command line, rules and programs, as text and bytes."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

import pytest

from grader.assignment.schema import Limits
from grader.grading.machine import MachineOptions
from grader.grading.settings import GradingSettings
from grader.sandbox import bwrap, gpu, paths
from grader.sandbox.limits import count_sharing_threads, resource_limits
from grader.sandbox.warm_process import SandboxConfig
from grader.untrusted.box import landlock, seccomp
from grader.untrusted.box.syscall_numbers import NUMBERS

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


def test_command_line_of_bubblewrap_with_a_gpu() -> None:
    """The GPU's nodes are bound in as devices, right behind /dev (not yet run on a GPU)."""
    nodes = ["/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/dri"]
    drivers = ["/sys/module/nvidia"]
    shown = bwrap.View(readable=["/usr", *drivers], links={}, hidden=[], devices=nodes)
    machine = {"CUDA_VISIBLE_DEVICES": "1", "HOME": "/root"}
    environment = gpu.environment({"JAX_PLATFORMS": "cpu", "TERM": "dumb"}, machine)
    line = bwrap.command_line("/b/bwrap", shown, "/g/inside", environment, ["python"])
    assert " ".join(line) == (
        "/b/bwrap --unshare-all --die-with-parent --new-session --cap-drop ALL --clearenv "
        "--setenv CUDA_VISIBLE_DEVICES 1 --setenv TERM dumb "
        "--setenv XLA_PYTHON_CLIENT_PREALLOCATE false "
        "--tmpfs /tmp --dev /dev --proc /proc "
        "--dev-bind /dev/nvidia0 /dev/nvidia0 --dev-bind /dev/nvidiactl /dev/nvidiactl "
        "--dev-bind /dev/nvidia-uvm /dev/nvidia-uvm --dev-bind /dev/dri /dev/dri "
        "--ro-bind /usr /usr --ro-bind /sys/module/nvidia /sys/module/nvidia "
        "--ro-bind /g/inside /run/boxed --remount-ro /dev --remount-ro / --chdir /tmp -- python"
    )


def test_a_gpu_is_held_only_where_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ``gpu`` a box holds no node; patterns name what is there and nothing else."""
    for name in ("nvidia1", "nvidia0", "nvme0", "facts"):
        (tmp_path / name).touch()
    monkeypatch.setattr(gpu, "NODES", (f"{tmp_path}/nvidia*", f"{tmp_path}/dri"))
    monkeypatch.setattr(gpu, "PLACES", ())
    monkeypatch.setattr(gpu, "FACTS", (f"{tmp_path}/facts",))
    nodes, facts = (f"{tmp_path}/nvidia0", f"{tmp_path}/nvidia1"), (f"{tmp_path}/facts",)
    for sandbox, drivers in (("bwrap", ()), ("landlock", facts)):
        without, with_gpu = SandboxConfig(sandbox=sandbox), SandboxConfig(sandbox=sandbox, gpu=True)
        assert (without.nodes, without.drivers) == ((), ())
        assert (with_gpu.nodes, with_gpu.drivers) == (nodes, drivers)


def test_a_gpu_is_used_by_one_notebook_at_a_time() -> None:
    """``--device gpu`` overrides the number of jobs; the other devices leave it."""
    settings = [GradingSettings(limits=Limits(), secret=b"", device=d) for d in ("cpu", "gpu")]
    at_a_time = [MachineOptions(settings=s, out=Path(), jobs=8).at_a_time for s in settings]
    assert at_a_time == [8, 1]


def test_limits_with_a_gpu() -> None:
    """Address space has no limit, for the driver reserves without end; the others are wider."""
    with_gpu, without = resource_limits(Limits(), None, gpu=True), resource_limits(Limits(), None)
    assert without.per_process.keys() - with_gpu.per_process.keys() == {"AS", "DATA", "MEMLOCK"}
    assert with_gpu.memory == without.memory + (4 << 30)
    assert with_gpu.disk == without.disk + (1 << 30)
    assert with_gpu.per_process["NPROC"] == 2 * without.per_process["NPROC"]


def test_command_line_with_compiled_programs() -> None:
    """They are bound read-only, before the root is."""
    shown = bwrap.View(readable=[], links={}, hidden=[])
    line = " ".join(bwrap.command_line("bwrap", shown, "/g", {}, ["python"], "/s/programs"))
    assert "--ro-bind /s/programs /run/programs --remount-ro /dev --remount-ro / " in line


def test_places_are_shown_once() -> None:
    """Folders within others, or within the system's own, are not named again."""
    assert paths.outermost(["/env/lib", "/env", "/usr/lib/python3", "/envy"]) == ["/env", "/envy"]


def test_private_places_within_the_environment_are_found() -> None:
    """A private folder below a shown one is exposed; one beside it, or above it, is not."""
    private = ["/env/reference", "/home/a/reference", "/"]
    assert paths.exposed(private[:2], ["/env", "/usr"]) == ["/env/reference"]
    assert paths.exposed(["/home/a"], ["/home/a/.venv"]) == []


def test_landlock_rules() -> None:
    """Reading, writing and the few facts of the machine, each with its rights."""
    found = {a.path: a.rights for a in landlock.rules(["/usr"], ["/own"], own="/proc/7")}
    assert found["/usr"] == 0b1101
    assert found["/own"] == 0b111_0111_1011_1111
    assert found["/proc/7"] == 0b1100
    assert found["/dev/null"] == 0b0110
    assert "/proc" not in found
    openable = landlock.rules([], [], own="/proc/7", openable=["/s/programs"])
    assert {a.path: a.rights for a in openable}["/s/programs"] == 0b0100
    assert "/tmp" not in found


def test_landlock_rules_with_a_gpu() -> None:
    """Its nodes may be read, written, and spoken to by ioctl as far as Landlock governs that."""
    rules = landlock.rules([], [], own="/proc/7", devices=["/dev/nvidia0"])
    found = {access.path: access.rights for access in rules}
    assert found["/dev/nvidia0"] == 1 << 15 | 0b1110
    assert [bool(landlock.governed(abi) & 1 << 15) for abi in (4, 5, 6)] == [False, True, True]


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

    def found_for(call: str, *arguments: int) -> int:
        return _verdict(program, audit, number[call], *arguments)

    def verdict(call: str, *arguments: int) -> int:
        found = found_for(call, *arguments)
        return 0 if found == _ALLOWED else found & 0xFFFF

    for call in ("ptrace", "mount", "unshare", "setns", "bpf", "keyctl", "io_uring_setup"):
        assert verdict(call) == errno.EPERM
    assert verdict("clone3") == errno.ENOSYS
    assert verdict("clone", 0x10000000) == errno.EPERM
    assert verdict("clone", 0x3D0F00) == 0
    assert verdict("clone", 0x3D0F00 & ~0x400) == errno.EPERM
    assert verdict("clone", 17) == 0
    assert verdict("ioctl", 0, 0x5412) == errno.EPERM
    assert verdict("ioctl", 0, 0x541C) == errno.EPERM
    assert verdict("ioctl", 0, 0x5413) == 0
    assert verdict("prctl", 1) == errno.EPERM
    assert verdict("prctl", 15) == 0
    assert verdict("prlimit64", 5) == errno.EPERM
    assert verdict("prlimit64", 0) == 0
    assert verdict("mmap", 0, 4096, 3, 0x21) == errno.EPERM
    assert verdict("mmap", 0, 4096, 3, 0x22) == 0
    assert verdict("mmap", 0, 4096, 3, 0x01) == 0
    for family in (1, 2, 10, 16, 40):
        assert verdict("socket", family) == errno.EAFNOSUPPORT
    assert verdict("socketpair", 1, 0x80001) == 0
    assert verdict("socketpair", 1, 2) == errno.EAFNOSUPPORT
    for call in ("sendmsg", "sendmmsg", "io_setup", "io_submit"):
        assert verdict(call) == errno.EPERM
    assert found_for("setsockopt", 3, 1, 7) == 0x00050000  # it succeeds, and does nothing
    assert found_for("setsockopt", 3, 1, 8) == _ALLOWED
    if rules is seccomp.IN_LANDLOCK:
        assert verdict("connect") == errno.EACCES
        assert verdict("inotify_init1") == errno.EPERM


@pytest.mark.parametrize("rules", [seccomp.IN_NAMESPACES, seccomp.IN_LANDLOCK])
def test_seccomp_allows_with_a_gpu_what_cuda_needs(rules: tuple[seccomp.Rule, ...]) -> None:
    """CUDA makes memory by memfd_create and shared mmap; nothing else is allowed besides."""
    number = NUMBERS["x86_64"]
    asked = [(number["memfd_create"], ()), (number["mmap"], (0, 4096, 3, 0x21))]
    others = [(number[call], ()) for call in ("ptrace", "io_uring_setup", "move_pages", "unshare")]
    without = seccomp.program(rules, "x86_64")
    with_gpu = seccomp.program(seccomp.with_gpu(rules), "x86_64")
    audit = _MACHINES["x86_64"]
    assert all(_verdict(with_gpu, audit, n, *a) == _ALLOWED for n, a in asked)
    for refused, calls in ((without, asked + others), (with_gpu, others)):
        assert all(_verdict(refused, audit, n, *a) != _ALLOWED for n, a in calls)


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
    for call, request in (("fcntl", 8), ("fcntl", 10), ("fcntl", 15), ("ioctl", 0x8901)):
        number = NUMBERS["x86_64"][call]
        assert _verdict(program, 0xC000003E, number, 3, request) & 0xFFFF == errno.EPERM


def test_limits_follow_the_assignment() -> None:
    """Address space is never below what XLA needs; beside others processes have room to grow."""
    found = resource_limits(
        Limits(memory_mb=512, cell_seconds=1, notebook_seconds=10, probe_seconds=5), 30
    )
    assert found.per_process["AS"] == 4 << 30
    assert found.per_process["NPROC"] == 30 + 1024
    assert resource_limits(Limits(), None).per_process["NPROC"] == 64
    assert found.per_process["CPU"] == 90
    assert found.memory == 512 << 20


@pytest.mark.parametrize(
    ("sandbox", "user", "release", "apart"),
    [
        ("bwrap", 64_299, "6.18.44-generic", True),
        ("bwrap", 64_299, "5.14.0-427.el9.x86_64", True),
        ("bwrap", 64_299, "5.4.0-200-generic", False),
        ("bwrap", 64_299, "4.18.0-553.el8", False),
        ("landlock", 64_299, "6.18.44", True),
        ("landlock", os.geteuid(), "6.18.44", False),
    ],
)
def test_whose_processes_count(sandbox: str, user: int, release: str, apart: bool) -> None:
    """A user namespace has a count of its own since Linux 5.14, and so has a box's own user."""
    assert (count_sharing_threads(sandbox, user, release) is None) is apart
