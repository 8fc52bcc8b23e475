"""The whole of ``grader verify``: workers run the models, and each is judged as it comes."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import wait
from pathlib import Path

from grader.assignment.schema import Assignment
from grader.authoring.verify.all_mutants import all_mutants
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.judge_mutants import MutantJudge
from grader.authoring.verify.matrix import Matrix, MutantResult
from grader.core.child_process import ChildProcess
from grader.core.evidence_store import load_evidence
from grader.run.kernel.plain import short_folder
from grader.sandbox.scratch import scratch_folder
from grader.sandbox.warm_process import SandboxConfig


class VerifyFailed(Exception):
    """A worker could not go on; the message says why."""


def verify_assignment(
    assignment: Assignment,
    setup: SandboxConfig,
    seeds: Sequence[int],
    jobs: int,
    on_row: Callable[[int, int], None],
    chosen: Callable[[int, Mutant], bool] = lambda number, mutant: True,
) -> Matrix:
    """Wrong and right models of every exercise, each judged under all ``seeds``.

    Only those ``chosen`` by their number and themselves. ``on_row`` is called with how many
    are judged and how many there are. Raises ``NoSolution`` and ``VerifyFailed``.
    """
    assert assignment.rubric is not None
    rows: dict[int, MutantResult] = {}
    with contextlib.ExitStack() as stack:
        workers = [
            _Worker(stack.enter_context(scratch_folder(short_folder()))) for _ in range(jobs)
        ]
        for part, worker in enumerate(workers):
            stack.callback(worker.kill)  # its boxes end with it
            worker.send(
                {
                    "assignment": assignment.folder,
                    "teachers": assignment.rubric.folder,
                    "config": setup,
                    "seeds": tuple(seeds),
                    "part": part,
                    "scratch": worker.scratch,
                }
            )
        exercise_of = {
            number: (solution.exercise.id, mutant)
            for solution, numbered in all_mutants(assignment)
            for number, mutant in numbered
            if chosen(number, mutant)
        }
        numbers = sorted(exercise_of)
        for part, worker in enumerate(workers):
            share: dict[str, dict[int, Mutant]] = {}
            for number in numbers[part::jobs]:
                exercise, mutant = exercise_of[number]
                share.setdefault(exercise, {})[number] = mutant
            worker.send(share)
        judging = MutantJudge(assignment, tuple(seeds))
        for folder in _arrivals(workers):
            number = int(folder.name.rpartition("-")[2])
            exercise, mutant = exercise_of[number]
            rows[number] = judging.judge(mutant, exercise, load_evidence(folder))
            shutil.rmtree(folder)
            on_row(len(rows), len(exercise_of))
    if missing := exercise_of.keys() - rows.keys():
        raise VerifyFailed(f"{len(missing)} models were not run")
    results = tuple(rows[number] for number in sorted(rows))
    return Matrix(assignment=assignment, seeds=tuple(seeds), results=results)


class _Worker(ChildProcess):
    """A running ``grader.authoring.verify.worker``, which leaves evidence in ``scratch``."""

    def __init__(self, scratch: Path) -> None:
        super().__init__("a worker", "grader.authoring.verify.worker")
        self.scratch = scratch

    def send(self, message: object) -> None:
        """Send a message, unless the process has ended: then its last message says why."""
        with contextlib.suppress(OSError):
            self.connection.send(message)


def _arrivals(workers: Sequence[_Worker]) -> Iterator[Path]:
    """Yield the folder of each mutant's evidence as it arrives. Raises ``VerifyFailed``."""
    running = {worker.connection: worker for worker in workers}
    while running:
        for connection in wait(list(running)):
            worker = running[connection]  # type: ignore[index]  # these are Connections
            try:
                message = worker.connection.recv()
            except (EOFError, OSError):
                del running[worker.connection]
                if (code := worker.process.wait()) != 0:
                    raise VerifyFailed(f"a worker ended with {code}") from None
                continue
            if isinstance(message, str):
                raise VerifyFailed(message)
            yield worker.scratch / f"mutant-{message}"
