"""The interface of a platform: who is there, what they have, and to take a mark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from grader.gradebook.export.match_people import Person
from grader.gradebook.sent_log import DeliveryState


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteScore:
    """The platform's own mark of one user, in our points; None for none yet."""

    score: float | None
    excused: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformState:
    """The platform as it is now."""

    people: tuple[Person, ...] = ()
    remote_scores: Mapping[str, RemoteScore] | None = None
    """None where it doesn't tell marks."""
    reports_at_once: bool = False
    """True if it tells of every mark as soon as that is there."""
    max_score: float | None = None
    """The highest mark there; None where the platform scales by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingScore:
    """A mark on its way; ``is_repeat`` where an earlier run may have sent it already."""

    user: str
    score: float
    max_score: float
    timestamp: datetime
    comment: str = ""
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class SendResult:
    """The end of a sending: it arrived, or was refused and what was said of that.

    Still "begun" is what may have arrived in a try before, and the next look will tell. With
    something told it is only taken to have arrived.
    """

    state: DeliveryState
    response: str = field(default="")


class LearningPlatform(Protocol):
    """A place for the marks of one assignment."""

    @property
    def target(self) -> str:
        """The name that the sent log has for it."""
        ...

    @property
    def layout(self) -> str:
        """The layout of downloads that have its users' numbers, "" for none."""
        ...

    def read_state(self, most: float) -> PlatformState:
        """Read who is there and what they have. Raises ``PassbackError``.

        ``most`` is what a mark of ours may be.
        """
        ...

    def send(self, outgoing: OutgoingScore) -> SendResult:
        """Send a mark. Raises ``PassbackError`` where none can be sent, ``NoResponse`` within."""
        ...


def is_same_score(one: float, other: float, most: float) -> bool:
    """Return True where two marks are the same, but for how platforms round."""
    return abs(one - other) <= 1e-4 * max(most, 1.0)
