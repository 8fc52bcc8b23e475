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
from grader.run.kernel.plain import plain_kernel, short_folder
from grader.run.kernel.prestart import kernel_environment
from grader.run.kernel.session import KernelExit, Session, open_session
from grader.run.probe.figures import student_figures
from grader.run.probe.probe_model import ProbeSettings, empty_evidence, probe_model, snapshot_class
from grader.run.probe.replies import BadReply
from grader.run.run_request import DEFINITIONS_SECONDS, RunRequest
from grader.submission.cells.definitions import definitions
from grader.submission.cells.find_cell import find_cell
from grader.submission.cells.source_check import contradictions


def run_submission(
    request: RunRequest, submission: Submission, seed: int
) -> tuple[ExecutedNotebook, dict[str, ExerciseEvidence]]:
    """Run once where all goes well, and again where the first run could not show something."""
    exercises = request.assignment.exercises
    cells = {e.id: find_cell(submission, e, request.assignment) for e in exercises}
    began = time.monotonic()
    one = _Run(request, submission, cells, seed)
    executed, evidence = one.in_fresh_kernel(submission.cells)
    if (
        executed.status in CUT_OFF
        and one.cut_by_probe
        and (rest := _with_remaining_time(request, began, asks=False))
    ):
        # What the notebook does when nobody asks its models is another matter.
        unasked, _ = replace(one, request=rest, probes=False).in_fresh_kernel(submission.cells)
        executed = replace(unasked, status=executed.status) if unasked.status == "ok" else unasked
    order = _executed_order(submission, executed, cells)
    if order is not None and (rest := _with_remaining_time(request, began, asks=True)):
        _, evidence = replace(one, request=rest).in_fresh_kernel(order)
    elif one.too_late:
        alone = replace(one, request=_with_definitions_time(request))
        evidence |= alone.probe_definitions(one.too_late, "ended")
    changed = one.contradicting(evidence)
    if changed and (rest := _with_remaining_time(request, began, asks=True)):
        evidence |= replace(one, request=rest).probe_definitions(changed, "changed")
    return executed, evidence


def probe_exercise(
    request: RunRequest, submission: Submission, cell: GradedCell, seed: int
) -> ExerciseEvidence:
    """Probe one exercise's model in a kernel where ``submission`` runs up to its cell."""
    run = _Run(request, submission, {cell.exercise: cell}, seed)
    return run.in_fresh_kernel(submission.cells)[1][cell.exercise]


def _with_remaining_time(request: RunRequest, began: float, *, asks: bool) -> RunRequest | None:
    """Return ``request`` with its remaining time for one more run; None when none is left.

    All runs together keep to what one run may take, for whoever supervises counts on it.
    """
    limits = request.limits
    questions = limits.probe_seconds * len(request.assignment.exercises)
    left = limits.notebook_seconds + questions - (time.monotonic() - began)
    seconds = min(limits.notebook_seconds, left - questions if asks else left)
    if seconds <= 0:
        return None
    return replace(request, limits=limits.with_changes(notebook_seconds=seconds), prestarted=None)


def _with_definitions_time(request: RunRequest) -> RunRequest:
    """Return ``request`` with time of its own, for which supervisors allow beside all runs.

    Its questions take the time of those that the first run could not ask.
    """
    seconds = min(DEFINITIONS_SECONDS * request.time_factor, request.limits.notebook_seconds)
    return replace(
        request, limits=request.limits.with_changes(notebook_seconds=seconds), prestarted=None
    )


