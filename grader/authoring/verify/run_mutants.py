"""Running specimens in boxes: one after the other in a kernel, every seed in one population."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.assignment.schema import Assignment
from grader.assignment.stimuli import draw
from grader.authoring.verify.ast_edits import Specimen
from grader.authoring.verify.solution import Teacher
from grader.core.types import (
    Cell,
    CellRun,
    Evidence,
    ExerciseEvidence,
    ProbeRequest,
    Submission,
)
from grader.run.kernel.session import HarnessError, KernelExit, Session, open_session
from grader.run.probe import requests as messages
from grader.run.probe.probe_model import ProbeSettings, empty_evidence, probe_model, snapshot_class
from grader.run.probe.replies import BadReply, reply_text
from grader.run.run_request import RunRequest
from grader.sandbox.kernel_manager import boxed_kernel
from grader.submission.cells.find_cell import find_cell

IN_A_KERNEL = 40  # specimens; each leaves its compiled programs in the kernel's memory
MOST_LOST = 2  # kernels in a row without an answer, and a further one is tried
SECONDS = 120.0  # for the questions to one of them
MEMORY_MB, REPLY_MB = 4096, 64  # of a kernel; of what it says of one specimen


@dataclass(frozen=True, slots=True)
class Asker:
    """What specimens of one exercise are asked with. ``job`` is the solution's own.

    ``base`` is the evidence of the solution's run: a specimen's differs in its cells alone.
    """

    teacher: Teacher
    job: RunRequest
    base: Evidence
    seeds: tuple[int, ...]
    drawn: dict[tuple[str, ...], ProbeRequest] = field(default_factory=dict)

    def ask(self, specimens: Sequence[Specimen], keep: Callable[[Evidence], None]) -> None:
        """Hand the evidence of each to ``keep``, in their order, with the stimuli of all seeds.

        At once: it is large, and the watchdog of a box ends it when this process grows.
        One that ends its kernel is asked once more, in a kernel that runs nothing before it.
        Raises ``SandboxError`` when no box can be made, and ``HarnessError`` when one kernel after
        the other ends for a fault of ours.
        """
        left, lost = list(specimens), 0
        while left:
            kept = 0
            try:
                kept = asyncio.run(self._in_one_kernel(left[:IN_A_KERNEL], keep, again=lost > 0))
            except HarnessError:
                if lost == MOST_LOST:
                    raise
            lost = 0 if kept else lost + 1
            left = left[kept:]

    async def _in_one_kernel(
        self, specimens: Sequence[Specimen], keep: Callable[[Evidence], None], *, again: bool
    ) -> int:
        """How many were kept: those before the one that ended the kernel.

        That one is kept, too, where it is the first, asked ``again``.
        """
        assert self.job.sandbox_client is not None
        whole, places = _one_notebook(self.teacher, specimens)
        number = len(specimens)
        limits = self.job.limits.changed(
            notebook_seconds=SECONDS * number,
            cell_seconds=SECONDS,
            memory_mb=MEMORY_MB,
            output_mb=REPLY_MB * number,
        )
        kept = 0
        with tempfile.TemporaryDirectory(prefix="verify-", dir=self.job.scratch) as folder:
            kernel = boxed_kernel(Path(folder), self.job.sandbox_client, limits, self.job.core)
            async with open_session(whole, limits, kernel) as session:
                for cell in whole.cells[: self.teacher.graded]:
                    if cell.kind == "code" and cell.index not in self.teacher.trees:
                        await session.run_cell(cell.index)
                for number, (specimen, cells) in enumerate(zip(specimens, places, strict=True)):
                    evidence = await self._one(session, specimen, cells, number)
                    if session.kernel_exit is None or (again and not kept):
                        keep(evidence)
                        kept += 1
                    if session.kernel_exit is not None:
                        break  # the next kernel begins with the one that ended this
        return kept

    async def _one(
        self, session: Session, specimen: Specimen, cells: Sequence[int], number: int
    ) -> Evidence:
        submission = as_submission(self.teacher, specimen)
        cell = find_cell(submission, self.teacher.exercise, self.job.assignment)
        own = replace(cell, exercise=f"{cell.exercise}-{number}")
        questions = ProbeSettings(
            assignment=self.job.assignment,
            seeds=self.seeds,
            hidden=True,
            seconds=SECONDS,
            drawing=self._draw,
        )
        runs: dict[int, CellRun] = {}
        try:
            await _afresh(session)
            await snapshot_class(session, own)
            for index, place in zip(self.teacher.trees, cells, strict=True):
                runs[index] = replace(await session.run_cell(place), index=index)
            attempt = await probe_model(session, questions, self.teacher.exercise, own)
        except (BadReply, KernelExit) as problem:
            attempt = empty_evidence(own, str(problem))
        base = self.base.executed
        executed = replace(base, cells=tuple(runs.get(run.index, run) for run in base.cells))
        return replace(
            self.base,
            submission=submission,
            executed=replace(executed, notebook=""),
            exercises={**self.base.exercises, cell.exercise: replace(attempt, cell=cell)},
        )

    def _draw(
        self,
        assignment: Assignment,
        states: tuple[str, ...],
        seeds: tuple[int, ...],
        hidden: bool,
    ) -> ProbeRequest:
        """What models with these states are asked; all else is the same for an asker's."""
        if states not in self.drawn:
            self.drawn[states] = draw(assignment, states, seeds, hidden)
        return self.drawn[states]


async def _afresh(session: Session) -> None:
    """Put back the settings that an earlier specimen of the kernel may have left.

    Raises ``BadReply`` and ``KernelExit``.
    """
    reply_text(await session.ask(messages.expression("reset_settings", {}), SECONDS))


def as_submission(teacher: Teacher, specimen: Specimen) -> Submission:
    """The solution with a specimen's cells in place of its own."""
    cells = [
        replace(cell, source=specimen.cells.get(cell.index, cell.source))
        for cell in teacher.submission.cells
    ]
    return replace(teacher.submission, cells=tuple(cells))


def _one_notebook(
    teacher: Teacher, specimens: Sequence[Specimen]
) -> tuple[Submission, list[list[int]]]:
    """All specimens in one notebook: where each of them has its cells."""
    cells = list(teacher.submission.cells)
    places: list[list[int]] = []
    for specimen in specimens:
        places.append([])
        for index in teacher.trees:
            source = specimen.cells.get(index, teacher.submission.cells[index].source)
            number = len(cells)
            cells.append(Cell(index=number, kind="code", source=source, id=f"specimen-{number}"))
            places[-1].append(number)
    return replace(teacher.submission, cells=tuple(cells)), places


def of_seed(attempt: ExerciseEvidence, position: int, seeds: int) -> ExerciseEvidence:
    """The part of an attempt that answers the seed at ``position`` of so many."""
    panel, answers = attempt.stimuli, attempt.answers
    if panel is None:
        return attempt
    width = len(panel.names) // seeds
    columns = slice(position * width, (position + 1) * width)
    count = next((a.size for a in answers.field_states.values()), 0) // seeds
    rows = slice(position * count, (position + 1) * count)
    starts = next((a.size for a in answers.map_states.values()), 0) // seeds
    there = slice(position * starts, (position + 1) * starts)
    return replace(
        attempt,
        stimuli=panel.select(columns),
        answers=answers.select(stimuli=columns, field_states=rows, map_states=there),
    )
