"""The members of an archive one by one, without trusting what the archive says of itself.

Nothing is written here and no more is read than is asked for. A zip's list of members is
bounded before Python reads it, a tar's headers while they are read.
"""

from __future__ import annotations

import bz2
import calendar
import gzip
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol, cast

from grader.submission.intake.zip_names import decode_names

_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_MAX_DIRECTORY = 64 << 20  # bytes of a zip's list of members
_MAX_HEADERS = 1 << 20  # bytes that a tar may spend on the headers of one member
_METHODS = (
    zipfile.ZIP_STORED,
    zipfile.ZIP_DEFLATED,
    zipfile.ZIP_BZIP2,
)  # LZMA's memory has no bound
ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
    OSError,
)  # what Python raises for an archive that is not in order


class ArchiveTooLarge(Exception):
    """An archive goes beyond a bound; ``str()`` is the last part of a sentence's id."""


class Readable(Protocol):
    """A source of a member's bytes."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member. ``refusal`` is the last part of a sentence's id, "" when there is none."""

    name: str
    open: Callable[[], Readable]
    is_folder: bool = False
    refusal: str = ""
    time: float = 0.0


@contextmanager
def open_members(path: Path, max_members: int, max_bytes: int) -> Iterator[Iterator[Member]]:
    """Open the members of the archive at ``path``, in its order; read each before the next.

    Raises ``ArchiveTooLarge`` beyond ``max_members`` or ``max_bytes`` that a tar unpacks to, and
    one of ``ARCHIVE_ERRORS``, here or while they are gone through.
    """
    with path.open("rb") as file:
        if path.name.lower().endswith(".zip"):
            _check_zip_directory(file, max_members)
            with zipfile.ZipFile(file) as archive:
                yield _zip_members(archive)
        else:
            unpacked = _LimitedStream(_decompress(file, path.name.lower()), max_bytes)
            with tarfile.open(fileobj=cast(Any, unpacked), mode="r|", bufsize=1 << 16) as archive:
                yield _tar_members(archive, unpacked)


def _check_zip_directory(file: IO[bytes], max_members: int) -> None:
    """Check what a zip's end says of its list against the limits, as ``zipfile`` reads it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - (1 << 16) - 22))
    tail = file.read()
    at = len(tail) - 22 if tail[-22:-18] == _END and tail[-2:] == b"\0\0" else tail.rfind(_END)
    if at >= 0 and len(tail) >= at + 22:
        count, listed = struct.unpack("<HI", tail[at + 10 : at + 16])
        if at >= 76 and tail[at - 20 : at - 16] == _END_64:
            count, listed = struct.unpack("<QQ", tail[at - 44 : at - 28])
        if listed > _MAX_DIRECTORY or count > max_members or listed // 46 > max_members * 8:
            raise ArchiveTooLarge("too_many")
    file.seek(0)


def _zip_members(archive: zipfile.ZipFile) -> Iterator[Member]:
    infos = archive.infolist()
    for info, name in zip(infos, decode_names(infos), strict=True):
        yield Member(
            name,
            partial(archive.open, info),
            is_folder=name.endswith(("/", "\\")),
            refusal=_zip_refusal(info),
            time=_zip_time(info),
        )


def _zip_refusal(info: zipfile.ZipInfo) -> str:
    kind = info.external_attr >> 28  # of a Unix mode; 0 where another system made it
    if kind == 0o12:
        return "link"
    if kind not in (0, 0o10, 0o4):
        return "special"
    if info.flag_bits & 1:
        return "password"
    return "" if info.compress_type in _METHODS else "method"


def _zip_time(info: zipfile.ZipInfo) -> float:
    try:
        return float(calendar.timegm((*info.date_time, 0, 0, 0)))
    except (ValueError, OverflowError):
        return 0.0


def _decompress(file: IO[bytes], name: str) -> IO[bytes]:
    if name.endswith((".gz", ".tgz")):
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    return cast(IO[bytes], bz2.BZ2File(file)) if name.endswith(".bz2") else file


class _LimitedStream:
    """A stream with two bounds: what it gives in all, and what it gives before ``allow``."""

    def __init__(self, source: IO[bytes], most: int) -> None:
        self._source, self._left, self._allowed = source, most, _MAX_HEADERS

    def allow(self, count: int) -> None:
        self._allowed = count

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self._left -= len(data)
        self._allowed -= len(data)
        if self._left < 0:
            raise ArchiveTooLarge("too_large")
        if self._allowed < 0:
            raise ArchiveTooLarge("headers")
        return data


def _tar_members(archive: tarfile.TarFile, unpacked: _LimitedStream) -> Iterator[Member]:
    while True:
        info = archive.next()
        if info is None:
            return
        # The data of a member is passed over by the next call, so it is allowed for now.
        unpacked.allow(_MAX_HEADERS + max(0, info.size))
        yield Member(
            info.name,
            partial(_open_member, archive, info),
            is_folder=info.isdir(),
            refusal=_tar_refusal(info),
            time=float(info.mtime) if abs(info.mtime) < 1e12 else 0.0,
        )
        cast(Any, archive).members = []  # it would keep them all


def _tar_refusal(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "link"
    return "" if info.isdir() or (info.isreg() and not info.issparse()) else "special"


def _open_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Any:
    found = archive.extractfile(info)
    if found is None:
        raise tarfile.ReadError("no data")
    return found
