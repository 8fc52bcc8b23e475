"""The rules of handing in: due dates, the cost of lateness, the attempt that counts."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from grader.assignment.exercise import FrozenModel, NonNegative

Percent = Annotated[float, Field(ge=0, le=100)]


class LatePenalty(FrozenModel):
    """The cost of lateness: ``percent_a_day`` of full marks for each day that was begun.

    It brings no mark below ``floor_percent`` of full marks, and raises none. What is more than
    ``cutoff_days`` late gets 0, whatever the floor.
    """

    percent_a_day: Percent = 0
    floor_percent: Percent = 0
    cutoff_days: NonNegative | None = None

    def mark(self, earned: float, most: float, days: int) -> float:
        """Return what is left of ``earned``, of ``most`` points, ``days`` late."""
        if days <= 0:
            return earned
        if self.cutoff_days is not None and days > self.cutoff_days:
            return 0.0
        left = max(earned - days * self.percent_a_day / 100 * most, self.floor_percent / 100 * most)
        return round(max(0.0, min(earned, left)), 6)


class SubmissionRules(FrozenModel):
    """The rules of handing in. Without ``due`` only a platform says what is late.

    Until ``grace_minutes`` after ``due`` nothing is late; after that days count from ``due``.
    """

    due: AwareDatetime | None = None
    grace_minutes: NonNegative = 0
    counts: Literal["best", "last"] = "last"
    late: LatePenalty = LatePenalty()

    def days_late(self, when: datetime, due: datetime | None = None) -> int:
        """Return the number of days begun between ``due``, or else the rules' own, and ``when``."""
        due = due or self.due
        if due is None or when <= due + timedelta(minutes=self.grace_minutes):
            return 0
        return math.ceil((when - due) / timedelta(days=1))


ANY_TIME = SubmissionRules()
"""The rules of an assignment that has none: nothing is late, the last attempt counts."""
