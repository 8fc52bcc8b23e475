"""Archives of strangers: what is unpacked, what is refused and said, and that bounds hold."""

from __future__ import annotations

import io
import os
import struct
import tarfile
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from grader.core.messages import catalogue
from grader.core.types import Note
from grader.submission.intake import IntakeError, collect
from grader.submission.intake.archive import ArchiveTooLarge
from grader.submission.intake.archive_limits import CLASS_LIMITS, STUDENT_LIMITS
from grader.submission.intake.unpack import ScratchFolder, StorageError, unpack
from tests.support.archives import BOOK, Files, a_zip, unpacked, zipped


def test_a_zip_is_a_folder(tmp_path: Path, room: Path) -> None:
    """Notebooks of a zip are called as if it had been unpacked; their bytes are the same."""
    found, said = unpacked(a_zip(tmp_path / "c.zip", "Ann/hh.ipynb", "Bob/hh.ipynb"), room)
    assert list(found) == ["Ann", "Bob"]
    assert {entry.path.read_bytes() for entry in found.values()} == {BOOK}
    assert {entry.path.name for entry in found.values()} == {"hh.ipynb"}
    assert said == []


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tgz", "tar.bz2"])
def test_a_tar_is_a_folder(tmp_path: Path, room: Path, ending: str) -> None:
    """So are those of a tar, packed or not, and folders around everything give no name."""
    path = tmp_path / f"class.{ending}"
    mode = {"tar": "w", "tar.bz2": "w:bz2"}.get(ending, "w:gz")
    with tarfile.open(path, mode) as archive:
        for name in ("./all/Ann/hh.ipynb", "./all/Bob/hh.ipynb", "./all/Bob/data.bin"):
            info = tarfile.TarInfo(name)
            content = bytes(300_000) if name.endswith("bin") else BOOK
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    found, _ = unpacked(path, room)
    assert list(found) == ["Ann", "Bob"]


def test_only_notebooks_are_unpacked(tmp_path: Path, room: Path) -> None:
    """Pictures and data stay packed: nothing of them lies on the disk."""
    a_zip(tmp_path / "c.zip", "a.ipynb", "b.ipynb", "big.csv", "__MACOSX/._a.ipynb", ".x/c.ipynb")
    found, _ = unpacked(tmp_path / "c.zip", room)
    assert list(found) == ["a", "b"]
    assert sorted(p.name for p in room.rglob("*") if p.is_file()) == ["a.ipynb", "b.ipynb"]


def test_links_of_a_zip_are_not_followed(tmp_path: Path, room: Path) -> None:
    """A link becomes neither a link nor the file that it leads to."""
    link = zipfile.ZipInfo("Ann/hh.ipynb")
    link.external_attr = 0o120777 << 16
    (tmp_path / "c.zip").write_bytes(zipped([(link, b"/etc/passwd"), ("Bob/hh.ipynb", BOOK)]))
    found, said = unpacked(tmp_path / "c.zip", room)
    assert found["Ann"].fault == Note(
        message_id="read.fault.not_unpacked", values={"files": "hh.ipynb"}
    )
    assert any("a link in an archive was not followed" in sentence for sentence in said)
    assert not [path for path in room.rglob("*") if path.is_symlink()]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_a_tar_holds_only_files(tmp_path: Path, room: Path, kind: bytes) -> None:
    """Links, pipes and devices of a tar are refused and named."""
    with tarfile.open(tmp_path / "c.tar", "w") as archive:
        odd = tarfile.TarInfo("Ann/hh.ipynb")
        odd.type, odd.linkname = kind, "/etc/passwd"
        archive.addfile(odd)
        good = tarfile.TarInfo("Bob/hh.ipynb")
        good.size = len(BOOK)
        archive.addfile(good, io.BytesIO(BOOK))
    found, said = unpacked(tmp_path / "c.tar", room)
    assert found["Ann"].fault is not None
    assert found["Bob"].fault is None
    assert any("Ann/hh.ipynb" in sentence for sentence in said)


