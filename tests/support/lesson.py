"""Evidence of the lesson of several exercises."""

from __future__ import annotations

from grader.assignment.schema import Assignment
from grader.core.types import Evidence, ExecutedNotebook, Submission
from grader.run.probe.probe_model import empty_evidence
from grader.submission.cells.find_cell import find_cell
from tests.support.project import ROOT

SAMPLES = ROOT / "submissions" / "hh-lesson"
SEED = 5


def unanswered_evidence(lesson: Assignment, submission: Submission) -> Evidence:
    """As after a run in which nothing was answered."""
    cells = {e.id: find_cell(submission, e, lesson) for e in lesson.exercises}
    return Evidence(
        submission=submission,
        executed=ExecutedNotebook(status="ok"),
        exercises={id: empty_evidence(cell) for id, cell in cells.items()},
        seed=SEED,
    )
