"""Every kind of trouble that a student's files can make, in a folder of a Moodle download."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "submissions" / "hh"
BOMB = 101_000_000  # bytes that a notebook unpacks to; more than any may have

Members = list[tuple[str | zipfile.ZipInfo, bytes]]
RIGHT, NONE = (100.0, 100.0), (0.0, 0.0)


def _right() -> bytes:
    return (SAMPLES / "right-plain.ipynb").read_bytes()


def _handout() -> bytes:
    return (ROOT / "assignments" / "hh" / "hh.ipynb").read_bytes()


def _with_last_cell(source: str) -> bytes:
    notebook = json.loads(_right())
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    notebook["cells"].append({**cell, "id": "trouble", "source": source})
    return json.dumps(notebook, ensure_ascii=False).encode()


def _zip(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def _tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def _link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


def _dated(name: str, day: int) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, (2026, 11, day, 12, 0, 0))


def _tar_link(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return info


def _nested(levels: int) -> bytes:
    packed = _zip(("hh.ipynb", _right()))
    for _ in range(levels):
        packed = _zip(("inside.zip", packed))
    return packed


Trouble = tuple[Callable[[str], Members], tuple[float, float], str]

# What lies in the folder ``f`` of a student, the mark, and the run's status.
TROUBLES: Mapping[str, Trouble] = {
    "leads out": (lambda f: [(f"../../{f}/hh.ipynb", _right())], NONE, "unreadable"),
    "absolute path": (lambda f: [(f"/{f}/hh.ipynb", _right())], NONE, "unreadable"),
    "drive of Windows": (lambda f: [(f"C:\\{f}\\hh.ipynb", _right())], NONE, "unreadable"),
    "backslashes": (lambda f: [(f"{f}\\hh.ipynb", _right())], RIGHT, "ok"),
    "link": (lambda f: [(_link(f"{f}/hh.ipynb"), b"/etc/passwd")], NONE, "unreadable"),
    "several": (
        lambda f: [(f"{f}/hh.ipynb", _handout()), (f"{f}/作业 (1).ipynb", _right())],
        RIGHT,
        "ok",
    ),
    "several attempts": (
        lambda f: [
            (_dated(f"{f}/hh.ipynb", 3), (SAMPLES / "n-cubed.ipynb").read_bytes()),
            (_dated(f"{f}/hh (1).ipynb", 7), _right()),
        ],
        RIGHT,
        "ok",
    ),
    "late": (lambda f: [(_dated(f"{f}/hh.ipynb", 30), _right())], RIGHT, "ok"),
    "nothing": (
        lambda f: [(f.replace("file", "onlinetext") + "/onlinetext.html", b"sorry")],
        NONE,
        "unreadable",
    ),
    "another file": (lambda f: [(f"{f}/hh.pdf", b"%PDF-1.7")], NONE, "unreadable"),
    "renamed": (lambda f: [(f"{f}/Untitled3 的副本.ipynb.txt", _right())], RIGHT, "ok"),
    "checkpoints": (
        lambda f: [
            (f"{f}/.ipynb_checkpoints/hh-checkpoint.ipynb", _handout()),
            (f"{f}/__MACOSX/._hh.ipynb", b"x"),
            (f"{f}/hh.ipynb", _right()),
        ],
        RIGHT,
        "ok",
    ),
    "packed": (
        lambda f: [
            (
                f"{f}/work.zip",
                _zip(
                    ("work/hh.ipynb", _right()),
                    ("work/.ipynb_checkpoints/hh-checkpoint.ipynb", _handout()),
                    ("__MACOSX/work/._hh.ipynb", b"x"),
                ),
            )
        ],
        RIGHT,
        "ok",
    ),
    "slip in a zip": (
        lambda f: [
            (f"{f}/work.zip", _zip(("../../../hh.ipynb", _handout()), ("hh.ipynb", _right())))
        ],
        RIGHT,
        "ok",
    ),
    "tar with links": (
        lambda f: [
            (
                f"{f}/work.tar.gz",
                _tar((_tar_link("a.ipynb"), b""), (tarfile.TarInfo("hh.ipynb"), _right())),
            )
        ],
        RIGHT,
        "ok",
    ),
    "bomb": (lambda f: [(f"{f}/work.zip", _zip(("hh.ipynb", bytes(BOMB))))], NONE, "unreadable"),
    "zips within zips": (lambda f: [(f"{f}/work.zip", _nested(12))], NONE, "unreadable"),
    "damaged zip": (
        lambda f: [(f"{f}/work.zip", _zip(("hh.ipynb", _right()))[:-400])],
        NONE,
        "unreadable",
    ),
    "cut notebook": (lambda f: [(f"{f}/hh.ipynb", _right()[:3000])], NONE, "unreadable"),
    "empty notebook": (lambda f: [(f"{f}/hh.ipynb", b"")], NONE, "unreadable"),
    "page": (lambda f: [(f"{f}/hh.ipynb", b"<!doctype html>")], NONE, "unreadable"),
    "dead kernel": (
        lambda f: [(f"{f}/hh.ipynb", _with_last_cell("import os; os._exit(1)"))],
        (80.0, 99.9),
        "kernel_died",
    ),
}
RARE: Mapping[str, Trouble] = {
    "endless loop": (
        lambda f: [(f"{f}/hh.ipynb", _with_last_cell("while True: pass"))],
        (80.0, 99.9),
        "timeout",
    ),
    "all memory": (
        lambda f: [(f"{f}/hh.ipynb", _with_last_cell("x = [0] * 10**12"))],
        (80.0, 99.9),
        "cell_error",
    ),
}
"""Troubles that take long: one student each."""
