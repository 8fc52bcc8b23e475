"""Select the notebook to grade of several, and say why: never in silence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from grader.assignment.load import AssignmentError
from grader.assignment.schema import Assignment
from grader.core.types import Note
from grader.submission.cells.find_cell import find_cell
from grader.submission.intake.file_tree import File, list_names, may_be_notebook, note, printable
from grader.submission.intake.group import SubmissionGroup, strip_notebook_suffix
from grader.submission.notebook.decode import Document, decode
from grader.submission.notebook.read import LARGEST, read_notebook

_MOST_READ = 40  # notebooks of one submission that are looked into
_COPY = re.compile(  # one at a time: names are strangers', and a repeated group takes for ever
    r"[\s_-]*(?:\(\d+\)|copy\d*|kopie|副本|v\d+|final|fixed|new|old|draft|\d{1,2})$"
    r"|^(?:copy of |副本)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:\((\d+)\)|-copy(\d+)|[-_]v?(\d{1,2}))$", re.IGNORECASE)
_REASONS = ("readable", "assignment", "cells", "filled", "name", "newest", "number", "first")


@dataclass(frozen=True, slots=True)
class Selection:
    """The outcome for one group: a submission's file or, without one, why there is none."""

    group: SubmissionGroup
    file: File | None
    notes: tuple[Note, ...] = ()
    fault: Note | None = None
    split_folder: str = ""  # the folder that holds it as one of several

    @property
    def path(self) -> Path | None:
        """The file's path; None without a file."""
        return None if self.file is None else self.file.path


@dataclass(frozen=True, order=True, slots=True)
class Likeness:
    """The likeness of a notebook to the homework; compared from the first field to the last."""

    readable: bool
    assignment: int  # 1 names this one in its metadata, 0 names none, -1 another
    cells: int  # exercises whose cell is there
    filled: int  # their blanks that are filled
    name: bool  # it is called like the handout
    newest: float
    number: int  # of a copy, as its name has it
    first: tuple[int, ...]  # so that there is an order at all

    def reason(self, other: Likeness) -> str:
        """Return the field by which this one comes before ``other``."""
        return next(r for r in _REASONS if r == "first" or getattr(self, r) != getattr(other, r))

    @property
    def is_homework(self) -> bool:
        """True if it is this homework, well or badly done."""
        return self.readable and self.assignment >= 0 and (self.assignment == 1 or self.cells > 0)


def select_notebooks(group: SubmissionGroup, assignment: Assignment | None) -> list[Selection]:
    """Return the notebook of ``group`` that counts; several where they may be several students'.

    Without an ``assignment`` only names and times tell.
    """
    own = tuple(file.note for file in group.files if file.note is not None)
    notebooks = [file for file in group.files if file.is_notebook and file.path is not None]
    if not notebooks:
        renamed = [file for file in group.files if file.path is not None and _holds_notebook(file)]
        if not renamed:
            return [Selection(group, None, own, _explain_nothing(group))]
        notebooks = renamed
        own = (*own, note("renamed_notebook", path=group.location, file=renamed[0].name))
    if len(notebooks) == 1:
        return [Selection(group, notebooks[0], own)]
    ranked = sorted(
        ((likeness(file, assignment), file) for file in notebooks[:_MOST_READ]),
        key=lambda pair: pair[0],
        reverse=True,
    )
    if not group.one_student and not _is_one_students(ranked):
        return _select_each(group, notebooks, own)
    (best, taken), (second, _) = ranked[:2]
    steps = zip(*(file.parts[:-1] for file in notebooks), strict=False)
    common = sum(1 for _ in takewhile(lambda step: len(set(step)) == 1, steps))
    names = ["/".join(file.parts[common:]) for _, file in ranked]
    told = Note(
        message_id=f"read.several.{best.reason(second)}",
        values={
            "count": len(notebooks),
            "file": printable(names[0])[-200:],
            "others": list_names(names[1:], 6),
        },
    )
    return [Selection(group, taken, (told, *own))]


def likeness(file: File, assignment: Assignment | None) -> Likeness:
    """Measure how much the notebook ``file`` looks like the homework."""
    number = _NUMBER.search(strip_notebook_suffix(file.name))
    copy = int(next(filter(None, number.groups()))) if number else 0
    first = tuple(-ord(char) for char in "/".join(file.parts))
    if assignment is None or file.path is None:
        return Likeness(True, 0, 0, 0, False, file.time, copy, first)
    named = _base(strip_notebook_suffix(file.name)) == _base(
        strip_notebook_suffix(assignment.notebook.name)
    )
    inside = _match_content(file.path, assignment)
    return Likeness(*inside, named, file.time, copy, first)


def _match_content(path: Path, assignment: Assignment) -> tuple[bool, int, int, int]:
    """Return the first four fields of a notebook's `Likeness`."""
    try:
        submission = read_notebook(path)
        named = submission.assignment
        ours = 0 if named is None else 1 if named == assignment.id else -1
        if submission.fault is not None:
            return False, ours, 0, 0
        found = [find_cell(submission, each, assignment) for each in assignment.exercises]
    except AssignmentError:
        raise
    except Exception:  # of a stranger's file: it may cost that file its place, nobody else's
        return False, 0, 0, 0
    cells = sum(cell.index is not None for cell in found)
    return True, ours, cells, sum(cell.filled for cell in found)


def _is_one_students(ranked: Sequence[tuple[Likeness, File]]) -> bool:
    """Return True if one student made these: one is the homework, or all are copies."""
    homework = [file for like, file in ranked if like.is_homework]
    if len(homework) == 1:
        return True
    same_name = len({_base(strip_notebook_suffix(file.name)) for file in homework}) == 1
    return len(homework) > 1 and (same_name or len({_digest(f) for f in homework}) == 1)


def _select_each(
    group: SubmissionGroup, notebooks: Iterable[File], own: tuple[Note, ...]
) -> list[Selection]:
    return [
        Selection(
            replace(
                group,
                name=(*group.split_prefix, strip_notebook_suffix(file.name)),
                location=f"{group.location}/{file.name}",
            ),
            file,
            own,
            split_folder=group.location if group.split_prefix else "",
        )
        for file in notebooks
    ]


def _base(name: str) -> str:
    """Return a name without what a copy of it is called by."""
    while (shorter := _COPY.sub("", name).strip(" _-")) not in ("", name):
        name = shorter
    return name.casefold()


def _digest(file: File) -> str:
    try:
        return "" if file.path is None else hashlib.sha256(file.path.read_bytes()).hexdigest()
    except OSError:
        return "/".join(file.parts)


def _holds_notebook(file: File) -> bool:
    """Return True if a file of another name holds a notebook."""
    if file.path is None or not may_be_notebook(file.name):
        return False
    try:
        with file.path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError:
        return False
    return len(data) <= LARGEST and isinstance(decode(data), Document)


def _explain_nothing(group: SubmissionGroup) -> Note:
    """Say why there is nothing to grade, for the student."""
    names = [file.name for file in group.files]
    if any(file.note is not None for file in group.files):
        return Note(message_id="read.fault.not_unpacked", values={"files": list_names(names)})
    if not names:
        return Note(message_id="read.fault.nothing_handed_in")
    return Note(message_id="read.fault.no_notebook", values={"files": list_names(names)})
