"""Archives into a private folder: only notebooks, under names of ours, within bounds.

A member is a stranger's: its name is never a path on this disk, and of its bytes only so
many are read. One that is refused is named in a note; an archive that goes beyond its
bounds gives nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.submission.intake.archive import DAMAGED, Member, TooMuch, members_of
from grader.submission.intake.archive_limits import GIVEN, INSIDE, Bounds, parts_of
from grader.submission.intake.safe_names import safe_name
from grader.submission.intake.tree import (
    File,
    Tree,
    is_archive,
    is_hidden,
    is_other_archive,
    may_be_notebook,
    note,
    without_ending,
)

_CHUNK = 1 << 18
_MOST_NESTED = 2  # archives within archives


class NoRoom(Exception):
    """Our own disk is full, or refuses; ``str()`` says why."""


class _Broken(Exception):
    """A member's bytes are not what the archive says."""


class Store:
    """A private folder that unpacked files are put into, each in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0

    def place(self, name: str) -> Path:
        """Where a file called ``name`` is to lie; nothing is there yet."""
        folder = self._folder / f"{self._count:06}"
        self._count += 1
        folder.mkdir(mode=0o700)
        return folder / safe_name(name)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Archive:
    """One archive: its file, what names in it begin with, and how it is called in notes."""

    path: Path
    prefix: tuple[str, ...] = ()
    shown: str
    store: Store
    bounds: Bounds
    level: int = 0


@dataclass(slots=True)
class _Contents:
    """What was found so far, by name, and how many bytes that took."""

    files: dict[tuple[str, ...], File] = field(default_factory=dict)
    folders: set[tuple[str, ...]] = field(default_factory=set)
    taken: int = 0

    def add(self, file: File, shown: str) -> None:
        """Of one name twice the later counts, as for other programs; none is lost to a refused."""
        if file.parts in self.files and file.path is None:
            file = replace(file, parts=(*file.parts[:-1], f"{file.name} ({len(self.files)})"))
        elif (earlier := self.files.get(file.parts)) is not None:
            if earlier.path is not None:
                earlier.path.unlink()
            file = replace(file, note=earlier.note or note("twice", path=shown))
        self.files[file.parts] = file

    def forget(self) -> None:
        """Remove from the disk what was unpacked."""
        for file in self.files.values():
            if file.path is not None:
                file.path.unlink(missing_ok=True)


def unpack(path: Path, store: Store, bounds: Bounds = GIVEN) -> Tree:
    """What the archive at ``path`` holds, its notebooks unpacked, archives in it as folders.

    Raises ``TooMuch``, one of ``DAMAGED`` where it is not in order, and ``NoRoom``.
    """
    found = _Contents()
    _gather(_Archive(path=path, shown=path.name, store=store, bounds=bounds), found)
    return Tree(path, tuple(found.files.values()), frozenset(found.folders), packed=True)


def unpack_inside(path: Path, parts: tuple[str, ...], store: Store) -> Tree:
    """The same of an archive found in a folder at ``parts``, which never raises for what it is.

    One that can't be unpacked stands there as a file with a note.
    """
    archive = _Archive(
        path=path, prefix=parts, shown=str(path), store=store, bounds=INSIDE, level=1
    )
    found = _as_folder(archive)
    return Tree(path, tuple(found.files.values()), frozenset(found.folders))


def _as_folder(archive: _Archive) -> _Contents:
    """An archive called ``prefix`` as a folder of that name; a file with a note if it can't be."""
    inside = (*archive.prefix[:-1], without_ending(archive.prefix[-1]))
    found = _Contents(folders={inside})
    if archive.level > _MOST_NESTED:
        file = File(archive.prefix, note=note("refused.nested", path=archive.shown))
        return _Contents(files={file.parts: file})
    try:
        _gather(replace(archive, prefix=inside), found)
    except (TooMuch, *DAMAGED) as problem:
        found.forget()
        why = f"refused.{problem}" if isinstance(problem, TooMuch) else "damaged"
        file = File(archive.prefix, note=note(why, path=archive.shown))
        # What it took is not known: within a student's archive it counts as all there may be.
        taken = archive.bounds.all_bytes if archive.level > 1 else 0
        return _Contents(files={file.parts: file}, taken=taken)
    return found


def _gather(archive: _Archive, found: _Contents) -> None:
    """Go through the members of ``archive``, into ``found``."""
    bounds, count = archive.bounds, 0
    stream = min(bounds.all_bytes, bounds.small + bounds.ratio * archive.path.stat().st_size)
    with members_of(archive.path, bounds.members, stream) as members:
        for member in members:
            count += 1
            if count > bounds.members:
                raise TooMuch("too_many")
            own, refused = parts_of(member.name, bounds)
            if any(map(is_hidden, own)):
                continue
            parts = (*archive.prefix, *own)
            if member.is_folder and not refused:
                found.folders.update(parts[:end] for end in range(1, len(parts) + 1))
            else:
                _take(archive, member, parts, refused, found)
            if found.taken >= bounds.all_bytes:
                raise TooMuch("too_large")


def _take(
    archive: _Archive, member: Member, parts: tuple[str, ...], refused: str, found: _Contents
) -> None:
    """One member: unpacked, only named, or refused with a note."""
    shown = "/".join((archive.shown, *parts[len(archive.prefix) :]))
    name, bounds = parts[-1], archive.bounds
    refused = refused or member.refused or ("kind" if is_other_archive(name) else "")
    left = bounds.all_bytes - found.taken
    if refused:
        found.add(File(parts, note=note(f"refused.{refused}", path=shown)), shown)
    elif is_archive(name):
        file, size = _copied(archive, member, parts, shown, min(left, bounds.archive_bytes))
        found.taken += size
        if file.path is None:
            found.add(file, shown)
            return
        inner = replace(
            archive,
            path=file.path,
            prefix=parts,
            shown=shown,
            bounds=INSIDE,
            level=archive.level + 1,
        )
        contents = _as_folder(inner)
        file.path.unlink()
        found.taken += contents.taken
        found.folders |= contents.folders
        for one in contents.files.values():
            found.add(one, shown)
    elif may_be_notebook(name):
        file, size = _copied(archive, member, parts, shown, min(left, bounds.notebook_bytes))
        found.taken += size
        found.add(file, shown)
    else:
        found.add(File(parts, time=member.time), shown)


def _copied(
    archive: _Archive, member: Member, parts: tuple[str, ...], shown: str, most: int
) -> tuple[File, int]:
    """A member as a file of ours, and how many bytes were read of it; refused beyond ``most``."""
    size = 0
    try:
        place = archive.store.place(parts[-1])
        with place.open("xb") as out:
            for data in _chunks(member):
                size += len(data)
                if size > most:
                    break
                out.write(data)
    except OSError as problem:
        raise NoRoom(problem.strerror or type(problem).__name__) from None
    except _Broken:
        place.unlink()
        return File(parts, note=note("damaged", path=shown)), size
    except TooMuch:
        place.unlink()  # nobody else knows of it yet
        raise
    if size > most:
        place.unlink()
        return File(parts, note=note("refused.size", path=shown)), size
    return File(parts, place, member.time), size


def _chunks(member: Member) -> Iterator[bytes]:
    """A member's bytes. Whatever is raised for them is the archive's fault, not our disk's."""
    try:
        source = member.open()
        while data := source.read(_CHUNK):
            yield data
    except DAMAGED as problem:
        raise _Broken from problem
