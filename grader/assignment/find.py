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
        """Read it, with the rubric or as a student sees it; ``derived`` as `load_assignment`.

        Raises ``AssignmentNotFound`` for a teacher where there is no rubric, and
        ``AssignmentError`` for faults in its files.
        """
        if as_teacher and self.teachers is None:
            raise AssignmentNotFound("no_reference", id=self.id)
        teachers = self.teachers if as_teacher else None
        return load_assignment(self.folder, teachers, derived=derived)


def list_assignments(given: Path | None = None) -> dict[str, AssignmentFolders]:
    """Every assignment found, by id.

    ``given`` is a folder that holds ``assignments`` (and ``reference``), or that
    ``assignments`` folder itself. Without it they lie beside the package, as in a clone, or
    within it, as in a wheel.
    """
    found: dict[str, AssignmentFolders] = {}
    root = given or _own()
    assignments = root / "assignments" if (root / "assignments").is_dir() else root
    for file in sorted(assignments.glob("*/assignment.toml")):
        id = file.parent.name
        teachers = assignments.parent / "reference" / id
        is_there = (teachers / "rubric.toml").is_file()
        found[id] = AssignmentFolders(id, file.parent, teachers if is_there else None)
    return found


def _own() -> Path:
    """Return the folder of this program's own assignments: a wheel's lie within the package."""
    return _IN_A_WHEEL if _IN_A_WHEEL.is_dir() else _PACKAGE.parent


def find_assignment(
    id: str | None,
    given: Path | None = None,
    named: str | None = None,
    likely: Callable[[Sequence[AssignmentFolders]], Sequence[str]] = lambda places: (),
) -> AssignmentFolders:
    """Find the assignment ``id``; without one, the ``named`` one, else the only one.

    Of several, ``likely`` says which ones the notebook looks like.
    Raises ``AssignmentNotFound``.
    """
    known = list_assignments(given)
    if not known:
        raise AssignmentNotFound("none", folder=str(given or _own()))
    wanted = id or (named if named in known else None)
    if wanted is None and len(known) == 1:
        return next(iter(known.values()))
    if wanted is None:
        return known[_only(likely(tuple(known.values())), tuple(known))]
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
