"""Ids of submissions: names that are safe as a folder's name on every disk, and unique."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

_MOST_BYTES = 120  # in UTF-8; leaves room for what is put behind a name
_NOT_IN_NAMES = frozenset('<>:"/\\|?*')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
)


def safe_name(*parts: str) -> str:
    """One folder name out of a path's parts, joined by dashes.

    Letters of every script, digits, spaces and dashes stay; what a disk or a shell
    trips over does not. The same parts always make the same name.
    """
    whole = unicodedata.normalize("NFC", "-".join(parts))
    kept = [
        char if char not in _NOT_IN_NAMES else "-"
        for char in whole
        if unicodedata.category(char) not in _INVISIBLE
    ]
    name = _strip_bad_ends("".join(kept))
    if name.partition(".")[0].rstrip().casefold() in _RESERVED:
        name = f"{name.partition('.')[0].rstrip()}_" + "".join(name.partition(".")[1:])
    if len(name.encode()) > _MOST_BYTES:
        mark = "-" + hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        short = name.encode()[: _MOST_BYTES - len(mark)].decode("utf-8", "ignore")
        name = _strip_bad_ends(short) + mark
    return name or "submission"


def make_unique(names: Sequence[str], reserved: Sequence[str] = ()) -> list[str]:
    """Return the names, the second and later of equal ones numbered: ``name-2``.

    So are those that were ``reserved``.

    Names that differ only in case are equal, as they are on many disks. A name that
    is already unique is never changed.
    """
    taken = {_folded(name) for name in names}
    last_number = {_folded(name): 1 for name in reserved}
    unique = []
    for name in names:
        folded, candidate = _folded(name), name
        if folded in last_number:
            number = last_number[folded] + 1
            while _folded(candidate := f"{name}-{number}") in taken:
                number += 1
            last_number[folded] = number
            taken.add(_folded(candidate))
        else:
            last_number[folded] = 1
        unique.append(candidate)
    return unique


def _strip_bad_ends(name: str) -> str:
    """Without what hides a folder, reads as an option or is lost on Windows."""
    return name.lstrip(" .~-\t\u3000").rstrip(" .\t\u3000")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())
