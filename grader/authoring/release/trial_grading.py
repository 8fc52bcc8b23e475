"""A copy of an assignment in which a release is tried before anything is written.

Both notebooks are graded there as submissions are: the student's must get 0, the
teacher's full marks.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import traceback
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grader.assignment.load import AssignmentError, load_assignment
from grader.assignment.schema import Assignment, Margin, Tolerance
from grader.authoring.release.author_error import AuthorError
from grader.authoring.release.lint import find_unknown_names
from grader.authoring.verify.tolerances_file import write_tolerances
from grader.core.types import GradeReport, Note, Value
from grader.grading.batch import grade_batch
from grader.grading.machine import MachineOptions
from grader.grading.settings import GradingSettings
from grader.judge.reference.load_model import ReferenceModelError, load_model
from grader.judge.reference.make_public_traces import write_public_traces
from grader.sandbox.warm_process import SandboxConfig
from grader.submission.intake import SubmittedFile

CLOSE = 1e-6
"""The difference of stored traces from those made anew: another machine rounds otherwise."""

SLIP = 1e-3
"""Error of a vector field (see `relative_error`) within which a solution is without tolerances.

Tolerances that were derived are 2e-4 and less; one rate that is a fifth off, of a gate that
takes 20 ms, is off by more.
"""

_SHOWN = 6  # checks


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """A copy of an assignment with a released notebook. ``traces`` are its public ones, new.

    Without ``derived`` there are no tolerances yet: fields are held against `SLIP`, and any
    finite distance of traces is right.
    """

    assignment: Assignment
    traces: tuple[Path, ...]
    derived: bool


@contextmanager
def open_trial(assignment: Assignment, notebook: str) -> Iterator[Trial]:
    """Copy an assignment and put a released ``notebook`` and new public traces into it.

    Raises ``AuthorError`` when a name is nowhere to be found, or the reference can't be run.
    """
    assert assignment.rubric is not None
    hidden = shutil.ignore_patterns(".*", "__pycache__")
    with tempfile.TemporaryDirectory(prefix="grader-release-") as place:
        # The box hides the folders above these two: nothing else may lie in there.
        folder = Path(place) / "assignments" / assignment.id
        teachers = Path(place) / "reference" / assignment.id
        shutil.copytree(assignment.folder, folder, ignore=hidden)
        shutil.copytree(assignment.rubric.folder, teachers, ignore=hidden)
        (folder / assignment.notebook.name).write_text(notebook, "utf-8")
        own = load_assignment(folder, teachers, derived=False)
        try:
            traces = _traces(own)
        except AuthorError:
            raise
        except Exception as error:
            if (why := _blamed(error, teachers)) is None:
                raise
            why = why.replace(str(teachers), str(assignment.rubric.folder))
            raise AuthorError([Note(message_id="author.reference", values={"why": why})]) from error
        try:
            own, derived = load_assignment(folder, teachers), True
        except AssignmentError:  # all but tolerances was read a moment ago
            write_tolerances(own, [_before(own, *measure) for measure in own.measures], (0, 0))
            own, derived = load_assignment(folder, teachers), False
        yield Trial(assignment=own, traces=traces, derived=derived)


def _traces(assignment: Assignment) -> tuple[Path, ...]:
    """Write the public traces of the copy, once its names are seen to be there."""
    assert assignment.rubric is not None
    if wrong := list(find_unknown_names(assignment, load_model(assignment.rubric.reference))):
        raise AuthorError(wrong)
    stored = any(exercise.public_traces for exercise in assignment.exercises)
    return write_public_traces(assignment) if stored else ()


def _blamed(error: Exception, teachers: Path) -> str | None:
    """Describe an error of the reference's, with its line; None for one that is ours."""
    if isinstance(error, ReferenceModelError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(teachers)]
    if not own:
        return None
    return f"{own[-1].filename}, line {own[-1].lineno}: {type(error).__name__}: {error}"


def stale_traces(trial: Trial, assignment: Assignment) -> dict[Path, Path]:
    """Map public traces that are missing or not the trial's to the trial's."""
    places = {assignment.folder / m.relative_to(trial.assignment.folder): m for m in trial.traces}
    return {stored: made for stored, made in places.items() if not _same(made, stored)}


def grade_both(
    trial: Trial, setup: SandboxConfig, on_step: Callable[[int, int], None]
) -> list[Note]:
    """Grade the student's notebook and the teacher's; what is wrong with their marks."""
    assert trial.assignment.rubric is not None
    entries = [
        SubmittedFile(id="student", path=trial.assignment.notebook),
        SubmittedFile(id="teacher", path=trial.assignment.rubric.solution),
    ]
    done = itertools.count(1)
    with tempfile.TemporaryDirectory(prefix="grader-release-out-") as out:
        options = MachineOptions(
            out=Path(out),
            jobs=len(entries),
            settings=GradingSettings(
                limits=trial.assignment.limits, secret=b"release", device="cpu"
            ),
            private_files=tuple(entry.path for entry in entries),
            sandbox=setup,
        )
        student, teacher = grade_batch(
            entries, trial.assignment, options, lambda _: on_step(next(done), len(entries))
        ).reports
    return [*student_faults(student), *teacher_faults(teacher)]


def student_faults(report: GradeReport) -> Iterator[Note]:
    """Yield what is wrong with the mark of a notebook in which nothing was done."""
    if report.score is None:
        yield _not_graded(report, "author.student_not_graded")
    elif not report.score <= 0:
        earned = [check.id for check in report.checks if check.points > 0]
        yield Note(message_id="author.student_earns", values=_values(report, earned))


def teacher_faults(report: GradeReport) -> Iterator[Note]:
    """Yield what is wrong with the mark of the solution."""
    if report.score is None:
        yield _not_graded(report, "author.teacher_not_graded")
    elif not report.score >= report.max_score:
        lost = [
            f"{check.id} ({check.message})"
            for check in report.checks
            if check.points < check.max_points
        ]
        yield Note(message_id="author.teacher_loses", values=_values(report, lost))


def _not_graded(report: GradeReport, message_id: str) -> Note:
    why = next((c.detail or c.message for c in report.checks if c.status == "error"), "")
    return Note(message_id=message_id, values={"why": why.strip().split("\n")[-1]})


def _values(report: GradeReport, checks: list[str]) -> dict[str, Value]:
    more = [] if len(checks) <= _SHOWN else ["\N{HORIZONTAL ELLIPSIS}"]
    listed = "; ".join(checks[:_SHOWN] + more)
    return {"score": report.score, "most": report.max_score, "checks": listed}


def _before(assignment: Assignment, of: str, until: float | None) -> Tolerance:
    """Return what a measure is held against before its tolerance is derived.

    A vector field in which a term of the lesson's differs is off by far more than `SLIP`;
    how far a trace may be off is not known yet.
    """
    is_field = of in {exercise.id for exercise in assignment.exercises}
    margin = Margin(tolerance=SLIP if is_field else 1e9, right=0.0, wrong=1e9)
    return Tolerance(of=of, until=until, float64=margin, float32=margin)


def _same(made: Path, stored: Path) -> bool:
    try:
        with np.load(made, allow_pickle=False) as new, np.load(stored, allow_pickle=False) as old:
            return set(new.files) == set(old.files) and all(
                new[n].shape == old[n].shape and np.allclose(new[n], old[n], rtol=CLOSE, atol=CLOSE)
                for n in new.files
            )
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return False
