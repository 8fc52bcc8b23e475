"""What judging again would change: everything is judged, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from grader.core.types import GradeReport
from grader.grading.plan.plan import Plan
from grader.judge.server import Judge, JudgeFailed
from grader.submission.intake import Entry


def preview(
    plan: Plan,
    entries: Sequence[Entry],
    out: Path,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> list[GradeReport | str]:
    """The report that each submission to be judged again would get; a fault of ours in words."""
    basis, wanted = plan.basis, set(plan.of("judge"))
    if not wanted:
        return []
    assert basis.assignment.rubric is not None
    judge = Judge(basis.assignment.folder, basis.assignment.rubric.folder, basis.device)
    found: list[GradeReport | str] = []
    try:
        for entry in entries:
            if entry.id not in wanted:
                continue
            case = plan.case(entry, out / entry.id, "nothing")
            try:
                found.append(judge.judge(case))
            except JudgeFailed as fault:
                found.append(f"{entry.id}: {fault}")
            on_step(len(found), len(wanted))
    finally:
        judge.close()
    return found
