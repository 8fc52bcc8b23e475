"""Names in archives: read as they were meant, and none leads out or hides another."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from grader.submission.intake.archive_limits import split_name
from grader.submission.intake.zip_names import guess_encoding
from tests.support.archives import BOOK, a_zip, unpacked, zipped


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../../slip.ipynb", "leads out of the archive"),
        ("..\\..\\slip.ipynb", "leads out of the archive"),
        ("Ann/../../slip.ipynb", "leads out of the archive"),
        ("/etc/slip.ipynb", "begins at the root of a disk"),
        ("C:\\slip.ipynb", "begins at the root of a disk"),
        ("\\\\server\\slip.ipynb", "begins at the root of a disk"),
        ("a/" * 40 + "slip.ipynb", "too many folders"),
        ("s" * 300 + ".ipynb", "name is too long"),
    ],
)
def test_no_name_leads_out(tmp_path: Path, room: Path, name: str, why: str) -> None:
    """A name that leads elsewhere is refused and named, and nothing lies outside."""
    a_zip(tmp_path / "c.zip", "a.ipynb", "b.ipynb", name)
    before = set(tmp_path.rglob("*")) | {room}
    found, said = unpacked(tmp_path / "c.zip", room)
    assert {"a", "b"} <= found.keys()
    assert any(why in sentence for sentence in said)
    inside = {path for path in tmp_path.rglob("*") if path.is_relative_to(room)}
    assert set(tmp_path.rglob("*")) - inside <= before
    assert {path.name for path in inside if path.is_file()} == {"a.ipynb", "b.ipynb"}


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("gbk", "张三/作业.ipynb"), ("cp437", "Zoë Müller/été.ipynb"), ("utf-8", "李雷/作业.ipynb")],
)
def test_names_are_read_as_they_were_meant(
    tmp_path: Path, room: Path, encoding: str, name: str
) -> None:
    """Zips of Chinese Windows, of old Windows and of macOS give the right names."""
    stand_in = "".join(chr(0x100 + n) for n in range(1))
    raw = name.encode(encoding)
    placeholder = stand_in + "x" * (len(raw) - len(stand_in.encode()))
    data = zipped([(placeholder, BOOK), ("Ann/hh.ipynb", BOOK)])
    data = data.replace(placeholder.encode(), raw)
    fixed = bytearray(data)
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = 0
        while (at := fixed.find(mark, at)) >= 0:
            fixed[at + flags + 1] &= ~0x08  # without the flag that says UTF-8
            at += 4
    (tmp_path / "c.zip").write_bytes(fixed)
    found, _ = unpacked(tmp_path / "c.zip", room)
    assert name.split("/")[0] in found


def test_a_names_own_field_is_believed_when_it_fits() -> None:
    """Accents in code page 437 are not taken for Chinese, nor Chinese for accents."""
    assert guess_encoding([b"caf\x82.ipynb", b"\x82t\x82.ipynb"]) == "cp437"
    assert guess_encoding(["作业.ipynb".encode("gbk"), "张三".encode("gbk")]) == "gb18030"
    assert guess_encoding(["作业".encode()]) == "utf-8"
    assert guess_encoding([]) == "utf-8"


def test_names_that_differ_in_case_both_stay(tmp_path: Path, room: Path) -> None:
    """Two files whose names a disk may hold for one are two submissions."""
    found, _ = unpacked(a_zip(tmp_path / "c.zip", "Ann.ipynb", "ann.ipynb", "CON.ipynb"), room)
    assert len(found) == 3
    assert len({entry.path for entry in found.values()}) == 3


def test_of_one_name_twice_the_later_counts(tmp_path: Path, room: Path) -> None:
    """As for other programs; the teacher is told. A refused one never displaces a good one."""
    link = zipfile.ZipInfo("a.ipynb")
    link.external_attr = 0o120777 << 16
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped([("a.ipynb", b"1"), ("a.ipynb", BOOK), (link, b"x"), ("b.ipynb", BOOK)])
    (tmp_path / "c.zip").write_bytes(data)
    found, said = unpacked(tmp_path / "c.zip", room)
    assert found["a"].path.read_bytes() == BOOK
    assert (
        "c.zip/a.ipynb: the archive holds two files of this name; the later one was taken." in said
    )


def test_no_name_moves_the_cursor(tmp_path: Path, room: Path) -> None:
    """Codes for a terminal in a member's name are not printed."""
    names = ["Ann/hh.ipynb", "Bob/\x1b[2J\u202e.pdf", "../\x1b]0;x\x07.ipynb"]
    _, said = unpacked(a_zip(tmp_path / "c.zip", *names), room)
    assert said
    assert not any(char in sentence for sentence in said for char in "\x1b\x07\u202e")


@pytest.mark.parametrize(
    ("name", "parts"),
    [("a/b.ipynb", ("a", "b.ipynb")), ("./a//b", ("a", "b")), ("a\\b", ("a", "b")), ("", ("?",))],
)
def test_parts_of_names(name: str, parts: tuple[str, ...]) -> None:
    """A name's parts, whichever way its strokes lean."""
    assert split_name(name) == (parts, "")
