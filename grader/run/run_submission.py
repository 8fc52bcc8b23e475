"""Run one submission: once, and again where the first run can't show its models."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from grader.core.types import (
    CUT_OFF,
    Cell,
    ExecutedNotebook,
    ExerciseEvidence,
    GradedCell,
    Submission,
)
from grader.run.kernel.outcome import executed_notebook
from grader.run.kernel.plain import kernel_environment, plain_kernel, short_folder
from grader.run.kernel.session import KernelExit, Session, open_session
from grader.run.probe.figures import student_figures
from grader.run.probe.probe_model import ProbeSettings, empty_evidence, probe_model, snapshot_class
from grader.run.probe.replies import BadReply
from grader.run.run_request import DEFINITIONS_SECONDS, RunRequest
from grader.submission.cells.definitions import definitions
from grader.submission.cells.find_cell import find_cell
from grader.submission.cells.source_check import contradictions


def run_submission(
    job: RunRequest, submission: Submission, seed: int
) -> tuple[ExecutedNotebook, dict[str, ExerciseEvidence]]:
    """Run once where all goes well, and again where the first run could not show something."""
    exercises = job.assignment.exercises
    cells = {e.id: find_cell(submission, e, job.assignment) for e in exercises}
    began = time.monotonic()
    one = _Run(job, submission, cells, seed)
    executed, attempts = one.in_fresh_kernel(submission.cells)
    if (
        executed.status in CUT_OFF
        and one.cut_by_question
        and (rest := _rest(job, began, asks=False))
    ):
        # What the notebook does when nobody asks its models is another matter.
        unasked, _ = replace(one, job=rest, asks=False).in_fresh_kernel(submission.cells)
        executed = replace(unasked, status=executed.status) if unasked.status == "ok" else unasked
    order = _other_order(submission, executed, cells)
    if order is not None and (rest := _rest(job, began, asks=True)):
        _, attempts = replace(one, job=rest).in_fresh_kernel(order)
    elif one.too_late:
        alone = replace(one, job=_for_definitions(job))
        attempts |= alone.by_source(one.too_late, "ended")
    changed = one.contradicted(attempts)
    if changed and (rest := _rest(job, began, asks=True)):
        attempts |= replace(one, job=rest).by_source(changed, "changed")
    return executed, attempts


def probe_exercise(
    job: RunRequest, submission: Submission, cell: GradedCell, seed: int
) -> ExerciseEvidence:
    """Probe one exercise's model in a kernel where ``submission`` runs up to its cell."""
    run = _Run(job, submission, {cell.exercise: cell}, seed)
    return run.in_fresh_kernel(submission.cells)[1][cell.exercise]


def _rest(job: RunRequest, began: float, *, asks: bool) -> RunRequest | None:
    """Return ``job`` with its remaining time for one more run; None when none is left.

    All runs together keep to what one run may take, for whoever supervises counts on it.
    """
    limits = job.limits
    questions = limits.probe_seconds * len(job.assignment.exercises)
    left = limits.notebook_seconds + questions - (time.monotonic() - began)
    seconds = min(limits.notebook_seconds, left - questions if asks else left)
    if seconds <= 0:
        return None
    return replace(job, limits=limits.changed(notebook_seconds=seconds), prestarted=None)


def _for_definitions(job: RunRequest) -> RunRequest:
    """Return ``job`` with time of its own, beside that of all runs, which supervisors allow for.

    Its questions take the time of those that the first run could not ask.
    """
    seconds = min(DEFINITIONS_SECONDS * job.time_factor, job.limits.notebook_seconds)
    return replace(job, limits=job.limits.changed(notebook_seconds=seconds), prestarted=None)


def _other_order(
    submission: Submission, executed: ExecutedNotebook, cells: Mapping[str, GradedCell]
) -> Sequence[Cell] | None:
    """Return the cells in the student's order of execution, where only that shows the model.

    None unless a graded cell failed for a name that it lacked. How the notebook ran
    remains the first run's affair.
    """
    graded = {found.index for found in cells.values() if found.index is not None}
    failed = {run.index for run in executed.cells if run.error_name == "NameError"}
    ran = [cell for cell in submission.cells if cell.executed is not None]
    as_run = sorted(ran, key=lambda cell: cell.executed or 0)
    if graded & failed and as_run != ran and graded <= {cell.index for cell in ran}:
        return as_run
    return None


