"""``grader new``: a small assignment that works, laid out to be changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.assignment.find import list_assignments
from grader.authoring.release.author_error import AuthorError
from grader.core.types import Note

_TEMPLATES = Path(__file__).with_name("templates")
_ID = "@ID@"  # stands for the assignment's, in texts and names of files
_GOOD_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewAssignment:
    """The two folders of a new assignment, and its teacher's notebook."""

    folder: Path
    teachers: Path
    solution: Path


def default_root() -> Path | None:
    """Return the folder with the assignments that the package finds by itself; None without any."""
    known = list_assignments()
    return next((place.folder.parents[1] for place in known.values()), None)


def create_assignment(id: str, root: Path) -> NewAssignment:
    """Make ``assignments/ID`` and ``reference/ID`` below ``root``.

    ``root`` may be an ``assignments`` folder itself, as `list_assignments` takes it. Raises
    ``AuthorError`` for an id that is none, is near another's, or whose folders are there;
    nothing is ever overwritten.
    """
    assignments = root / "assignments"
    if not assignments.is_dir() and any(root.glob("*/assignment.toml")):
        assignments = root
    folder, teachers = assignments / id, assignments.parent / "reference" / id
    if faults := _faults_of_id(id, list_assignments(assignments)):
        raise AuthorError(faults)
    for made in (folder, teachers):
        if made.exists():
            raise AuthorError([Note(message_id="author.new.there", values={"folder": str(made)})])
    for part, place in (("assignment", folder), ("reference", teachers)):
        source = _TEMPLATES / part
        for file in sorted(source.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                target = place / str(file.relative_to(source)).replace(_ID, id)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(file.read_text("utf-8").replace(_ID, id), "utf-8")
    return NewAssignment(
        folder=folder, teachers=teachers, solution=teachers / f"{id}-solution.ipynb"
    )


def _faults_of_id(id: str, known: Iterable[str]) -> list[Note]:
    if not _GOOD_ID.fullmatch(id):
        example = re.sub(r"[^a-z0-9]+", "-", id.lower()).lstrip("-0123456789")[:40].strip("-")
        if not example:
            return [Note(message_id="author.new.bad_id_alone", values={"id": id})]
        return [Note(message_id="author.new.bad_id", values={"id": id, "example": example})]
    near = [other for other in known if other != id and _plain(other) == _plain(id)]
    return [Note(message_id="author.new.near", values={"id": id, "other": one}) for one in near]


def _plain(id: str) -> str:
    return re.sub(r"[^a-z0-9]", "", id.lower())
