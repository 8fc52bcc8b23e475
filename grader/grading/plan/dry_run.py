"""A dry run: everything is judged again, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from grader.core.types import GradeReport
from grader.grading.plan.plan import Plan
from grader.judge.judge_process import Judge, JudgeFailed
from grader.submission.intake import SubmittedFile


def preview(
    plan: Plan,
    entries: Sequence[SubmittedFile],
    out: Path,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> list[GradeReport | str]:
    """Return the report that each submission to be judged again would get; a fault as text."""
    assignment, to_judge = plan.assignment, set(plan.ids_to("judge"))
    if not to_judge:
        return []
    assert assignment.rubric is not None
    judge = Judge(assignment.folder, assignment.rubric.folder, plan.settings.device)
    outcomes: list[GradeReport | str] = []
    try:
        for entry in entries:
            if entry.id not in to_judge:
                continue
            request = plan.judge_request(entry, out / entry.id, "nothing")
            try:
                outcomes.append(judge.judge(request))
            except JudgeFailed as fault:
                outcomes.append(f"{entry.id}: {fault}")
            on_step(len(outcomes), len(to_judge))
    finally:
        judge.close()
    return outcomes