def test_a_bomb_in_a_submission_costs_nobody_else(tmp_path: Path, room: Path) -> None:
    """A notebook that unpacks to too much is left out; the others are graded."""
    bomb = zipped([("hh.ipynb", bytes(101_000_000))])
    content = zipped([("Ann/hh.ipynb", BOOK), ("Bob/work.zip", bomb), ("Cem/hh.ipynb", BOOK)])
    (tmp_path / "c.zip").write_bytes(content)
    found, said = unpacked(tmp_path / "c.zip", room)
    assert [id for id, entry in found.items() if entry.fault] == ["Bob"]
    assert (
        f"{'c.zip'}/Bob/work.zip/hh.ipynb: it unpacks to more than is read; it was left out."
        in said
    )
    assert sum(p.stat().st_size for p in room.rglob("*") if p.is_file()) < 1000


def test_bombs_in_bombs_end_early(tmp_path: Path, room: Path) -> None:
    """Archives in archives share their bound, so that many of them cost no more than one."""
    bomb = zipped([("hh.ipynb", bytes(90_000_000))])  # alone within all bounds
    nest = zipped([(f"{n}.zip", bomb) for n in range(40)])
    (tmp_path / "c.zip").write_bytes(zipped([("Ann/hh.ipynb", BOOK), ("Bob/nest.zip", nest)]))
    found, said = unpacked(tmp_path / "c.zip", room)
    assert found["Bob"].fault is not None
    assert any(
        "nest.zip: the archive unpacks to more than is read" in sentence for sentence in said
    )


def test_archives_nest_only_so_deep(tmp_path: Path, room: Path) -> None:
    """A zip in a zip in a zip in a zip is left where it is."""
    data = zipped([("hh.ipynb", BOOK)])
    for level in range(4):
        data = zipped([(f"{level}.zip", data)])
    (tmp_path / "c.zip").write_bytes(zipped([("Ann/x.zip", data), ("Bob/hh.ipynb", BOOK)]))
    found, said = unpacked(tmp_path / "c.zip", room)
    assert found["Ann"].fault is not None
    assert any("an archive within an archive within an archive" in sentence for sentence in said)


SMALL = replace(CLASS_LIMITS, members=10, all_bytes=10_000, free_bytes=20_000)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([(f"{n}.csv", b"") for n in range(11)], "too_many"),
        ([(f"{n}.ipynb", bytes(3_000)) for n in range(4)], "too_large"),
    ],
)
def test_a_classs_archive_has_bounds_too(
    tmp_path: Path, room: Path, files: Files, why: str
) -> None:
    """Too many files, or too many bytes, raise before they are all there."""
    (tmp_path / "c.zip").write_bytes(zipped(files))
    room.mkdir()
    with pytest.raises(ArchiveTooLarge, match=why):
        unpack(tmp_path / "c.zip", ScratchFolder(room), SMALL)
    for name in ("en", "zh"):
        assert catalogue(name).has(f"read.intake.bound.{why}")


def test_a_zips_list_is_bounded_before_it_is_read(tmp_path: Path, room: Path) -> None:
    """The number of members that a zip claims is held against the bound first."""
    data = bytearray(zipped([("a.ipynb", BOOK)]))
    at = data.rindex(b"PK\x05\x06")
    data[at + 8 : at + 12] = struct.pack("<2H", 60_000, 60_000)
    (tmp_path / "c.zip").write_bytes(data)
    room.mkdir()
    with pytest.raises(ArchiveTooLarge, match="too_many"):
        unpack(tmp_path / "c.zip", ScratchFolder(room), STUDENT_LIMITS)


