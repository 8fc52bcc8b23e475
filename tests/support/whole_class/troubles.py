"""What students hand in that is no plain notebook: names, archives, damage, attacks."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from tests.support.project import ROOT

SAMPLES = ROOT / "submissions" / "hh"
HANDOUT = ROOT / "assignments" / "hh" / "hh.ipynb"

FULL, NONE = (100.0, 100.0), (0.0, 0.0)
LINK = 0o120777 << 16  # of a zip's member: a symbolic link
LOCKED = 1  # the flag of a zip's member that needs a password


@dataclass(frozen=True, kw_only=True)
class Handed:
    """One file of a student's.

    ``before`` is what the archive puts before their folder, ``separator`` what behind it.
    """

    name: str
    content: bytes
    before: str = ""
    separator: str = "/"
    link: bool = False


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What was handed in, and the least and the greatest mark for it.

    Where none ``arrives`` there is no notebook that could be graded; one that arrives may
    still not be ``readable``. ``kind`` is what Moodle's folder is called after.
    """

    name: str
    files: tuple[Handed, ...]
    marks: tuple[float, float]
    arrives: bool = True
    readable: bool = True
    kind: str = "file"


def sample(name: str, mark: str = "") -> bytes:
    """A labelled sample, made one student's own by a comment in its last code cell."""
    content = (SAMPLES / f"{name}.ipynb").read_bytes()
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    except (ValueError, KeyError):
        return content
    if mark and cells:
        cells[-1]["source"] = "".join(cells[-1]["source"]) + f"\n# {mark}"
    return json.dumps(notebook, ensure_ascii=False).encode()


