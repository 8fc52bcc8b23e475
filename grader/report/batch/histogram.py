"""The distribution of a batch's marks: how many submissions lie in each tenth of the points."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from grader.core.types import GradeReport

BANDS: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """One tenth of the points: from ``low`` to under ``high`` percent, the last to 100 itself.

    ``height`` is ``count`` relative to the fullest band, in percent.
    """

    number: int
    low: int
    high: int
    count: int
    height: float


def score_share(report: GradeReport) -> float | None:
    """The share of the points that a submission got, between 0 and 1; None without a score."""
    if report.score is None:
        return None
    if not report.max_score > 0:
        return 0.0
    return min(1.0, max(0.0, report.score / report.max_score))


def band_of(report: GradeReport) -> int | None:
    """The number of a submission's band, counted from 0; None without a score."""
    part = score_share(report)
    if part is None:
        return None
    return min(BANDS - 1, math.floor(BANDS * part + 1e-9))


def bands(reports: Iterable[GradeReport]) -> list[Band]:
    """Every band from the lowest, the empty ones too; none when nothing has a score."""
    counts = [0] * BANDS
    for report in reports:
        number = band_of(report)
        if number is not None:
            counts[number] += 1
    most = max(counts)
    if not most:
        return []
    width = 100 // BANDS
    return [
        Band(
            number=number,
            low=width * number,
            high=width * (number + 1),
            count=count,
            height=100 * count / most,
        )
        for number, count in enumerate(counts)
    ]
