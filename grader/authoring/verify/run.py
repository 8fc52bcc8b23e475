"""The whole of ``grader verify``: workers run the models, and each is judged as it comes."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Specimen
from grader.authoring.verify.judge_mutants import Judging
from grader.authoring.verify.matrix import Matrix, Row
from grader.authoring.verify.mutants import specimens
from grader.authoring.verify.worker import SHARE
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
    chosen: Callable[[int, Specimen], bool] = lambda number, specimen: True,
) -> Matrix:
    """Wrong and right models of every exercise, each judged under all ``seeds``.

    Only those ``chosen`` by their number and themselves. ``on_row`` is called with how many
    are judged and how many there are. Raises ``NoSolution`` and ``VerifyFailed``.
    """
    rows: dict[int, Row] = {}
    with contextlib.ExitStack() as stack:
        workers = [
            _Worker(
                assignment=assignment,
                setup=setup,
                seeds=tuple(seeds),
                part=part,
                scratch=stack.enter_context(scratch_folder(short_folder())),
            )
            for part in range(jobs)
        ]
        for worker in workers:
            stack.callback(worker.close)
        exercise_of = {
            number: (teacher.exercise.id, specimen)
            for teacher, numbered in specimens(assignment)
            for number, specimen in numbered
            if chosen(number, specimen)
        }
        numbers = sorted(exercise_of)
        for part, worker in enumerate(workers):
            share: dict[str, dict[int, Specimen]] = {}
            for number in numbers[part::jobs]:
                exercise, specimen = exercise_of[number]
                share.setdefault(exercise, {})[number] = specimen
            worker.give(share)
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
    """A running ``grader.authoring.verify.worker``."""

    def __init__(
        self,
        *,
        assignment: Assignment,
        setup: SandboxConfig,
        seeds: tuple[int, ...],
        part: int,
        scratch: Path,
    ) -> None:
        assert assignment.rubric is not None
        self.scratch = scratch
        self._begun = b""  # of a line
        request = {
            "folder": str(assignment.folder),
            "teachers": str(assignment.rubric.folder),
            "setup": asdict(setup),
            "seeds": seeds,
            "part": part,
            "scratch": str(scratch),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "grader.authoring.verify.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._say(json.dumps(request).encode())

    def give(self, share: Mapping[str, Mapping[int, Specimen]]) -> None:
        """Let it run these specimens of each exercise, by their numbers."""
        self._say(SHARE.dump_json(share))  # type: ignore[arg-type]  # a Mapping will do

    def _say(self, line: bytes) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended: its last line says why
            self.process.stdin.write(line + b"\n")
            self.process.stdin.flush()

    def lines(self) -> list[str] | None:
        """What it has said by now; None once it says no more."""
        assert self.process.stdout is not None
        said = os.read(self.process.stdout.fileno(), 2**16)
        if not said:
            return None
        *whole, self._begun = (self._begun + said).split(b"\n")
        return [line.decode("utf-8", "replace") for line in whole]

    def close(self) -> None:
        """End it; its boxes end with it."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()


def _arrivals(workers: Sequence[_Worker]) -> Iterator[Path]:
    """The folder of each specimen's evidence as it is there. Raises ``VerifyFailed``."""
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            assert worker.process.stdout is not None
            selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
        while selector.get_map():
            for key, _ in selector.select():
                worker = key.data
                lines = worker.lines()
                for line in lines or ():
                    if line.startswith("fault: "):
                        raise VerifyFailed(line.removeprefix("fault: "))
                    yield worker.scratch / f"specimen-{int(line)}"
                if lines is None:
                    selector.unregister(key.fileobj)
                    if worker.process.wait() != 0:
                        raise VerifyFailed(f"a worker ended with {worker.process.returncode}")
