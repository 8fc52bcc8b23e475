"""A student's own figures: bitmaps only, proved to be of the type that they claim."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from grader.core.types import Figure

_LARGEST: Final = 3_000_000  # bytes of one picture
_MOST: Final = 16
_ALL: Final = 12_000_000  # bytes of all pictures of a page
_WIDEST: Final = 12_000  # pixels
_PIXELS: Final = 40_000_000
_NO_FRAME: Final = (0xC4, 0xC8, 0xCC)  # JPEG markers among the frame headers that are none


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A figure that may be shown; sizes are in pixels."""

    uri: Markup
    """A data URI: nothing but the type and base64's own alphabet."""
    width: int
    height: int
    cell: int | None
    name: str


def select_pictures(figures: tuple[Figure, ...]) -> tuple[tuple[Picture, ...], int]:
    """Return the figures that may be shown, and how many were left out."""
    shown: list[Picture] = []
    room = _ALL
    for figure in figures:
        picture = _picture(figure) if len(shown) < _MOST else None
        if picture is not None and len(picture.uri) <= room:
            room -= len(picture.uri)
            shown.append(picture)
    return tuple(shown), len(figures) - len(shown)


def _picture(figure: Figure) -> Picture | None:
    text = "".join(figure.data[: 2 * _LARGEST].split())
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(data) > _LARGEST:
        return None
    # The bytes decide the type, whatever the notebook claims.
    mime, size = "image/png", _png_size(data)
    if size is None:
        mime, size = "image/jpeg", _jpeg_size(data)
    if size is None or not all(0 < side <= _WIDEST for side in size):
        return None
    if size[0] * size[1] > _PIXELS:
        return None
    return Picture(
        uri=Markup(f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"),
        width=size[0],
        height=size[1],
        cell=figure.cell,
        name=figure.name,
    )


def _png_size(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR" or len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            height, width = struct.unpack(">2H", data[at + 5 : at + 9])
            return width, height
        if length < 2:
            return None
        at += 2 + length
    return None
