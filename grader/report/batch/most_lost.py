"""The checks that cost a batch most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from grader.core.types import GradeReport
from grader.report.text.phrases import points_lost, total

_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class CostlyCheck:
    """A check, the points that it cost and in how many submissions."""

    id: str
    family: str
    title: str
    points: float
    count: int


def most_lost(reports: Iterable[GradeReport]) -> list[CostlyCheck]:
    """List the checks that cost most points over all graded submissions, most first."""
    losses: dict[str, CostlyCheck] = {}
    for check in (c for report in reports if report.outcome == "graded" for c in report.checks):
        if lost := points_lost(check):
            first = CostlyCheck(check.id, check.family, check.title, 0.0, 0)
            costly = losses.get(check.id, first)
            losses[check.id] = replace(
                costly, points=total((costly.points, lost)), count=costly.count + 1
            )
    return sorted(losses.values(), key=lambda loss: (-loss.points, loss.id))[:_MOST]