def test_a_tars_headers_are_bounded(tmp_path: Path, room: Path) -> None:
    """A header of many megabytes is not read into memory."""
    with tarfile.open(tmp_path / "c.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("a.ipynb")
        info.pax_headers = {"comment": "x" * 5_000_000}
        archive.addfile(info)
    room.mkdir()
    with pytest.raises(ArchiveTooLarge, match="headers"):
        unpack(tmp_path / "c.tar.gz", ScratchFolder(room))


def test_what_is_passed_over_is_bounded(tmp_path: Path, room: Path) -> None:
    """Bytes that nobody wants count as well: a tar can only be read from its beginning."""
    with tarfile.open(tmp_path / "c.tar.gz", "w:gz") as archive:
        for number in range(4):
            info = tarfile.TarInfo(f"{number}.bin")
            info.size = 40_000
            archive.addfile(info, io.BytesIO(bytes(40_000)))
    room.mkdir()
    with pytest.raises(ArchiveTooLarge, match="too_large"):
        unpack(tmp_path / "c.tar.gz", ScratchFolder(room), SMALL)


@pytest.mark.parametrize("cut", [10, 60, -30])
@pytest.mark.parametrize("name", ["c.zip", "c.tar.gz"])
def test_a_damaged_archive_is_a_sentence(tmp_path: Path, room: Path, name: str, cut: int) -> None:
    """An archive that breaks off stops with a sentence when given, and costs nobody inside."""
    data = zipped([(f"{n}.ipynb", os.urandom(500)) for n in range(4)])
    if name.endswith("gz"):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            info = tarfile.TarInfo("a.ipynb")
            info.size = 500
            archive.addfile(info, io.BytesIO(os.urandom(500)))
        data = packed.getvalue()
    room.mkdir()
    (tmp_path / name).write_bytes(data[:cut])
    with pytest.raises(IntakeError, match="the archive can't be read"):
        collect([tmp_path / name], room)
    (tmp_path / "in" / "Ann").mkdir(parents=True)
    (tmp_path / "in" / "Bob").mkdir()
    (tmp_path / "in" / "Bob" / "hh.ipynb").write_bytes(BOOK)
    (tmp_path / name).rename(tmp_path / "in" / "Ann" / name)
    found, said = unpacked(tmp_path / "in", room)
    assert [id for id, entry in found.items() if entry.fault] == ["Ann"]
    assert any("it is damaged and was left out" in sentence for sentence in said)


def test_a_wrong_checksum_and_a_password(tmp_path: Path, room: Path) -> None:
    """A member whose bytes are not what they should be, or that is locked, is left out."""
    info = zipfile.ZipInfo("Bob/hh.ipynb")
    data = bytearray(zipped([("Ann/hh.ipynb", BOOK), (info, BOOK), ("Cem/hh.ipynb", BOOK)]))
    checksum = struct.pack("<I", zlib.crc32(BOOK))
    first = data.index(b"PK\x01\x02")
    at = data.index(checksum, first)
    data[at : at + 4] = b"\0\0\0\0"
    second = data.index(b"PK\x01\x02", first + 4)
    data[second + 8] |= 1
    (tmp_path / "c.zip").write_bytes(data)
    found, said = unpacked(tmp_path / "c.zip", room)
    assert [id for id, entry in found.items() if entry.fault] == ["Ann", "Bob"]
    assert any("Ann/hh.ipynb: it is damaged" in sentence for sentence in said)
    assert any("locked with a password" in sentence for sentence in said)


def test_a_full_disk_is_no_students_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room to unpack, nothing is graded, and the sentence says so."""

    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ScratchFolder, "new_path", full)
    with pytest.raises(StorageError):
        unpack(a_zip(tmp_path / "c.zip", "a.ipynb"), ScratchFolder(tmp_path))
    with pytest.raises(IntakeError, match="there is no room to unpack it"):
        collect([tmp_path / "c.zip"], tmp_path)


def test_results_in_an_archive_are_nobodys(tmp_path: Path, room: Path) -> None:
    """What an earlier batch left in a folder that was packed with it is not graded again."""
    batch = ("summary.json", "grades.csv", "index.html", "Ann/executed.ipynb")
    names = ["Ann.ipynb", "Bob.ipynb", *(f"feedback/{name}" for name in batch)]
    assert list(unpacked(a_zip(tmp_path / "c.zip", *names), room)[0]) == ["Ann", "Bob"]


def test_every_refusal_has_its_sentence() -> None:
    """Whatever an archive is refused for, there is a sentence for it in both languages."""
    of_members = ("link", "special", "password", "method", "kind", "size")
    of_names = ("absolute", "parent", "deep", "long_name")
    of_archives = ("too_many", "too_large", "headers", "nested")
    for language in ("en", "zh"):
        for why in (*of_members, *of_names, *of_archives):
            assert catalogue(language).has(f"read.intake.refused.{why}")