def _executed_order(
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

    request: RunRequest
    submission: Submission
    cells: Mapping[str, GradedCell]
    seed: int
    probes: bool = True
    cut_by_probe: bool = field(default=False, init=False)
    too_late: list[str] = field(default_factory=list, init=False)
    """Exercises whose model could not be asked, because the run had ended before."""
    _probed: set[str] = field(default_factory=set, init=False)
    probe_seconds: float = field(default=0.0, init=False)

    def in_fresh_kernel(
        self, order: Sequence[Cell]
    ) -> tuple[ExecutedNotebook, dict[str, ExerciseEvidence]]:
        """Run ``order`` in a kernel and a private folder of its own."""
        where = self.request.scratch or short_folder()
        with tempfile.TemporaryDirectory(prefix="grader-", dir=where) as folder:
            return asyncio.run(self._run(order, Path(folder)))

    def contradicting(self, evidence: Mapping[str, ExerciseEvidence]) -> list[str]:
        """Return the exercises whose model is not what their graded cell writes."""
        return [
            id
            for id, own in evidence.items()
            if contradictions(self.submission, self.request.assignment.exercise(id), own)
        ]

    def probe_definitions(
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
            for id in set(wanted) - set(self.contradicting(found))
            if found[id].probe.population
        }

    async def _run(
        self, order: Sequence[Cell], folder: Path
    ) -> tuple[ExecutedNotebook, dict[str, ExerciseEvidence]]:
        began = time.monotonic()
        evidence = {id: empty_evidence(cell) for id, cell in self.cells.items()}
        async with _session(self.request, self.submission, folder) as session:
            windows: dict[int, tuple[float, float]] = {}
            for cell in order:
                if cell.kind != "code" or not cell.source.strip():
                    continue
                graded = [id for id, found in self.cells.items() if found.index == cell.index]
                for id in graded:
                    await self._snapshot_class(session, id)
                opened = time.time()
                await session.run_cell(cell.index)
                windows[cell.index] = (opened, time.time())
                for id in [*graded, *self._unrecorded(evidence)]:
                    evidence[id] = await self._probe(session, id, evidence[id])
            for id, own in evidence.items():
                faults = own.probe.faults
                if not own.probe.population and any(f.error_name == "NameError" for f in faults):
                    evidence[id] = await self._probe(session, id, own)
            self.too_late = self._too_late(session, evidence)
            figures = await student_figures(session, windows, self.cells, self.request.assignment)
            seconds = time.monotonic() - began
            executed = executed_notebook(session, figures, seconds, self.probe_seconds)
        return executed, evidence

    def _too_late(self, session: Session, evidence: Mapping[str, ExerciseEvidence]) -> list[str]:
        """Return the exercises without an answer whose cell or kernel had no time for one.

        None where it was a question that ended the kernel.
        """
        if not self.probes or self.cut_by_probe:
            return []
        ended = {run.index for run in session.runs if run.status in ("ok", "error")}
        return [
            id
            for id, own in evidence.items()
            if self.request.assignment.exercise(id).kind != "run"
            and own.cell.index is not None
            and not own.probe.population
            and not (own.cell.index in ended and id in self._probed)
        ]

    def _unrecorded(self, evidence: Mapping[str, ExerciseEvidence]) -> list[str]:
        """Return the runs whose runner has recorded nothing yet: the cell below may start it."""
        return [
            id
            for id, own in evidence.items()
            if self.request.assignment.exercise(id).kind == "run"
            and own.probe.found
            and not own.answers.records
        ]

    async def _snapshot_class(self, session: Session, exercise: str) -> None:
        if self.probes and session.kernel_exit is None:
            with contextlib.suppress(KernelExit):
                await snapshot_class(session, self.cells[exercise])
            self.cut_by_probe = session.kernel_exit is not None

    async def _probe(
        self, session: Session, exercise: str, known: ExerciseEvidence
    ) -> ExerciseEvidence:
        """Probe the model now; return ``known`` where that is impossible."""
        if not self.probes or session.kernel_exit is not None:
            return known
        self._probed.add(exercise)
        request, cell, began = self.request, self.cells[exercise], time.monotonic()
        questions = ProbeSettings(
            assignment=request.assignment,
            seeds=(self.seed,),
            hidden=request.hidden,
            seconds=request.limits.probe_seconds,
        )
        try:
            found = await probe_model(
                session, questions, request.assignment.exercise(exercise), cell
            )
        except BadReply as problem:
            found = empty_evidence(cell, str(problem))
        self.cut_by_probe = session.kernel_exit is not None
        self.probe_seconds = max(self.probe_seconds, time.monotonic() - began)
        return found


def _session(
    request: RunRequest, submission: Submission, folder: Path
) -> contextlib.AbstractAsyncContextManager[Session]:
    """Open a session with a boxed kernel, or with a plain one without a sandbox."""
    if request.sandbox_client is not None:
        from grader.sandbox.kernel_manager import boxed_kernel  # Linux's alone

        kernel = boxed_kernel(folder, request.sandbox_client, request.limits, request.core)
        return open_session(submission, request.limits, kernel)
    work = folder / "work"
    work.mkdir()
    return open_session(
        submission,
        request.limits,
        plain_kernel(folder, request.limits, request.prestarted),
        cwd=str(work),
        env=kernel_environment(folder),
    )
