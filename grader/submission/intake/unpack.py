"""Archives into a private folder: only notebooks, under names of ours, within bounds.

A member is a stranger's: its name is never a path on this disk, and of its bytes only so
many are read. One that is refused is named in a note; an archive that goes beyond its
bounds gives nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.submission.intake.archive import ARCHIVE_ERRORS, ArchiveTooLarge, Member, open_members
from grader.submission.intake.archive_limits import (
    CLASS_LIMITS,
    STUDENT_LIMITS,
    ArchiveLimits,
    split_name,
)
from grader.submission.intake.file_tree import (
    File,
    FileTree,
    is_archive,
    is_hidden,
    is_other_archive,
    may_be_notebook,
    note,
    strip_archive_suffix,
)
from grader.submission.intake.safe_names import safe_name

_CHUNK = 1 << 18
_MOST_NESTED = 2  # archives within archives


class StorageError(Exception):
    """Our own disk is full, or refuses; ``str()`` says why."""


class _DamagedMember(Exception):
    """A member's bytes are not what the archive says."""


class ScratchFolder:
    """A private folder that unpacked files are put into, each in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0

    def new_path(self, name: str) -> Path:
        """Return a new path for a file called ``name``; nothing is there yet."""
        folder = self._folder / f"{self._count:06}"
        self._count += 1
        folder.mkdir(mode=0o700)
        return folder / safe_name(name)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Archive:
    """One archive: its file, what names in it begin with, and how it is called in notes."""

    path: Path
    prefix: tuple[str, ...] = ()
    location: str
    scratch: ScratchFolder
    limits: ArchiveLimits
    level: int = 0


@dataclass(slots=True)
class _Contents:
    """The files found so far, by name, and how many bytes that took."""

    files: dict[tuple[str, ...], File] = field(default_factory=dict)
    folders: set[tuple[str, ...]] = field(default_factory=set)
    bytes_read: int = 0

    def add(self, file: File, shown: str) -> None:
        """Add a file: of one name twice the later counts, but a refused one replaces none."""
        if file.parts in self.files and file.path is None:
            file = replace(file, parts=(*file.parts[:-1], f"{file.name} ({len(self.files)})"))
        elif (earlier := self.files.get(file.parts)) is not None:
            if earlier.path is not None:
                earlier.path.unlink()
            file = replace(file, note=earlier.note or note("twice", path=shown))
        self.files[file.parts] = file

    def delete_files(self) -> None:
        """Remove from the disk what was unpacked."""
        for file in self.files.values():
            if file.path is not None:
                file.path.unlink(missing_ok=True)


def unpack(path: Path, scratch: ScratchFolder, limits: ArchiveLimits = CLASS_LIMITS) -> FileTree:
    """Return the files of the archive at ``path``, notebooks unpacked, archives in it as folders.

    Raises ``ArchiveTooLarge``, one of ``ARCHIVE_ERRORS`` where it is damaged, ``StorageError``.
    """
    contents = _Contents()
    _read_members(_Archive(path=path, location=path.name, scratch=scratch, limits=limits), contents)
    return FileTree(path, tuple(contents.files.values()), frozenset(contents.folders), packed=True)


def unpack_inside(path: Path, parts: tuple[str, ...], scratch: ScratchFolder) -> FileTree:
    """Unpack an archive found in a folder at ``parts``, without raising for what it is.

    One that can't be unpacked stands there as a file with a note.
    """
    archive = _Archive(
        path=path, prefix=parts, location=str(path), scratch=scratch, limits=STUDENT_LIMITS, level=1
    )
    contents = _unpack_as_folder(archive)
    return FileTree(path, tuple(contents.files.values()), frozenset(contents.folders))


def _unpack_as_folder(archive: _Archive) -> _Contents:
    """Unpack an archive called ``prefix`` as a folder; return a file with a note if it can't be."""
    inside = (*archive.prefix[:-1], strip_archive_suffix(archive.prefix[-1]))
    contents = _Contents(folders={inside})
    if archive.level > _MOST_NESTED:
        file = File(archive.prefix, note=note("refused.nested", path=archive.location))
        return _Contents(files={file.parts: file})
    try:
        _read_members(replace(archive, prefix=inside), contents)
    except (ArchiveTooLarge, *ARCHIVE_ERRORS) as problem:
        contents.delete_files()
        why = f"refused.{problem}" if isinstance(problem, ArchiveTooLarge) else "damaged"
        file = File(archive.prefix, note=note(why, path=archive.location))
        # What it took is not known: within a student's archive it counts as all there may be.
        taken = archive.limits.all_bytes if archive.level > 1 else 0
        return _Contents(files={file.parts: file}, bytes_read=taken)
    return contents


