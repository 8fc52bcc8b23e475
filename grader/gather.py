"""From a notebook file to evidence: read, run, probe. Runs in a disposable process."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from grader.assignment import Assignment, Exercise, Limits
from grader.box.manager import boxed_kernel
from grader.box.warm import BoxFailed, Link
from grader.probe import messages
from grader.read.cells import answer_cells, find_cell
from grader.read.notebook import read_notebook
from grader.run.kernel import kernel_environment, plain_kernel, short_folder
from grader.run.session import KernelBroken, KernelGone, Session, open_session
from grader.stages import (
    Answers,
    Attempt,
    Cell,
    Evidence,
    ExecutedNotebook,
    Figure,
    GradedCell,
    ModelProbe,
    Panel,
    RunStatus,
    Submission,
)
from grader.stimuli import draw_field, draw_panel, seed_for
from grader.versions import versions

CUT = ("timeout", "memory", "kernel_died")  # the run did not come to its own end


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One submission to gather evidence from. ``seed`` None draws it from ``secret``."""

    notebook: Path
    assignment: Assignment
    limits: Limits
    secret: bytes
    seed: int | None = None
    hidden: bool = True  # whether hidden stimuli are used as well
    box: Link | None = None  # the warm process that makes boxes; None runs it unboxed
    core: int | None = None  # the processor that a boxed kernel keeps to
    scratch: Path | None = None  # where private folders are made; the system's, if None

    @property
    def sandbox(self) -> str:
        """What the notebook is boxed in with, as results name it."""
        return "none" if self.box is None else self.box.setup.sandbox


def gather(job: Job) -> Evidence:
    """Run the notebook and question its models. Bad work becomes evidence, never an error."""
    submission = read_notebook(job.notebook)
    seed = job.seed
    if seed is None:
        seed = seed_for(job.secret, submission.sha256, job.assignment.digest)
    if submission.fault is not None:
        return _evidence(job, submission, ExecutedNotebook(status="unreadable"), {}, seed)
    cells = {e.id: find_cell(submission, e, job.assignment) for e in job.assignment.exercises}
    try:
        executed, attempts = _in_fresh_kernel(job, submission, cells, seed, submission.cells)
        second = _second_order(submission, executed, cells)
        if second is not None:
            _, attempts = _in_fresh_kernel(job, submission, cells, seed, second)
    except (messages.BadReply, BoxFailed, KernelBroken) as problem:
        # Our own question or box went wrong: nobody's loss.
        executed = ExecutedNotebook(status="ok")
        return replace(_evidence(job, submission, executed, {}, seed), broken=str(problem))
    return _evidence(job, submission, executed, attempts, seed)


def _second_order(
    submission: Submission, executed: ExecutedNotebook, cells: Mapping[str, GradedCell]
) -> Sequence[Cell] | None:
    """The cells of a second run that can show a model which the first could not, or None.

    When the kernel ended after the graded cells had run, they can be judged all the same.
    When a graded cell failed and the student ran the cells in another order than they
    stand, that order is tried. How the notebook ran remains the first run's affair.
    """
    graded = {found.index for found in cells.values() if found.index is not None}
    last = max(graded, default=None)
    ran_well = {run.index for run in executed.cells if run.status == "ok"}
    if executed.status in CUT and last is not None and graded <= ran_well:
        return submission.cells[: last + 1]
    failed = {run.index for run in executed.cells if run.error_name == "NameError"}
    ran = [cell for cell in submission.cells if cell.executed is not None]
    as_run = sorted(ran, key=lambda cell: cell.executed or 0)
    if graded & failed and as_run != ran and graded <= {cell.index for cell in ran}:
        return as_run
    return None


def _in_fresh_kernel(
    job: Job,
    submission: Submission,
    cells: Mapping[str, GradedCell],
    seed: int,
    order: Sequence[Cell],
) -> tuple[ExecutedNotebook, dict[str, Attempt]]:
    with tempfile.TemporaryDirectory(prefix="grader-", dir=job.scratch or short_folder()) as folder:
        return asyncio.run(_run(job, submission, cells, seed, Path(folder), order))


async def _run(
    job: Job,
    submission: Submission,
    cells: Mapping[str, GradedCell],
    seed: int,
    folder: Path,
    order: Sequence[Cell],
) -> tuple[ExecutedNotebook, dict[str, Attempt]]:
    """Every cell in its order, the names kept after each graded cell, then the questions."""
    began = time.monotonic()
    attempts: dict[str, Attempt] = {}
    async with _session(job, submission, folder) as session:
        windows: dict[int, tuple[float, float]] = {}
        for cell in order:
            if cell.kind != "code" or not cell.source.strip():
                continue
            graded = [g for g in cells.values() if g.index == cell.index]
            for found in graded:
                await _mark(session, "before", found)
            opened = time.time()
            await session.run_cell(cell.index)
            windows[cell.index] = (opened, time.time())
            for found in graded:
                await _mark(session, "keep", found)
        for exercise in job.assignment.exercises:
            attempts[exercise.id] = await _question(
                session, job, exercise, cells[exercise.id], seed, job.limits.probe_seconds
            )
        figures = session.figures() + await _saved_figures(session, windows)
        figures = _of_the_student(figures, submission, cells, job.assignment)
        executed = _executed(session, figures, time.monotonic() - began)
    return executed, attempts


