"""From the paths on the command line to the entries of a batch."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.assignment.schema import Assignment
from grader.core.note_error import NoteError
from grader.core.types import Note
from grader.submission.intake.archive import ARCHIVE_ERRORS, ArchiveTooLarge
from grader.submission.intake.file_tree import File, FileTree, is_archive, is_other_archive, note
from grader.submission.intake.group import SubmissionGroup, group_files, strip_notebook_suffix
from grader.submission.intake.lms_names import LmsKey, lms_key
from grader.submission.intake.roster import ROSTER_FILE, UNKNOWN_ORIGIN, Layout, Origin, RosterEntry
from grader.submission.intake.safe_names import make_unique, safe_name
from grader.submission.intake.scan import BATCH_FILES, FORMAT_FILES, scan, without_results
from grader.submission.intake.select_notebook import Selection, select_notebooks
from grader.submission.intake.unpack import ScratchFolder, StorageError, unpack
from grader.submission.notebook.read import read_notebook

_RESERVED = (ROSTER_FILE, "changes.csv")  # what else lies beside the submissions' folders
_LOOKED_INTO = 20  # notebooks, to learn the assignment's name
_MOST_OF_A_KIND = 10  # notes of one kind that are said one by one
_MOST_NOTES = 8  # of one submission
_LONGEST_PATH = 1000  # characters, of a place that is only named


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmittedFile:
    """A submission to be graded. ``id`` is unique in its batch and safe as a folder name.

    ``notes`` say what was chosen on the way here. With a ``fault`` there is no notebook,
    and ``path`` is where one was looked for.
    """

    id: str
    path: Path
    origin: Origin = UNKNOWN_ORIGIN
    notes: tuple[Note, ...] = ()
    fault: Note | None = None

    @property
    def roster_entry(self) -> RosterEntry:
        """The roster's entry of it."""
        return RosterEntry(
            id=self.id, file="" if self.fault else self.path.name, origin=self.origin
        )


class IntakeError(NoteError):
    """A path can't be used; ``note`` says why and what to do."""


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """All that was found, before it is known which assignment is graded."""

    groups: tuple[SubmissionGroup, ...]
    notes: tuple[Note, ...]

    @property
    def notebooks(self) -> list[Path]:
        """The first notebooks, as many as are looked into to learn the assignment."""
        files = [f for group in self.groups for f in group.files if f.is_notebook]
        return [file.path for file in files if file.path is not None][:_LOOKED_INTO]

    def named_assignment(self) -> str | None:
        """Return the assignment that the first notebook to name one names in its metadata."""
        for path in self.notebooks:
            try:
                named = read_notebook(path).assignment
            except Exception:  # reading it once more will say what it is
                continue
            if named is not None:
                return named
        return None

    def select(self, assignment: Assignment | None) -> tuple[list[SubmittedFile], list[Note]]:
        """Return the submissions, and what is to be said to the teacher before they are graded.

        Neither the order of paths nor that of a disk changes an id.
        """
        chosen = [one for group in self.groups for one in select_notebooks(group, assignment)]
        once: dict[Path | str, tuple[str, Selection]] = {}
        for one in chosen:
            name = safe_name(*one.group.name)
            key = one.path.resolve() if one.path else one.group.location
            if key not in once or name < once[key][0]:
                once[key] = (name, one)
        ordered = [once[key] for key in sorted(once, key=lambda key: (once[key][0], str(key)))]
        ids = make_unique([name for name, _ in ordered], (*BATCH_FILES, *FORMAT_FILES, *_RESERVED))
        notes = [*self.notes]
        submissions = []
        for (name, one), id in zip(ordered, ids, strict=True):
            if id != name:
                notes.append(note("renamed", path=one.group.location, id=id))
            submissions.append(_submitted_file(id, one))
        split_folders = dict.fromkeys(one.split_folder for one in chosen if one.split_folder)
        notes += [note("kept_apart", path=folder) for folder in split_folders]
        notes += _unique(n for one in chosen for n in one.notes if not n.for_student)
        reasons = [n.message_id for _, one in ordered for n in one.notes]
        if several := sum(reason.startswith("read.several.") for reason in reasons):
            notes.append(note("several", count=several))
        if empty := [entry.id for entry in submissions if entry.fault]:
            notes.append(note("without", count=len(empty), ids=", ".join(empty[:12])))
        return sorted(submissions, key=lambda e: (e.id.casefold(), e.id)), [*_short(notes)]