def _read_members(archive: _Archive, contents: _Contents) -> None:
    """Go through the members of ``archive``, into ``contents``."""
    limits, count = archive.limits, 0
    stream = min(limits.all_bytes, limits.free_bytes + limits.ratio * archive.path.stat().st_size)
    with open_members(archive.path, limits.members, stream) as members:
        for member in members:
            count += 1
            if count > limits.members:
                raise ArchiveTooLarge("too_many")
            own, refused = split_name(member.name, limits)
            if any(map(is_hidden, own)):
                continue
            parts = (*archive.prefix, *own)
            if member.is_folder and not refused:
                contents.folders.update(parts[:end] for end in range(1, len(parts) + 1))
            else:
                _add_member(archive, member, parts, refused, contents)
            if contents.bytes_read >= limits.all_bytes:
                raise ArchiveTooLarge("too_large")


def _add_member(
    archive: _Archive, member: Member, parts: tuple[str, ...], refused: str, contents: _Contents
) -> None:
    """One member: unpacked, only named, or refused with a note."""
    shown = "/".join((archive.location, *parts[len(archive.prefix) :]))
    name, limits = parts[-1], archive.limits
    refused = refused or member.refusal or ("kind" if is_other_archive(name) else "")
    left = limits.all_bytes - contents.bytes_read
    if refused:
        contents.add(File(parts, note=note(f"refused.{refused}", path=shown)), shown)
    elif is_archive(name):
        file, size = _copy_member(archive, member, parts, shown, min(left, limits.archive_bytes))
        contents.bytes_read += size
        if file.path is None:
            contents.add(file, shown)
            return
        inner = replace(
            archive,
            path=file.path,
            prefix=parts,
            location=shown,
            limits=STUDENT_LIMITS,
            level=archive.level + 1,
        )
        inner_contents = _unpack_as_folder(inner)
        file.path.unlink()
        contents.bytes_read += inner_contents.bytes_read
        contents.folders |= inner_contents.folders
        for one in inner_contents.files.values():
            contents.add(one, shown)
    elif may_be_notebook(name):
        file, size = _copy_member(archive, member, parts, shown, min(left, limits.notebook_bytes))
        contents.bytes_read += size
        contents.add(file, shown)
    else:
        contents.add(File(parts, time=member.time), shown)


def _copy_member(
    archive: _Archive, member: Member, parts: tuple[str, ...], shown: str, most: int
) -> tuple[File, int]:
    """Copy a member to a file of ours; return it and the bytes read. Refuse more than ``most``."""
    size = 0
    try:
        place = archive.scratch.new_path(parts[-1])
        with place.open("xb") as out:
            for data in _chunks(member):
                size += len(data)
                if size > most:
                    break
                out.write(data)
    except OSError as problem:
        raise StorageError(problem.strerror or type(problem).__name__) from None
    except _DamagedMember:
        place.unlink()
        return File(parts, note=note("damaged", path=shown)), size
    except ArchiveTooLarge:
        place.unlink()  # nobody else knows of it yet
        raise
    if size > most:
        place.unlink()
        return File(parts, note=note("refused.size", path=shown)), size
    return File(parts, place, member.time), size


def _chunks(member: Member) -> Iterator[bytes]:
    """Yield a member's bytes. Whatever is raised for them is the archive's fault, not the disk."""
    try:
        source = member.open()
        while data := source.read(_CHUNK):
            yield data
    except ARCHIVE_ERRORS as problem:
        raise _DamagedMember from problem
