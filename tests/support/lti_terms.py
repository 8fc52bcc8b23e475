"""What a platform that speaks LTI 1.3 holds of a class, and what the gradebook says of it."""

from __future__ import annotations

from grader.gradebook.store import open_gradebook
from tests.support.lms.lti import Platform
from tests.support.passbacks import Term, number

CLASS = 6
LATE = "POST /course/7/lineitem/scores"


def states(term: Term) -> list[str]:
    with open_gradebook(term.book) as opening:
        found = opening.connection.execute("SELECT state FROM sending ORDER BY id")
        return [state for (state,) in found]


def once_each(platform: Platform, count: int = CLASS) -> dict[str, float]:
    """What arrived; every score came once."""
    assert {user: len(given) for user, given in platform.scores.items()} == {
        f"u{number(place)}": 1 for place in range(count)
    }
    return platform.marks()