def _session(
    job: Job, submission: Submission, folder: Path
) -> contextlib.AbstractAsyncContextManager[Session]:
    """A kernel in a box of its own, or a plain one where that was asked for."""
    if job.box is not None:
        kernel = boxed_kernel(folder, job.box, job.limits, job.core)
        return open_session(submission, job.limits, kernel)
    work = folder / "work"
    work.mkdir()
    return open_session(
        submission,
        job.limits,
        plain_kernel(folder),
        cwd=str(work),
        env=kernel_environment(folder),
        stdout=subprocess.DEVNULL,  # what a cell prints comes as messages; the rest is noise
        stderr=subprocess.DEVNULL,
    )


async def _mark(session: Session, function: str, found: GradedCell) -> None:
    """Keep the class and every name as they stand right after the graded cell."""
    if session.gone is None:
        request = {"exercise": found.exercise, "class_name": found.class_name}
        with contextlib.suppress(KernelGone):
            await session.ask(messages.program(function, request), "None", 30)


def _of_the_student(
    figures: Sequence[Figure],
    submission: Submission,
    cells: Mapping[str, GradedCell],
    assignment: Assignment,
) -> list[Figure]:
    """Figures made at or below the first graded cell, and not by an answer left in."""
    not_theirs = answer_cells(submission, assignment)
    first = min((g.index for g in cells.values() if g.index is not None), default=0)
    return [
        figure
        for figure in figures
        if figure.cell is None or (figure.cell >= first and figure.cell not in not_theirs)
    ]


async def _question(
    session: Session,
    job: Job,
    exercise: Exercise,
    cell: GradedCell,
    seed: int,
    seconds: float,
) -> Attempt:
    """The structure first, then answers to stimuli drawn only now."""
    probe, answers = ModelProbe(found=False), Answers()
    deadline = time.monotonic() + seconds
    panel = None
    if cell.index is None or session.gone is not None:
        return Attempt(cell=cell, probe=probe, answers=answers)

    async def ask(function: str, request: dict[str, object]) -> str:
        reply = await session.ask(
            messages.program(function, request),
            messages.expression(),
            deadline - time.monotonic(),
        )
        return messages.reply_text(reply)

    try:
        text = await ask("look", messages.look_request(job.assignment, exercise, cell.class_name))
        probe = messages.read_look(text)
        if probe.population:
            names = [f"{c.name}.{s}" for c in probe.channels for s in c.states]
            panel = draw_panel(job.assignment, seed, job.hidden)
            states = draw_field(job.assignment, names, seed)

            async def answer(panel: Panel) -> Answers:
                request = messages.answer_request(
                    job.assignment, exercise, cell.class_name, panel, states
                )
                return messages.read_answer(await ask("answer", request), panel, states)

            answers = await answer(panel)
            moved = _away_from_singular(panel, answers)
            if job.hidden and moved is not None:
                panel, answers = moved, await answer(moved)
    except KernelGone:
        pass  # the session remembers it, and the run counts as cut
    return Attempt(cell=cell, probe=probe, answers=answers, panel=panel)


def _away_from_singular(panel: Panel, answers: Answers) -> Panel | None:
    """The panel with V0 moved where a model in single precision answered NaN, or None.

    In float32 a right model meets a V at which a rate is 0/0 once in some ten thousand
    runs; that must not cost anything. In float64 it does not happen.
    """
    if answers.precision != "float32" or not answers.traces:
        return None
    lost = ~np.all([np.isfinite(t).all(axis=0) for t in answers.traces.values()], axis=0)
    return replace(panel, V0=np.where(lost, panel.V0 + 0.37, panel.V0)) if lost.any() else None


async def _saved_figures(
    session: Session, windows: Mapping[int, tuple[float, float]]
) -> list[Figure]:
    """Pictures that the notebook wrote, with the cell during which each was written."""
    if session.gone is not None:
        return []
    try:
        reply = await session.ask(
            messages.program("saved_figures", {"max_bytes": messages.MAX_FIGURES}),
            messages.expression(),
            30,
        )
        saved = messages.read_figures(messages.reply_text(reply))
    except (KernelGone, messages.BadReply):
        return []
    return [
        replace(figure, cell=cell)
        for figure, modified in saved
        for cell, (opened, closed) in windows.items()
        if opened - 0.05 <= modified <= closed + 0.05
    ]


def _executed(session: Session, figures: list[Figure], seconds: float) -> ExecutedNotebook:
    failed = next((r for r in session.runs if r.status not in ("ok", "not_run")), None)
    status: RunStatus = "ok"
    if failed is not None:
        statuses = {r.status for r in session.runs}
        status = "timeout" if "timeout" in statuses else "cell_error"
        status = _how_it_died(session) if "died" in statuses else status
        if status == "cell_error" and all(r.excused for r in session.runs if r.status == "error"):
            status = "ok"
    elif session.gone is not None:  # while it was probed
        status = "timeout" if session.gone.timeout else _how_it_died(session)
    elif any(r.status == "not_run" for r in session.runs):
        status = "timeout"
    if failed is not None and failed.status == "error":
        error = f"{failed.error_name}: {failed.error_text}"
    else:
        error = "" if failed is None else failed.error_name or failed.status
    return ExecutedNotebook(
        status=status,
        cells=tuple(session.runs),
        failed_cell=None if failed is None else failed.index,
        error=error[:2000],
        seconds=seconds,
        figures=tuple(figures[:12]),
        notebook=session.notebook(),
    )


def _how_it_died(session: Session) -> RunStatus:
    excess = "" if session.gone is None else session.gone.excess
    return "memory" if excess == "memory" else "kernel_died"


def _evidence(
    job: Job,
    submission: Submission,
    executed: ExecutedNotebook,
    attempts: Mapping[str, Attempt],
    seed: int,
) -> Evidence:
    return Evidence(
        submission=submission,
        executed=executed,
        attempts=attempts,
        versions=versions(),
        seed=seed,
        sandbox=job.sandbox,
    )
