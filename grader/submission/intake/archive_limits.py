"""Limits on an archive, and the names in it that are believed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.submission.notebook.read import LARGEST

_DRIVE = re.compile(r"[A-Za-z]:")
_SEPARATORS = re.compile(r"[/\\]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveLimits:
    """Limits on what an archive holds. Bytes are those that it unpacks to."""

    members: int
    notebook_bytes: int = LARGEST  # of one notebook
    archive_bytes: int  # of an archive within it
    all_bytes: int  # of all that is unpacked
    ratio: int = 200  # unpacked to packed bytes of a tar, once past ``free_bytes``
    free_bytes: int = 64 << 20
    depth: int = 32  # folders within folders
    name_length: int = 255  # characters of one name


CLASS_LIMITS = ArchiveLimits(members=100_000, archive_bytes=300 << 20, all_bytes=8 << 30)  # a class
STUDENT_LIMITS = ArchiveLimits(
    members=5_000, archive_bytes=200 << 20, all_bytes=300 << 20
)  # a student's


def split_name(name: str, limits: ArchiveLimits = CLASS_LIMITS) -> tuple[tuple[str, ...], str]:
    """Return a member's name as parts, and why it is refused, "" when it is not.

    Names with backslashes come from Windows. What leads out of the archive is left out of
    the parts, which then only say whose it was.
    """
    whole = name.replace("\0", "")
    drive = _DRIVE.match(whole)
    split = _SEPARATORS.split(whole[2:] if drive else whole)
    parts = tuple(part[: limits.name_length] for part in split if part not in ("", ".", ".."))
    if whole[:1] in ("/", "\\") or drive:
        return parts or ("?",), "absolute"
    if ".." in split:
        return parts or ("?",), "parent"
    if len(parts) > limits.depth:
        return parts[: limits.depth], "deep"
    if any(len(part) > limits.name_length for part in split):
        return parts, "long_name"
    return parts or ("?",), ""