def collect(
    paths: Sequence[Path],
    scratch: Path | None = None,
    exclude: Path | None = None,
    layout: Layout | None = None,
) -> IntakeResult:
    """Collect what lies at ``paths``: notebooks, folders, archives, a platform's download.

    Archives are unpacked below ``scratch``, a private folder that must stay for as long as
    the submissions are read; without one they are refused. ``exclude`` is the folder that
    reports go to. ``layout`` None finds out how files are named.

    Raises ``IntakeError`` for a path that doesn't exist or can't be unpacked.
    """
    scratch_folder = None if scratch is None else ScratchFolder(scratch)
    groups: list[SubmissionGroup] = []
    notes: list[Note] = []
    for path in paths:
        if not os.path.exists(path):  # unlike Path.exists it never raises
            raise IntakeError(note("missing", path=path))
        if not path.is_dir() and not path.is_file():
            raise IntakeError(note("no_file", path=path))
        if path.is_file() and not (is_archive(path.name) or is_other_archive(path.name)):
            file = File((path.name,), path)
            groups.append(
                SubmissionGroup(
                    name=(strip_notebook_suffix(path.name),),
                    location=str(path),
                    files=(_as_named(file),),
                )
            )
            continue
        tree = _read_tree(path, scratch_folder, exclude)
        found, more = group_files(tree, layout, alone=len(paths) == 1)
        groups += found
        notes += [*tree.notes, *more]
        of_units = {id(f.note) for group in found for f in group.files if f.note is not None}
        notes += [f.note for f in tree.files if f.note is not None and id(f.note) not in of_units]
    return IntakeResult(tuple(_merge_groups(groups)), tuple(notes))


def find_submissions(
    paths: Sequence[Path], exclude: Path | None = None, assignment: Assignment | None = None
) -> tuple[list[SubmittedFile], list[Note]]:
    """Return the submissions at ``paths``, none of which is an archive; see ``collect``."""
    return collect(paths, exclude=exclude).select(assignment)


def _as_named(file: File) -> File:
    """Return a file that was given by name as a notebook; reading it will say what it is."""
    return (
        file
        if file.is_notebook
        else replace(file, parts=(f"{strip_notebook_suffix(file.name)}.ipynb",))
    )


def _read_tree(path: Path, scratch: ScratchFolder | None, exclude: Path | None) -> FileTree:
    try:
        if path.is_dir():
            return scan(path, scratch, exclude)
        if scratch is None or is_other_archive(path.name):
            raise IntakeError(note("archive", path=path))
        return without_results(unpack(path, scratch))
    except StorageError as problem:
        raise IntakeError(note("no_room", path=path, reason=problem)) from None
    except ArchiveTooLarge as problem:
        raise IntakeError(note(f"bound.{problem}", path=path)) from None
    except ARCHIVE_ERRORS as problem:
        raise IntakeError(note("damaged_archive", path=path, reason=problem)) from None


def _merge_groups(groups: Iterable[SubmissionGroup]) -> Iterator[SubmissionGroup]:
    """Yield what one student of a platform handed in more than once, as one."""
    known: dict[LmsKey, SubmissionGroup] = {}
    for group in groups:
        origin = group.origin
        if origin.layout not in ("canvas", "moodle"):
            yield group
            continue
        if (key := lms_key(origin)) in known:
            files = (*known[key].files, *group.files)
            known[key] = replace(group, files=files)
        else:
            known[key] = group
    yield from known.values()


def _submitted_file(id: str, one: Selection) -> SubmittedFile:
    notes = one.notes
    if one.group.origin.late:
        notes = (*notes, note("late"))
    path = one.path
    if path is None:
        shown = one.group.location
        path = Path(shown if len(shown) <= _LONGEST_PATH else shown[-_LONGEST_PATH:])
    return SubmittedFile(
        id=id,
        path=path,
        origin=one.group.origin,
        notes=_short(notes, 3)[:_MOST_NOTES],
        fault=one.fault,
    )


def _unique(notes: Iterable[Note]) -> list[Note]:
    """Return the notes without those that are there already: a folder's are each of its files'."""
    return list({id(one): one for one in notes}.values())


def _short(notes: Iterable[Note], most: int = _MOST_OF_A_KIND) -> tuple[Note, ...]:
    """Return the notes, of each kind only the first few and how many more there are."""
    count: Counter[str] = Counter()
    kept = []
    for one in notes:
        count[one.message_id] += 1
        if count[one.message_id] <= most:
            kept.append(one)
    more = sum(number - most for number in count.values() if number > most)
    return (*kept, note("more", count=more)) if more else tuple(kept)
