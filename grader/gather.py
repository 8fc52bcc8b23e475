"""From a notebook file to evidence: read, run, probe. Runs in a disposable process."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from grader.assignment import Assignment, Exercise, Limits
from grader.probe import messages
from grader.read.cells import answer_cells, find_cell
from grader.read.notebook import read_notebook
from grader.run.kernel import kernel_environment, plain_kernel
from grader.run.session import KernelGone, Session, open_session
from grader.stages import (
    Answers,
    Attempt,
    Evidence,
    ExecutedNotebook,
    Figure,
    GradedCell,
    ModelProbe,
    RunStatus,
    Submission,
)
from grader.stimuli import draw_field, draw_panel, seed_for
from grader.versions import versions


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One submission to gather evidence from. ``seed`` None draws it from ``secret``."""

    notebook: Path
    assignment: Assignment
    limits: Limits
    secret: bytes
    seed: int | None = None
    hidden: bool = True  # whether hidden stimuli are used as well
    sandbox: str = "none"


def gather(job: Job) -> Evidence:
    """Run the notebook and question its models. Bad work becomes evidence, never an error."""
    submission = read_notebook(job.notebook)
    seed = job.seed
    if seed is None:
        seed = seed_for(job.secret, submission.sha256, job.assignment.digest)
    if submission.fault is not None:
        return _evidence(job, submission, ExecutedNotebook(status="unreadable"), {}, seed)
    cells = {e.id: find_cell(submission, e, job.assignment) for e in job.assignment.exercises}
    with tempfile.TemporaryDirectory(prefix="grader-") as folder:
        try:
            executed, attempts = asyncio.run(_run(job, submission, cells, seed, Path(folder)))
        except messages.BadReply as problem:  # our own question went wrong: nobody's loss
            executed = ExecutedNotebook(status="ok")
            return replace(_evidence(job, submission, executed, {}, seed), broken=str(problem))
    return _evidence(job, submission, executed, attempts, seed)


async def _run(
    job: Job, submission: Submission, cells: Mapping[str, GradedCell], seed: int, folder: Path
) -> tuple[ExecutedNotebook, dict[str, Attempt]]:
    """Every cell in its order, the names kept after each graded cell, then the questions."""
    work = folder / "work"
    work.mkdir()
    began_clock, began = time.time(), time.monotonic()
    attempts: dict[str, Attempt] = {}
    async with open_session(
        submission,
        job.limits,
        plain_kernel(folder),
        cwd=str(work),
        env=kernel_environment(folder),
    ) as session:
        windows: dict[int, tuple[float, float]] = {}
        for cell in submission.cells:
            if cell.kind != "code" or not cell.source.strip():
                continue
            opened = time.time()
            await session.run_cell(cell.index)
            windows[cell.index] = (opened, time.time())
            for exercise in job.assignment.exercises:
                if cells[exercise.id].index == cell.index:
                    await _keep(session, exercise)
        for exercise in job.assignment.exercises:
            attempts[exercise.id] = await _question(
                session, job, exercise, cells[exercise.id], seed, job.limits.probe_seconds
            )
        not_theirs = answer_cells(submission, job.assignment)
        figures = session.figures()
        figures += await _saved_figures(session, windows, since=began_clock)
        figures = [figure for figure in figures if figure.cell not in not_theirs]
        own = {index for found in cells.values() if (index := found.index) is not None}
        first = min(own, default=0)
        figures = [f for f in figures if f.cell is None or f.cell >= first]
        executed = _executed(session, figures, time.monotonic() - began)
    return executed, attempts


async def _keep(session: Session, exercise: Exercise) -> None:
    """Keep the class and every name as they stand right after the graded cell."""
    if session.gone is None:
        try:
            await session.ask(messages.program("keep", exercise.id), "None", 30)
        except KernelGone:
            return


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
            text = await ask(
                "answer",
                messages.answer_request(job.assignment, exercise, cell.class_name, panel, states),
            )
            answers = messages.read_answer(text, panel, states)
    except KernelGone:
        pass  # the session remembers it, and the run counts as cut
    return Attempt(cell=cell, probe=probe, answers=answers, panel=panel)


async def _saved_figures(
    session: Session, windows: Mapping[int, tuple[float, float]], since: float
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
        if modified >= since - 1 and opened - 0.05 <= modified <= closed + 0.05
    ]


def _executed(session: Session, figures: list[Figure], seconds: float) -> ExecutedNotebook:
    failed = next((r for r in session.runs if r.status not in ("ok", "not_run")), None)
    status: RunStatus = "ok"
    if failed is not None:
        statuses = {r.status for r in session.runs}
        status = "timeout" if "timeout" in statuses else "cell_error"
        status = "kernel_died" if "died" in statuses else status
        if status == "cell_error" and all(r.excused for r in session.runs if r.status == "error"):
            status = "ok"
    elif session.gone is not None:  # while it was probed
        status = "timeout" if session.gone.timeout else "kernel_died"
    elif any(r.status == "not_run" for r in session.runs):
        status = "timeout"
    if failed is not None and failed.status == "error":
        error = f"{failed.error_name}: {failed.error_text}"
    else:
        error = "" if failed is None else failed.status
    return ExecutedNotebook(
        status=status,
        cells=tuple(session.runs),
        failed_cell=None if failed is None else failed.index,
        error=error[:2000],
        seconds=seconds,
        figures=tuple(figures[:12]),
        notebook=session.notebook(),
    )


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