def zipped(
    members: Iterable[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """A zip of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def _link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = LINK
    return info


def _tar(right: bytes) -> bytes:
    """A notebook beside a link, a device and a file with an absolute name."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, kind in (("hw/shadow", tarfile.SYMTYPE), ("hw/zero", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/shadow"
            archive.addfile(info)
        for name in ("hw/hh.ipynb", "/etc/cron.d/hh"):
            info = tarfile.TarInfo(name)
            info.size = len(right)
            archive.addfile(info, io.BytesIO(right))
    return file.getvalue()


def _gbk_zip(right: bytes) -> bytes:
    """As Windows in China packs: names in GBK, without a word of that."""
    packed = zipped([("aa/bb.ipynb", right)], zipfile.ZIP_STORED)
    return packed.replace(b"aa/bb", "张/伟".encode("gbk")[:2] + b"/" + "伟".encode("gbk"))


def _locked_zip(right: bytes) -> bytes:
    """One that asks for a password: the flag is set where zip's two headers have it."""
    packed = bytearray(zipped([("hh.ipynb", right)]))
    packed[6] |= LOCKED
    packed[packed.index(b"PK\x01\x02") + 8] |= LOCKED
    return bytes(packed)


@cache
def _bomb() -> bytes:
    return zipped([("hh.ipynb", bytes(101_000_000))])


@cache
def _deep_bomb() -> bytes:
    """A zip of zips of zips, each of ten; all the way down it would be 10 GB."""
    content = zipped([("hh.ipynb", bytes(10_000_000))])
    for level in range(3):
        content = zipped((f"{level}-{number}.zip", content) for number in range(10))
    return content


@cache
def _tar_bomb() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        info = tarfile.TarInfo("hh.ipynb")
        info.size = 150_000_000
        archive.addfile(info, io.BytesIO(bytes(info.size)))
    return file.getvalue()


def _right(mark: str) -> bytes:
    return sample("right-plain", mark)


def _wrong(mark: str) -> bytes:
    return sample("g_Na-20-percent-off", mark)


def _handout(_: str) -> bytes:
    return HANDOUT.read_bytes()


def _much_output(mark: str) -> bytes:
    notebook = json.loads(_right(mark))
    first = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    first["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 20_000_000}]
    return json.dumps(notebook).encode()


def _own_zip(mark: str) -> bytes:
    return zipped(
        [
            ("hw/hh.ipynb", _right(mark)),
            ("hw/.ipynb_checkpoints/hh-checkpoint.ipynb", _handout(mark)),
            ("__MACOSX/hw/._hh.ipynb", b"\0\5\26\7"),
            ("hw/.DS_Store", b"x"),
            ("hw/figure.png", b"\x89PNG"),
        ]
    )


Make = Callable[[str], bytes | Mapping[str, bytes]]


# What it is called, the file's name, what is in it (or several files), the marks for it.
_READABLE: list[tuple[str, str, Make, tuple[float, float]]] = [
    ("own zip", "hw.zip", _own_zip, FULL),
    ("several notebooks", "", lambda mark: {
        "hh.ipynb": _handout(mark), "hh (1).ipynb": _right(mark), "Untitled.ipynb": b""}, FULL),
    ("several attempts", "", lambda mark: {
        "hh-Copy1.ipynb": _wrong(mark), "hh-Copy2.ipynb": _right(mark)}, FULL),
    ("checkpoints", "", lambda mark: {
        "hh.ipynb": _right(mark), ".ipynb_checkpoints/hh-checkpoint.ipynb": _handout(mark)}, FULL),
    ("renamed", "hh.ipynb.txt", _right, FULL),
    ("renamed to json", "作业.json", _right, FULL),
    ("odd name", "我的 作业 = 1+1 (最终版).IPYNB", _right, FULL),
    ("GBK zip", "作业.zip", lambda mark: _gbk_zip(_right(mark)), FULL),
    ("tar with a link", "hw.tar.gz", lambda mark: _tar(_right(mark)), FULL),
    ("slip beside a notebook", "hw.zip", lambda mark: zipped(
        [("../../../hh.ipynb", _handout(mark)), ("hh.ipynb", _right(mark))]), FULL),
    ("20 MB of output", "hh.ipynb", _much_output, FULL),
    ("the handout itself", "hh.ipynb", _handout, NONE),
    ("kernel ends", "hh.ipynb", lambda mark: sample("os-exit-after-the-class", mark), (94.5, 94.5)),
    ("cell fails", "hh.ipynb", lambda mark: sample("NameError-in-the-class", mark), (0.0, 8.0)),
]  # fmt: skip
_DAMAGED: list[tuple[str, Make]] = [
    ("empty", lambda _: b""),
    ("truncated", lambda mark: _right(mark)[:10_000]),
    ("login page", lambda _: sample("login-page")),
    ("R", lambda _: sample("R-kernel")),
]
_REFUSED: list[tuple[str, str, Make]] = [
    ("pdf", "hh.pdf", lambda _: b"%PDF-1.7"),
    ("rar", "hw.rar", lambda _: b"Rar!\x1a\7\1\0"),
    ("damaged zip", "hw.zip", lambda mark: _own_zip(mark)[:-300]),
    ("zip with a password", "hw.zip", lambda mark: _locked_zip(_right(mark))),
    ("slip in a zip", "hw.zip", lambda mark: zipped([("../../../slip.ipynb", _right(mark))])),
    ("absolute path in a zip", "hw.zip", lambda mark: zipped([("/tmp/slip.ipynb", _right(mark))])),
    ("link in a zip", "hw.zip", lambda _: zipped([(_link("hh.ipynb"), b"/etc/passwd")])),
    ("bomb", "hw.zip", lambda _: _bomb()),
    ("bomb of bombs", "hw.zip", lambda _: _deep_bomb()),
    ("tar bomb", "hw.tar.gz", lambda _: _tar_bomb()),
]
_BY_PATH = 6
KINDS = len(_READABLE) + len(_DAMAGED) + len(_REFUSED) + _BY_PATH


def trouble(number: int, mark: str) -> Trouble:
    """The trouble of this number, modulo `KINDS`; its notebooks are made their own by ``mark``."""
    number %= KINDS
    if number < len(_READABLE):
        name, file, make, marks = _READABLE[number]
        return Trouble(name=name, files=_files(file, make(mark)), marks=marks)
    number -= len(_READABLE)
    if number < len(_DAMAGED):
        name, make = _DAMAGED[number]
        files = _files("hh.ipynb", make(mark))
        return Trouble(name=name, files=files, marks=NONE, readable=False)
    number -= len(_DAMAGED)
    if number < len(_REFUSED):
        name, file, make = _REFUSED[number]
        return _lost(name, *_files(file, make(mark)))
    right = _right(mark)
    return (
        _lost("text only", Handed(name="online.html", content=b"<p>sorry</p>"), kind="onlinetext"),
        _lost("slip", Handed(name="hh.ipynb", content=right, before="../../")),
        _lost("absolute path", Handed(name="hh.ipynb", content=right, before="/")),
        _lost("drive", Handed(name="hh.ipynb", content=right, before="C:\\", separator="\\")),
        Trouble(
            name="backslashes",
            files=(Handed(name="hh.ipynb", content=right, separator="\\"),),
            marks=FULL,
        ),
        _lost("link", Handed(name="hh.ipynb", content=b"/etc/passwd", link=True)),
    )[number - len(_REFUSED)]


def _lost(name: str, *files: Handed, kind: str = "file") -> Trouble:
    return Trouble(name=name, files=files, marks=NONE, arrives=False, readable=False, kind=kind)


def _files(name: str, content: bytes | Mapping[str, bytes]) -> tuple[Handed, ...]:
    contents = {name: content} if isinstance(content, bytes) else content
    return tuple(Handed(name=file, content=data) for file, data in contents.items())
