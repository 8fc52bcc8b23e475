"""Where the assignments lie: a clone, an editable install, or a given folder."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.assignment import Assignment
from grader.load import load_assignment

_PACKAGE = Path(__file__).resolve().parent


class NotFound(Exception):
    """There is no such assignment; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Place:
    """An assignment's folder, and its teachers' folder where that is at hand."""

    id: str
    folder: Path
    teachers: Path | None

    def load(self, *, as_teacher: bool, derived: bool = True) -> Assignment:
        """Read it, with the rubric or as a student sees it; ``derived`` as `load_assignment`.

        Raises ``NotFound`` for a teacher where there is no rubric, and
        ``AssignmentError`` for faults in its files.
        """
        if as_teacher and self.teachers is None:
            raise NotFound(
                f"assignment {self.id!r} has no reference/{self.id} here, so nothing can be "
                "graded. Grade from a clone of the project, or give its folder with --assignments."
            )
        teachers = self.teachers if as_teacher else None
        return load_assignment(self.folder, teachers, derived=derived)


def places(given: Path | None = None) -> dict[str, Place]:
    """Every assignment found, by id.

    ``given`` is a folder that holds ``assignments`` (and ``reference``), or that
    ``assignments`` folder itself; without it, the package's own surroundings count.
    """
    found: dict[str, Place] = {}
    root = given or _PACKAGE.parent
    assignments = root / "assignments" if (root / "assignments").is_dir() else root
    for file in sorted(assignments.glob("*/assignment.toml")):
        id = file.parent.name
        teachers = assignments.parent / "reference" / id
        is_there = (teachers / "rubric.toml").is_file()
        found[id] = Place(id, file.parent, teachers if is_there else None)
    return found


def find(
    id: str | None,
    given: Path | None = None,
    named: str | None = None,
    likely: Callable[[Sequence[Place]], Sequence[str]] = lambda places: (),
) -> Place:
    """The assignment ``id``; without one, the one ``named`` by a notebook, else the only one.

    Of several, ``likely`` says which ones the notebook looks like.
    Raises ``NotFound``.
    """
    known = places(given)
    if not known:
        where = f"in {given}" if given else "beside the installed package"
        raise NotFound(
            f"no assignments were found {where}. Give their folder with --assignments DIR."
        )
    wanted = id or (named if named in known else None)
    if wanted is None and len(known) == 1:
        return next(iter(known.values()))
    if wanted is None:
        return known[_only(likely(tuple(known.values())), tuple(known))]
    if wanted not in known:
        near = difflib.get_close_matches(wanted, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise NotFound(f"no assignment {wanted!r}; there are: {', '.join(known)}.{hint}")
    return known[wanted]


def _only(fitting: Sequence[str], known: Sequence[str]) -> str:
    """The one that fits. Raises ``NotFound`` where none does, or several."""
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(fitting)
        raise NotFound(f"the notebook looks like several assignments: {names}. Choose one with -a.")
    raise NotFound(
        f"there are several assignments: {', '.join(known)}. The notebook names none of them and "
        "looks like none. Choose one with -a."
    )
