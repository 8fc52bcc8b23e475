"""Find the assignments: in a clone, an editable install, a wheel, or a given folder."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.core.note_error import NoteError

_PACKAGE = Path(__file__).resolve().parents[1]
_IN_A_WHEEL = _PACKAGE / "assignment" / "data"


class AssignmentNotFound(NoteError):
    """There is no such assignment; ``note`` says which there are."""

    prefix = "cli.place"


@dataclass(frozen=True, slots=True)
class AssignmentFolders:
    """An assignment's folder, and its teachers' folder where that is at hand."""

    id: str
    folder: Path
    teachers: Path | None

    def load(self, *, as_teacher: bool, derived: bool = True) -> Assignment:
        """Read the assignment, with the rubric or as a student sees it.

        ``derived`` is as `load_assignment` has it.

        Raises ``AssignmentNotFound`` for a teacher where there is no rubric, and
        ``AssignmentError`` for faults in its files.
        """
        if as_teacher and self.teachers is None:
            raise AssignmentNotFound("no_reference", id=self.id)
        teachers = self.teachers if as_teacher else None
        return load_assignment(self.folder, teachers, derived=derived)


def list_assignments(root: Path | None = None) -> dict[str, AssignmentFolders]:
    """Return the folders of every assignment, by id.

    ``root`` is a folder that holds ``assignments`` (and ``reference``), or that ``assignments``
    folder itself. Without it they lie beside the package, as in a clone, or within it, as in a
    wheel.
    """
    by_id: dict[str, AssignmentFolders] = {}
    root = root or _own_root()
    assignments = root / "assignments" if (root / "assignments").is_dir() else root
    for file in sorted(assignments.glob("*/assignment.toml")):
        id = file.parent.name
        teachers = assignments.parent / "reference" / id
        is_there = (teachers / "rubric.toml").is_file()
        by_id[id] = AssignmentFolders(id, file.parent, teachers if is_there else None)
    return by_id


def _own_root() -> Path:
    """Return the folder of this program's own assignments: a wheel's lie within the package."""
    return _IN_A_WHEEL if _IN_A_WHEEL.is_dir() else _PACKAGE.parent


def find_assignment(
    id: str | None,
    root: Path | None = None,
    named: str | None = None,
    vote: Callable[[Sequence[AssignmentFolders]], Sequence[str]] = lambda candidates: (),
) -> AssignmentFolders:
    """Find the assignment ``id``; without one, the ``named`` one, else the only one.

    Of several, ``vote`` returns the ids of those that the notebook looks like. ``root`` is as
    `list_assignments` has it. Raises ``AssignmentNotFound``.
    """
    known = list_assignments(root)
    if not known:
        raise AssignmentNotFound("none", folder=str(root or _own_root()))
    wanted = id or (named if named in known else None)
    if wanted is None and len(known) == 1:
        return next(iter(known.values()))
    if wanted is None:
        return known[_only(vote(tuple(known.values())), tuple(known))]
    if wanted not in known:
        near = difflib.get_close_matches(wanted, known, n=1)
        message = "near" if near else "unknown"
        raise AssignmentNotFound(message, id=wanted, known=", ".join(known), near="".join(near))
    return known[wanted]


def _only(fitting: Sequence[str], known: Sequence[str]) -> str:
    """Return the one that fits. Raises ``AssignmentNotFound`` where none does, or several."""
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise AssignmentNotFound("alike", alike=", ".join(fitting))
    raise AssignmentNotFound("several", known=", ".join(known))
