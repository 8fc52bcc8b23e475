"""Names in zips, which say of some only that they are bytes.

A name is UTF-8 where its flag says so, or where it carries Info-ZIP's field with it. The
rest was written by a program that meant its system's own encoding: Windows in China means
GBK, macOS means UTF-8, and the format's own default is code page 437.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Sequence

_UTF_8 = 0x800
_UNICODE_PATH = 0x7075


def decode_names(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Return the names of all members; those that are only bytes are read in one encoding."""
    raw = [None if info.flag_bits & _UTF_8 else _bytes(info) for info in infos]
    unknown = [
        data
        for data, info in zip(raw, infos, strict=True)
        if data is not None and not data.isascii() and not _unicode_path(info, data)
    ]
    encoding = guess_encoding(unknown)
    return [
        info.orig_filename
        if data is None
        else (_unicode_path(info, data) or data.decode(encoding, "replace"))
        for data, info in zip(raw, infos, strict=True)
    ]


def guess_encoding(names: Sequence[bytes]) -> str:
    """Return the encoding in which all of ``names`` are text: UTF-8, GBK (as GB18030), else cp437.

    Any bytes are cp437. They count as GBK where most of what is read so are everyday
    characters: letters with accents in cp437 seldom fall there.
    """
    if _decodable(names, "utf-8"):
        return "utf-8"
    if _decodable(names, "gb18030"):
        text = b"".join(names).decode("gb18030")
        foreign = [char for char in text if ord(char) > 127]
        everyday = sum(_is_everyday(char) for char in foreign)
        if 2 * everyday >= len(foreign):
            return "gb18030"
    return "cp437"


def _decodable(names: Sequence[bytes], encoding: str) -> bool:
    try:
        for name in names:
            name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_everyday(char: str) -> bool:
    try:
        return bool(char.encode("gb2312"))
    except UnicodeEncodeError:
        return False


def _bytes(info: zipfile.ZipInfo) -> bytes:
    """Return a name's own bytes, which ``zipfile`` has read as code page 437."""
    return info.orig_filename.encode("cp437", "replace")


def _unicode_path(info: zipfile.ZipInfo, name: bytes) -> str:
    """Return the name in Info-ZIP's field, when it belongs to ``name``; else ""."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<2H", extra[:4])
        data, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(data) > 5 and data[0] == 1:
            if struct.unpack("<I", data[1:5])[0] != zlib.crc32(name):
                return ""
            try:
                return data[5:].decode("utf-8")
            except UnicodeDecodeError:
                return ""
    return ""