@dataclass
class _Run:
    """A run in one kernel: every cell in order, each model probed right after its cell.

    Whatever the notebook does later can't change what its model has answered by then.
    """

    job: RunRequest
    submission: Submission
    cells: Mapping[str, GradedCell]
    seed: int
    asks: bool = True
    cut_by_question: bool = field(default=False, init=False)
    too_late: list[str] = field(default_factory=list, init=False)
    """Exercises whose model could not be asked, because the run had ended before."""
    _asked: set[str] = field(default_factory=set, init=False)
    asked_seconds: float = field(default=0.0, init=False)

    def in_fresh_kernel(
        self, order: Sequence[Cell]
    ) -> tuple[ExecutedNotebook, dict[str, ExerciseEvidence]]:
        """Run ``order`` in a kernel and a private folder of its own."""
        where = self.job.scratch or short_folder()
        with tempfile.TemporaryDirectory(prefix="grader-", dir=where) as folder:
            return asyncio.run(self._run(order, Path(folder)))

    def contradicted(self, attempts: Mapping[str, ExerciseEvidence]) -> list[str]:
        """Return the exercises whose model is not what their graded cell writes."""
        return [
            id
            for id, attempt in attempts.items()
            if contradictions(self.submission, self.job.assignment.exercise(id), attempt)
        ]

    def by_source(
        self, wanted: Sequence[str], why: Literal["changed", "ended"]
    ) -> dict[str, ExerciseEvidence]:
        """Probe the exercises ``wanted`` where only the notebook's definitions were run.

        An answer counts where it is what the graded cell writes. Else it tells nothing.
        """
        last = max(self.cells[id].index or 0 for id in wanted)
        own = replace(self.submission, cells=definitions(self.submission.cells[: last + 1]))
        asked = {id: self.cells[id] for id in wanted}
        _, found = replace(self, submission=own, cells=asked).in_fresh_kernel(own.cells)
        return {
            id: replace(found[id], reprobed_from_source=why)
            for id in set(wanted) - set(self.contradicted(found))
            if found[id].probe.population
        }

    async def _run(
        self, order: Sequence[Cell], folder: Path
    ) -> tuple[ExecutedNotebook, dict[str, ExerciseEvidence]]:
        began = time.monotonic()
        attempts = {id: empty_evidence(cell) for id, cell in self.cells.items()}
        async with _session(self.job, self.submission, folder) as session:
            windows: dict[int, tuple[float, float]] = {}
            for cell in order:
                if cell.kind != "code" or not cell.source.strip():
                    continue
                graded = [id for id, found in self.cells.items() if found.index == cell.index]
                for id in graded:
                    await self._mark(session, id)
                opened = time.time()
                await session.run_cell(cell.index)
                windows[cell.index] = (opened, time.time())
                for id in [*graded, *self._unrecorded(attempts)]:
                    attempts[id] = await self._question(session, id, attempts[id])
            for id, attempt in attempts.items():
                faults = attempt.probe.faults
                if not attempt.probe.population and any(
                    f.error_name == "NameError" for f in faults
                ):
                    attempts[id] = await self._question(session, id, attempt)
            self.too_late = self._too_late(session, attempts)
            figures = await student_figures(session, windows, self.cells, self.job.assignment)
            seconds = time.monotonic() - began
            executed = executed_notebook(session, figures, seconds, self.asked_seconds)
        return executed, attempts

    def _too_late(self, session: Session, attempts: Mapping[str, ExerciseEvidence]) -> list[str]:
        """Return the exercises without an answer whose cell or kernel had no time for one.

        None where it was a question that ended the kernel.
        """
        if not self.asks or self.cut_by_question:
            return []
        ended = {run.index for run in session.runs if run.status in ("ok", "error")}
        return [
            id
            for id, attempt in attempts.items()
            if self.job.assignment.exercise(id).kind != "run"
            and attempt.cell.index is not None
            and not attempt.probe.population
            and not (attempt.cell.index in ended and id in self._asked)
        ]

    def _unrecorded(self, attempts: Mapping[str, ExerciseEvidence]) -> list[str]:
        """Return the runs whose runner has recorded nothing yet: the cell below may start it."""
        return [
            id
            for id, attempt in attempts.items()
            if self.job.assignment.exercise(id).kind == "run"
            and attempt.probe.found
            and not attempt.answers.records
        ]

    async def _mark(self, session: Session, exercise: str) -> None:
        if self.asks and session.kernel_exit is None:
            with contextlib.suppress(KernelExit):
                await snapshot_class(session, self.cells[exercise])
            self.cut_by_question = session.kernel_exit is not None

    async def _question(
        self, session: Session, exercise: str, known: ExerciseEvidence
    ) -> ExerciseEvidence:
        """Probe the model now; return ``known`` where that is impossible."""
        if not self.asks or session.kernel_exit is not None:
            return known
        self._asked.add(exercise)
        job, cell, began = self.job, self.cells[exercise], time.monotonic()
        questions = ProbeSettings(
            assignment=job.assignment,
            seeds=(self.seed,),
            hidden=job.hidden,
            seconds=job.limits.probe_seconds,
        )
        try:
            found = await probe_model(session, questions, job.assignment.exercise(exercise), cell)
        except BadReply as problem:
            found = empty_evidence(cell, str(problem))
        self.cut_by_question = session.kernel_exit is not None
        self.asked_seconds = max(self.asked_seconds, time.monotonic() - began)
        return found


def _session(
    job: RunRequest, submission: Submission, folder: Path
) -> contextlib.AbstractAsyncContextManager[Session]:
    """Open a session with a boxed kernel, or with a plain one without a sandbox."""
    if job.sandbox_client is not None:
        from grader.sandbox.kernel_manager import boxed_kernel  # Linux's alone

        kernel = boxed_kernel(folder, job.sandbox_client, job.limits, job.core)
        return open_session(submission, job.limits, kernel)
    work = folder / "work"
    work.mkdir()
    return open_session(
        submission,
        job.limits,
        plain_kernel(folder, job.limits, job.prestarted),
        cwd=str(work),
        env=kernel_environment(folder),
    )
