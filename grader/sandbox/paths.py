"""Paths of this machine that a box shows. Pure, but for looking at the disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
SETTINGS = (
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/fonts"),
    *("/etc/localtime", "/etc/alternatives"),
)
BOX_CODE = Path(__file__).parents[1] / "untrusted" / "box"


@dataclass(frozen=True, kw_only=True, slots=True)
class Python:
    """A Python environment: its program, its folders, and where packages lie."""

    program: str
    folders: tuple[str, ...]
    packages: tuple[str, ...]


def this_python() -> Python:
    """Return the environment that this process runs in; the project itself is no part of it."""
    prefixes = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
    packages = [
        path
        for path in sys.path
        if Path(path).name in ("site-packages", "dist-packages") and os.path.isdir(path)
    ]
    program = os.path.realpath(sys.executable)
    home = str(Path(program).parents[1])
    real = [os.path.realpath(folder) for folder in (*prefixes, *packages)]
    return Python(
        program=sys.executable,
        folders=tuple(outermost([*prefixes, *packages, *real, home])),
        packages=tuple(packages),
    )


def outermost(folders: Iterable[str], beside: Sequence[str] = SYSTEM) -> list[str]:
    """Return ``folders`` without those that lie in one another, or in the system's own."""
    kept: list[str] = []
    for folder in sorted(set(folders)):
        if not any(is_within(folder, other) for other in (*kept, *beside)):
            kept.append(folder)
    return kept


def is_within(path: str, folder: str) -> bool:
    """Return True if ``path`` is ``folder`` or lies below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def exposed(private: Iterable[str], shown: Sequence[str]) -> list[str]:
    """Return those of ``private`` that lie in a place that is shown."""
    return [path for path in outermost(private, ()) if any(is_within(path, s) for s in shown)]
