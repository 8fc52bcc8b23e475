"""What every platform is asked: who is there, what they have, and to take a mark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from grader.gradebook.export.match_people import Person
from grader.gradebook.sent_log import State


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What the platform has of one user: a mark in our points, None for none yet."""

    score: float | None
    excused: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """The platform as it is now. ``held`` is None where it doesn't tell marks.

    ``at_once`` says that it tells of every mark as soon as that is there.
    ``most`` is what a mark may be there; None where the platform scales by itself.
    """

    people: tuple[Person, ...] = ()
    held: Mapping[str, Held] | None = None
    at_once: bool = False
    most: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """A mark on its way; ``again`` where an earlier run may have sent it already."""

    user: str
    score: float
    max_score: float
    stamp: datetime
    comment: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of it: it arrived, or was refused and what was said of that.

    Still "begun" is what may have arrived in a try before, and the next look will tell. With
    something told it is only taken to have arrived.
    """

    state: State
    told: str = field(default="")


class Platform(Protocol):
    """A place for the marks of one assignment."""

    @property
    def target(self) -> str:
        """What the journal calls it."""
        ...

    @property
    def layout(self) -> str:
        """Whose downloads have its users' numbers, "" for nobody's."""
        ...

    def look(self, most: float) -> Look:
        """Read only. ``most`` is what a mark of ours may be. Raises ``PassbackError``."""
        ...

    def send(self, outgoing: Outgoing) -> Sent:
        """Raises ``PassbackError`` where nobody's mark can be sent, ``Unanswered`` within."""
        ...


def same(one: float, other: float, most: float) -> bool:
    """Whether two marks are the same, but for how platforms round."""
    return abs(one - other) <= 1e-4 * max(most, 1.0)
