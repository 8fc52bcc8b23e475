"""The whole of ``grader verify``: workers run the models, and each is judged as it comes."""

from __future__ import annotations

import contextlib
import json
import selectors
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from grader.assignment import Assignment
from grader.box.scratch import scratch_folder
from grader.box.warm import Setup
from grader.evidence import load_evidence
from grader.run.kernel import short_folder
from grader.verify.edits import Specimen
from grader.verify.judging import Judging
from grader.verify.matrix import Matrix, Row
from grader.verify.specimens import specimens


class VerifyFailed(Exception):
    """A worker could not go on; the message says why."""


def verify_assignment(
    assignment: Assignment,
    setup: Setup,
    seeds: Sequence[int],
    jobs: int,
    on_row: Callable[[int, int], None],
    chosen: Callable[[int, Specimen], bool] = lambda number, specimen: True,
) -> Matrix:
    """Wrong and right models of every exercise, each judged under all ``seeds``.

    Only those ``chosen`` by their number and themselves. ``on_row`` is called with how many
    are judged and how many there are. Raises ``NoSolution`` and ``VerifyFailed``.
    """
    exercise_of = {
        number: (teacher.exercise.id, specimen)
        for teacher, numbered in specimens(assignment)
        for number, specimen in numbered
        if chosen(number, specimen)
    }
    numbers = sorted(exercise_of)
    rows: dict[int, Row] = {}
    with contextlib.ExitStack() as stack:
        workers = [
            _Worker(
                assignment=assignment,
                setup=setup,
                seeds=tuple(seeds),
                part=part,
                numbers=numbers[part::jobs],
                scratch=stack.enter_context(scratch_folder(short_folder())),
            )
            for part in range(jobs)
        ]
        for worker in workers:
            stack.callback(worker.close)
        judging = Judging(assignment, tuple(seeds))
        for folder in _arrivals(workers):
            number = int(folder.name.rpartition("-")[2])
            exercise, specimen = exercise_of[number]
            rows[number] = judging.row(specimen, exercise, load_evidence(folder))
            shutil.rmtree(folder)
            on_row(len(rows), len(exercise_of))
    if missing := exercise_of.keys() - rows.keys():
        raise VerifyFailed(f"{len(missing)} models were not run")
    return judging.matrix([rows[number] for number in sorted(rows)])


class _Worker:
    """A running ``grader.verify.worker``."""

    def __init__(
        self,
        *,
        assignment: Assignment,
        setup: Setup,
        seeds: tuple[int, ...],
        part: int,
        numbers: Sequence[int],
        scratch: Path,
    ) -> None:
        assert assignment.rubric is not None
        self.scratch = scratch
        request = {
            "folder": str(assignment.folder),
            "teachers": str(assignment.rubric.folder),
            "setup": asdict(setup),
            "seeds": seeds,
            "part": part,
            "numbers": numbers,
            "scratch": str(scratch),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "grader.verify.worker", json.dumps(request)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """End it; its boxes end with it."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def _arrivals(workers: Sequence[_Worker]) -> Iterator[Path]:
    """The folder of each specimen's evidence as it is there. Raises ``VerifyFailed``."""
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            assert worker.process.stdout is not None
            selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
        while selector.get_map():
            for key, _ in selector.select():
                worker = key.data
                line = worker.process.stdout.readline().strip()
                if line.startswith("fault: "):
                    raise VerifyFailed(line.removeprefix("fault: "))
                if line:
                    yield worker.scratch / f"specimen-{int(line)}"
                elif worker.process.wait() != 0:
                    raise VerifyFailed(f"a worker ended with {worker.process.returncode}")
                else:
                    selector.unregister(key.fileobj)
