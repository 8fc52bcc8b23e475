"""The assignment that most of a class's notebooks look like, where they name none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.assignment.find import AssignmentFolders
from grader.submission.cells.identify import match_assignments
from grader.submission.intake.collect import IntakeError
from grader.submission.notebook.read import read_notebook


def vote_on_assignment(paths: Sequence[Path]) -> Callable[[Sequence[AssignmentFolders]], list[str]]:
    """Return the vote of the notebooks at ``paths``, as `find_assignment` takes it.

    The function returns the ids of the assignments that most notebooks look like. It raises
    `IntakeError` where there is one notebook, and it can't be read.
    """

    def vote(candidates: Sequence[AssignmentFolders]) -> list[str]:
        assignments = [each.load(as_teacher=False, derived=False) for each in candidates]
        votes: Counter[str] = Counter()
        for path in paths:
            try:
                submission = read_notebook(path)
            except Exception:  # of a stranger's file: reading it once more will say what it is
                continue
            if submission.fault is not None and len(paths) == 1:
                raise IntakeError(submission.fault)
            votes.update(match_assignments(submission, assignments))
        return [id for id, count in votes.items() if count == max(votes.values())]

    return vote
