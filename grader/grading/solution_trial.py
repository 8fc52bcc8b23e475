"""A trial of this machine: the teacher's solution, run there as any submission is.

Where something fails, the machine may be why: it may be slow, or short of memory, or what is
installed may be broken. So before that costs a point, the solution is run once for a batch. How
long it takes says how long a submission may take here; and where it does not get its points
either, nobody loses any.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from grader.assignment.schema import Limits
from grader.core.types import GradeReport, Note

HEADROOM = 10.0
"""So many times what the solution takes here and now a submission may take at least."""

MAX_FACTOR = 8.0
"""So many times the limits on time that were asked for, at most."""

MIN_FACTOR = 3.0
"""The machine is too slow where `MAX_FACTOR` is not even so many times what the solution takes."""

_SHOWN = 4  # checks

Run = Callable[[float], GradeReport]
"""Runs the solution with limits so many times as long, and judges it."""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """The factor of the limits on time, and what is wrong with this machine."""

    factor: float = 1.0
    fault: Note | None = None
    alone: bool = False  # whether nothing else ran meanwhile


class SolutionTrial:
    """Runs the solution when it is first asked. Safe to use from several threads."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._result: TrialResult | None = None

    @property
    def result(self) -> TrialResult | None:
        """The result by now; None before the first run."""
        return self._result

    def check(self, run: Run, *, alone: bool) -> TrialResult:
        """Return what ``run`` shows; alone, run it again where others may have slowed it."""
        with self._lock:
            result = self._result
            if result is None or (alone and not result.alone):
                factor, fault = trial_result(run(MAX_FACTOR), self._limits)
                self._result = TrialResult(factor, fault, alone)
            assert self._result is not None
            return self._result


def trial_result(report: GradeReport, limits: Limits) -> tuple[float, Note | None]:
    """Return the factor for ``limits``, and the fault, that the solution's own ``report`` shows."""
    share = _share(report, limits)
    factor = min(max(1.0, HEADROOM * share), MAX_FACTOR)
    if report.outcome == "not_graded":
        why = next((c.detail or c.message for c in report.checks if c.status == "error"), "")
        return factor, _fault("broken", why=why.strip().rpartition("\n")[2][:300])
    if report.run.status == "timeout" or MIN_FACTOR * share > MAX_FACTOR:
        return factor, _fault("slow", seconds=round(report.run.seconds))
    if report.run.status != "ok":
        return factor, _fault("fails", why=(report.run.error or report.run.status)[:300])
    if report.score is None or report.score < report.max_score:
        lost = [c.id for c in report.checks if c.points < c.max_points]
        return factor, _fault("loses", checks=", ".join(lost[:_SHOWN]))
    return factor, None


def _share(report: GradeReport, limits: Limits) -> float:
    """Return the greatest share of a limit on time that the solution took."""
    cells = [cell.seconds for cell in report.run.cells]
    return max(
        sum(cells) / limits.notebook_seconds,
        max(cells, default=0.0) / limits.cell_seconds,
        report.run.probe_seconds / limits.probe_seconds,
    )


def _fault(kind: str, **values: str | int) -> Note:
    return Note(message_id=f"machine.{kind}", values=values, for_student=False)
