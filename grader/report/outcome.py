"""The third outcome, kept apart: what our tool broke has no score, not a low one."""

from __future__ import annotations

import math
from dataclasses import replace

from grader.core.types import GradeReport


def normalize_outcome(report: GradeReport) -> GradeReport:
    """Return ``report``, or the same as not graded where its score can't be trusted.

    That is: a check that ended in an error of ours, points or a score that are no
    finite number, or a score beside an outcome that has none.
    """
    numbers = [report.max_score, *(check.points for check in report.checks)]
    sound = (
        report.outcome == "graded"
        and report.score is not None
        and math.isfinite(report.score)
        and all(math.isfinite(number) for number in numbers)
        and all(check.status != "error" for check in report.checks)
    )
    return report if sound else replace(report, outcome="not_graded", score=None)
