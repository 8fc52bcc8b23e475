"""``grader release``: the student's notebook out of the teacher's, written when it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.assignment.schema import Assignment
from grader.authoring.release.faults import Refused
from grader.authoring.release.student_notebook import (
    as_text,
    differing,
    read_document,
    release_of,
    unfilled,
)
from grader.authoring.release.trial_grading import grade_both, stale_traces, trial_of
from grader.core.atomic import write_atomic
from grader.core.types import Note
from grader.sandbox.warm_process import SandboxConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """What was written; without ``derived`` no tolerances were there to judge by."""

    files: tuple[Path, ...]
    derived: bool


def release(
    assignment: Assignment,
    out: Path | None,
    setup: SandboxConfig,
    on_step: Callable[[int, int], None],
) -> Release:
    """Make the student's notebook and public traces, grade both notebooks, then write.

    With ``out`` the notebook alone is written, to there. Raises ``Refused``, and has
    written nothing then, when anything does not hold.
    """
    assert assignment.rubric is not None
    text = as_text(release_of(read_document(assignment.rubric.solution), assignment))
    with trial_of(assignment, text) as trial:
        unfilled(trial.assignment.notebook, trial.assignment)
        if wrong := grade_both(trial, setup, on_step):
            raise Refused(wrong)
        written = [out or assignment.notebook]
        write_atomic(written[0], text.encode())
        for stored, made in stale_traces(trial, assignment).items() if out is None else ():
            write_atomic(stored, made.read_bytes())
            written.append(stored)
        return Release(files=tuple(written), derived=trial.derived)


def out_of_date(assignment: Assignment, out: Path | None) -> list[Note]:
    """In what the released notebook and traces at hand differ from what would be made.

    Raises ``Refused`` when none can be made.
    """
    assert assignment.rubric is not None
    made = release_of(read_document(assignment.rubric.solution), assignment)
    with trial_of(assignment, as_text(made)) as trial:
        unfilled(trial.assignment.notebook, trial.assignment)
        stale = () if out else stale_traces(trial, assignment)
        return [
            *differing(made, out or assignment.notebook),
            *(_of_traces(file) for file in stale),
        ]


def _of_traces(stored: Path) -> Note:
    kind = "traces" if stored.is_file() else "missing"
    return Note(message_id=f"author.differs.{kind}", values={"file": str(stored)})
