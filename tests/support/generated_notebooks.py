"""Folders of notebooks that a script writes whole: what would change in one, and writing it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

Notebooks = Mapping[str, bytes]
"""File name to the bytes of the file."""


def changes(built: Notebooks, folder: Path) -> list[str]:
    """What writing ``built`` would change in ``folder``, one sentence a file."""
    there = {file.name: file.read_bytes() for file in folder.glob("*.ipynb")}
    differ = (name for name in sorted(built.keys() & there.keys()) if there[name] != built[name])
    return [
        *(f"{name}: is missing" for name in sorted(built.keys() - there.keys())),
        *(f"{name}: is built by nothing" for name in sorted(there.keys() - built.keys())),
        *(f"{name}: differs" for name in differ),
    ]


def write(built: Notebooks, folder: Path) -> None:
    """Make ``folder`` hold exactly the notebooks of ``built``; other kinds of file stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.ipynb"):
        if file.name not in built:
            file.unlink()
    for name, content in built.items():
        (folder / name).write_bytes(content)


def main(about: str, build: Callable[[], Notebooks], folder: Path) -> int:
    """The command line of such a script: ``--check`` writes nothing, and fails on a change."""
    parser = argparse.ArgumentParser(description=about.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    built = build()
    found = changes(built, folder)
    print("\n".join(found) or "nothing changed")
    if not check:
        write(built, folder)
    return 1 if check and found else 0
