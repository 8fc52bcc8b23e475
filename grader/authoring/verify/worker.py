"""A process that runs its share of the mutants and leaves the evidence of each on the disk.

Its parent sends two messages: the settings, and the mutants, which are still being made while
it starts: ``{exercise id: {number: mutant}}``. It sends the number of each mutant once its
evidence is there, or a sentence on what went wrong, and ends. It has no JAX: the warm process of
its boxes is forked from it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.parsed_solution import parse_solution
from grader.authoring.verify.run_mutants import MutantRunner
from grader.core.evidence_store import save_evidence
from grader.core.types import Evidence
from grader.run.collect_evidence import collect_evidence
from grader.run.run_request import RunRequest
from grader.sandbox.warm_process import SandboxConfig, WarmProcess


class SolutionFails(Exception):
    """The solution's own notebook does not run to its end; the message says how."""


def main(connection: Connection) -> None:
    """Run the mutants of the second message."""
    request: dict[str, Any] = connection.recv()
    folders = request["assignment"], request["teachers"]
    assignment = load_assignment(*folders, derived=False)  # a kernel needs no tolerances
    scratch = request["scratch"]
    warm = WarmProcess(_setup(assignment, request["config"], scratch))
    try:
        share: dict[str, dict[int, Mutant]] = connection.recv()
        assert assignment.rubric is not None
        cores = sorted(os.sched_getaffinity(0))
        warm.wait()
        job = RunRequest(
            notebook=assignment.rubric.solution,
            assignment=assignment,
            limits=assignment.limits,
            secret=b"",
            seed=request["seeds"][0],
            sandbox_client=warm.client,
            core=cores[request["part"] % len(cores)],
            scratch=scratch,
        )
        base = _runs(collect_evidence(job))
        for exercise, own in share.items():
            solution = parse_solution(assignment, assignment.exercise(exercise))
            runner = MutantRunner(solution, job, base, tuple(request["seeds"]))
            runner.run(list(own.values()), partial(_keep, connection, scratch, iter(own)))
    finally:
        warm.close()


def _keep(
    connection: Connection, scratch: Path, numbers: Iterator[int], evidence: Evidence
) -> None:
    """Leave the evidence of the next mutant on the disk, and send its number."""
    number = next(numbers)
    (folder := scratch / f"mutant-{number}").mkdir()
    save_evidence(evidence, folder)
    connection.send(number)


def _setup(assignment: Assignment, setup: SandboxConfig, scratch: Path) -> SandboxConfig:
    """Return how boxes are made; nothing that was compiled for students' notebooks fits them."""
    assert assignment.rubric is not None
    if os.geteuid() == 0:
        scratch.chmod(0o711)
    hidden = (assignment.folder.parent, assignment.rubric.folder.parent)
    private = tuple(str(folder.resolve()) for folder in hidden)
    return replace(setup, scratch=str(scratch), private=private)


def _runs(base: Evidence) -> Evidence:
    """Return the evidence of the solution's own run. Raises ``SolutionFails``."""
    if base.harness_error:
        raise SolutionFails(f"the solution could not be run: {base.harness_error}")
    if base.executed.status != "ok":
        how = f"{base.executed.status} {base.executed.error}".strip()
        raise SolutionFails(f"the solution does not run to its end: {how}")
    return base


if __name__ == "__main__":
    parent = Connection(int(sys.argv[1]))
    try:
        main(parent)
    except Exception as problem:  # for the parent to say
        with contextlib.suppress(OSError):
            parent.send(f"{type(problem).__name__}: {problem}".replace("\n", " "))
        sys.exit(1)
