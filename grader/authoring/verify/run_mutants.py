"""Running mutants in boxes: one after the other in a kernel, every seed in one population."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.assignment.schema import Assignment
from grader.assignment.stimuli import draw_request
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.parsed_solution import ParsedSolution
from grader.core.types import (
    Cell,
    CellRun,
    Evidence,
    ExerciseEvidence,
    ProbeRequest,
    Submission,
)
from grader.run.kernel.session import HarnessError, KernelExit, Session, open_session
from grader.run.probe import requests
from grader.run.probe.probe_model import ProbeSettings, empty_evidence, probe_model, snapshot_class
from grader.run.probe.replies import BadReply, reply_text
from grader.run.run_request import RunRequest
from grader.sandbox.kernel_manager import boxed_kernel
from grader.submission.cells.find_cell import find_cell

MUTANTS_PER_KERNEL = 40  # mutants; each leaves its compiled programs in the kernel's memory
MAX_LOST_KERNELS = 2  # kernels in a row without an answer, and a further one is tried
SECONDS = 120.0  # for the questions to one of them
MEMORY_MB, REPLY_MB = 4096, 64  # of a kernel; of what it says of one mutant


@dataclass(frozen=True, slots=True)
class MutantRunner:
    """Runs mutants of one exercise in boxes."""

    solution: ParsedSolution
    request: RunRequest
    """The request by which the solution itself was run."""
    base: Evidence
    """The evidence of the solution's run: a mutant's differs in its cells alone."""
    seeds: tuple[int, ...]
    stimuli: dict[tuple[str, ...], ProbeRequest] = field(default_factory=dict)
    """The requests that were drawn already, by the states of a model."""

    def run(self, mutants: Sequence[Mutant], keep: Callable[[Evidence], None]) -> None:
        """Hand the evidence of each to ``keep``, in their order, with the stimuli of all seeds.

        At once: it is large, and the watchdog of a box ends it when this process grows.
        One that ends its kernel is asked once more, in a kernel that runs nothing before it.
        Raises ``SandboxError`` when no box can be made, and ``HarnessError`` when one kernel after
        the other ends for a fault of ours.
        """
        left, lost = list(mutants), 0
        while left:
            kept = 0
            try:
                kept = asyncio.run(
                    self._in_one_kernel(left[:MUTANTS_PER_KERNEL], keep, again=lost > 0)
                )
            except HarnessError:
                if lost == MAX_LOST_KERNELS:
                    raise
            lost = 0 if kept else lost + 1
            left = left[kept:]

    async def _in_one_kernel(
        self, mutants: Sequence[Mutant], keep: Callable[[Evidence], None], *, again: bool
    ) -> int:
        """Return how many were kept: those before the one that ended the kernel.

        That one is kept, too, where it is the first, asked ``again``.
        """
        assert self.request.sandbox_client is not None
        whole, places = _one_notebook(self.solution, mutants)
        number = len(mutants)
        limits = self.request.limits.with_changes(
            notebook_seconds=SECONDS * number,
            cell_seconds=SECONDS,
            memory_mb=MEMORY_MB,
            output_mb=REPLY_MB * number,
        )
        kept = 0
        with tempfile.TemporaryDirectory(prefix="verify-", dir=self.request.scratch) as folder:
            kernel = boxed_kernel(
                Path(folder), self.request.sandbox_client, limits, self.request.core
            )
            async with open_session(whole, limits, kernel) as session:
                for cell in whole.cells[: self.solution.graded_index]:
                    if cell.kind == "code" and cell.index not in self.solution.trees:
                        await session.run_cell(cell.index)
                for number, (mutant, cells) in enumerate(zip(mutants, places, strict=True)):
                    evidence = await self._one(session, mutant, cells, number)
                    if session.kernel_exit is None or (again and not kept):
                        keep(evidence)
                        kept += 1
                    if session.kernel_exit is not None:
                        break  # the next kernel begins with the one that ended this
        return kept

    async def _one(
        self, session: Session, mutant: Mutant, cells: Sequence[int], number: int
    ) -> Evidence:
        submission = as_submission(self.solution, mutant)
        cell = find_cell(submission, self.solution.exercise, self.request.assignment)
        own = replace(cell, exercise=f"{cell.exercise}-{number}")
        questions = ProbeSettings(
            assignment=self.request.assignment,
            seeds=self.seeds,
            hidden=True,
            seconds=SECONDS,
            drawing=self._draw,
        )
        runs: dict[int, CellRun] = {}
        try:
            # An earlier mutant of the kernel may have left other settings.
            reply_text(await session.ask(requests.expression("reset_settings", {}), SECONDS))
            await snapshot_class(session, own)
            for index, place in zip(self.solution.trees, cells, strict=True):
                runs[index] = replace(await session.run_cell(place), index=index)
            exercise_evidence = await probe_model(session, questions, self.solution.exercise, own)
        except (BadReply, KernelExit) as problem:
            exercise_evidence = empty_evidence(own, str(problem))
        base = self.base.executed
        executed = replace(base, cells=tuple(runs.get(run.index, run) for run in base.cells))
        return replace(
            self.base,
            submission=submission,
            executed=replace(executed, notebook=""),
            exercises={**self.base.exercises, cell.exercise: replace(exercise_evidence, cell=cell)},
        )

    def _draw(
        self,
        assignment: Assignment,
        states: tuple[str, ...],
        seeds: tuple[int, ...],
        hidden: bool,
    ) -> ProbeRequest:
        """Return what models with these states are asked; all else is the same for a runner's."""
        if states not in self.stimuli:
            self.stimuli[states] = draw_request(assignment, states, seeds, hidden)
        return self.stimuli[states]


def as_submission(solution: ParsedSolution, mutant: Mutant) -> Submission:
    """Return the solution with a mutant's cells in place of its own."""
    cells = [
        replace(cell, source=mutant.cells.get(cell.index, cell.source))
        for cell in solution.submission.cells
    ]
    return replace(solution.submission, cells=tuple(cells))


def _one_notebook(
    solution: ParsedSolution, mutants: Sequence[Mutant]
) -> tuple[Submission, list[list[int]]]:
    """All mutants in one notebook: where each of them has its cells."""
    cells = list(solution.submission.cells)
    places: list[list[int]] = []
    for mutant in mutants:
        places.append([])
        for index in solution.trees:
            source = mutant.cells.get(index, solution.submission.cells[index].source)
            number = len(cells)
            cells.append(Cell(index=number, kind="code", source=source, id=f"mutant-{number}"))
            places[-1].append(number)
    return replace(solution.submission, cells=tuple(cells)), places


def select_seed(exercise_evidence: ExerciseEvidence, position: int, seeds: int) -> ExerciseEvidence:
    """Return the part of the evidence that answers the seed at ``position`` of so many."""
    stimuli, answers = exercise_evidence.stimuli, exercise_evidence.answers
    if stimuli is None:
        return exercise_evidence

    def part(size: int) -> slice:
        return slice(position * (size // seeds), (position + 1) * (size // seeds))

    columns = part(len(stimuli.names))
    of_field, of_map = (
        part(next((state.size for state in states.values()), 0))
        for states in (answers.field_states, answers.map_states)
    )
    return replace(
        exercise_evidence,
        stimuli=stimuli.select(columns),
        answers=answers.select(stimuli=columns, field_states=of_field, map_states=of_map),
    )
