"""The distribution of a batch's marks: how many submissions lie in each tenth of the points."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from grader.core.types import GradeReport

BANDS: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """One tenth of the points: from ``low`` to under ``high`` percent, the last to 100 itself."""

    number: int
    low: int
    high: int
    count: int
    height: float
    """``count`` relative to the fullest band, in percent."""


def score_share(report: GradeReport) -> float | None:
    """Return the share of the points that a submission got, 0 to 1; None without a score."""
    if report.score is None:
        return None
    if not report.max_score > 0:
        return 0.0
    return min(1.0, max(0.0, report.score / report.max_score))


def band_of(report: GradeReport) -> int | None:
    """Return the number of a submission's band, counted from 0; None without a score."""
    part = score_share(report)
    return None if part is None else min(BANDS - 1, math.floor(BANDS * part + 1e-9))


def bands(reports: Iterable[GradeReport]) -> list[Band]:
    """List every band from the lowest, the empty ones too; none when nothing has a score."""
    counts = Counter(map(band_of, reports))
    del counts[None]
    width = 100 // BANDS
    return [
        Band(
            number=number,
            low=width * number,
            high=width * (number + 1),
            count=counts[number],
            height=100 * counts[number] / max(counts.values()),
        )
        for number in range(BANDS if counts else 0)
    ]
