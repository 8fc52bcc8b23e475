"""Match submissions to people: by number first, then by name, never by a guess."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from grader.gradebook.export.results import GradedSubmission

_WORDS = re.compile(r"[^\W_]+")
_SHORTEST_ID = 4  # characters that a number within a file's name must have to count
_SHORTEST_NAME = 2
_NUMBERED = ("canvas", "moodle")  # layouts whose numbers mean nothing on another platform


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A row of a gradebook. ``number`` is the platform's own; ``logins`` are other numbers.

    ``called`` is what the teacher says of them in terms of the download: a submission's id or
    number.
    """

    line: int
    number: str
    name: str
    logins: tuple[str, ...] = ()
    submission: str = ""


@dataclass(frozen=True, slots=True)
class Matching:
    """Rows to submissions, by line; and what could not be told."""

    submissions: dict[int, GradedSubmission] = field(default_factory=dict)
    by_name: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)


def match_people(
    submissions: Iterable[GradedSubmission], people: Sequence[Person], platform: str
) -> Matching:
    """Match every submission to the one person whose it is.

    ``platform`` is the layout whose ids are the people's numbers. Where two people or two
    submissions come into question, nothing is filled in.
    """
    result = Matching()
    taken: dict[int, list[tuple[GradedSubmission, bool]]] = {}
    for graded in submissions:
        found, by_name = _people_of(graded, people, platform)
        if not found:
            result.unmatched.append(graded.id)
        elif len(found) > 1:
            result.doubtful.append(graded.id)
        else:
            taken.setdefault(found[0].line, []).append((graded, by_name))
    for line, claims in taken.items():
        sure = [claim for claim in claims if not claim[1]] or claims
        if len(sure) == 1:
            result.submissions[line] = sure[0][0]
            result.by_name.extend(graded.id for graded, by_name in sure if by_name)
        result.doubtful.extend(
            graded.id for graded, _ in claims if len(sure) > 1 or graded is not sure[0][0]
        )
    return result


def _people_of(
    graded: GradedSubmission, people: Sequence[Person], platform: str
) -> tuple[list[Person], bool]:
    """Find the people who come into question, and say if only by their names."""
    origin = graded.origin
    own = {_folded(origin.lms_id), _folded(graded.id)} - {""}
    if called := [person for person in people if _folded(person.submission) in own]:
        return called, False
    if origin.layout == platform:
        found = [person for person in people if person.number == origin.lms_id]
        if found or origin.anonymous:
            return found, False
    else:
        wanted = set() if origin.layout in _NUMBERED else own
        found = [p for p in people if any(_folded(login) in wanted for login in p.logins)]
        if not found and origin.layout == "plain":
            words = {w for w in _words(graded.id) if len(w) >= _SHORTEST_ID}
            found = [p for p in people if any(_folded(login) in words for login in p.logins)]
        if found:
            return found, False
    keys = _keys(graded.name)
    found = [person for person in people if keys & _keys(person.name)]
    if not found and origin.layout == "plain":
        words = {w for w in _words(graded.id) if len(w) >= _SHORTEST_NAME}
        found = [person for person in people if words & _keys(person.name)]
    return found, True


def _keys(name: str) -> set[str]:
    """Return what a name may be written as: its words run together, in its order and in none."""
    words = _words(name)
    return {"".join(words), "".join(sorted(words))} - {""}


def _words(text: str) -> list[str]:
    return _WORDS.findall(_folded(text))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
