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
    assignment, to_judge = plan.assignment, set(plan.ids_to("judge"))
    if not to_judge:
        return []
    assert assignment.rubric is not None
    judge = Judge(assignment.folder, assignment.rubric.folder, plan.settings.device)
    found: list[GradeReport | str] = []
    try:
        for entry in entries:
            if entry.id not in to_judge:
                continue
            request = plan.judge_request(entry, out / entry.id, "nothing")
            try:
                found.append(judge.judge(request))
            except JudgeFailed as fault:
                found.append(f"{entry.id}: {fault}")
            on_step(len(found), len(to_judge))
    finally:
        judge.close()
    return found
