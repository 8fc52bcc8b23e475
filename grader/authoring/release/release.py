"""``grader release``: the student's notebook out of the teacher's, written when it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.assignment.schema import Assignment
from grader.authoring.release.author_error import AuthorError
from grader.authoring.release.student_notebook import (
    as_text,
    compare_notebook,
    make_student_notebook,
    read_document,
    require_blanks,
)
from grader.authoring.release.trial_grading import grade_both, open_trial, stale_traces
from grader.core.atomic import write_atomic
from grader.core.types import Note
from grader.sandbox.warm_process import SandboxConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """The files written; without ``derived`` no tolerances were there to judge by."""

    files: tuple[Path, ...]
    derived: bool


def release_assignment(
    assignment: Assignment,
    out: Path | None,
    sandbox: SandboxConfig,
    on_step: Callable[[int, int], None],
) -> Release:
    """Make the student's notebook and public traces, grade both notebooks, then write.

    With ``out`` the notebook alone is written, to there. Raises ``AuthorError``, and has
    written nothing then, when anything does not hold.
    """
    assert assignment.rubric is not None
    text = as_text(make_student_notebook(read_document(assignment.rubric.solution), assignment))
    with open_trial(assignment, text) as trial:
        require_blanks(trial.assignment.notebook, trial.assignment)
        if wrong := grade_both(trial, sandbox, on_step):
            raise AuthorError(wrong)
        written = [out or assignment.notebook]
        write_atomic(written[0], text.encode())
        for stored, made in stale_traces(trial, assignment).items() if out is None else ():
            write_atomic(stored, made.read_bytes())
            written.append(stored)
        return Release(files=tuple(written), derived=trial.derived)


def list_differences(assignment: Assignment, out: Path | None) -> list[Note]:
    """In what the released notebook and traces at hand differ from what would be made.

    Raises ``AuthorError`` when none can be made.
    """
    assert assignment.rubric is not None
    made = make_student_notebook(read_document(assignment.rubric.solution), assignment)
    with open_trial(assignment, as_text(made)) as trial:
        require_blanks(trial.assignment.notebook, trial.assignment)
        stale = () if out else stale_traces(trial, assignment)
        return [
            *compare_notebook(made, out or assignment.notebook),
            *(_of_traces(file) for file in stale),
        ]


def _of_traces(stored: Path) -> Note:
    kind = "traces" if stored.is_file() else "missing"
    return Note(message_id=f"author.differs.{kind}", values={"file": str(stored)})
