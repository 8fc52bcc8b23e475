"""A process that runs its share of the specimens and leaves the evidence of each on the disk.

    python -m grader.authoring.verify.worker < REQUEST

The request comes in two lines: how it works, and the specimens, which are still being made while
it starts. It says a line for each as it is there, its number, or "fault: ..." and ends. It has no
JAX: the warm process of its boxes is forked from it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Specimen
from grader.authoring.verify.run_mutants import Asker
from grader.authoring.verify.solution import take_apart
from grader.core.evidence_store import save_evidence
from grader.core.types import Evidence
from grader.run.collect_evidence import RunRequest, collect_evidence
from grader.sandbox.warm_process import SandboxConfig, WarmProcess

SHARE = TypeAdapter(dict[str, dict[int, Specimen]])
"""What one worker runs: of each exercise by id, specimens by number."""


class SolutionFails(Exception):
    """The teacher's own notebook does not run to its end; the message says how."""


def main(lines: Iterator[bytes]) -> None:
    """Run the specimens that the second line of a request holds."""
    request: dict[str, Any] = json.loads(next(lines))
    folders = Path(request["folder"]), Path(request["teachers"])
    assignment = load_assignment(*folders, derived=False)  # a kernel needs no tolerances
    scratch = Path(request["scratch"])
    warm = WarmProcess(_setup(assignment, SandboxConfig(**request["setup"]), scratch))
    try:
        share = SHARE.validate_json(next(lines))
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
            teacher = take_apart(assignment, assignment.exercise(exercise))
            asker = Asker(teacher, job, base, tuple(request["seeds"]))
            asker.ask(list(own.values()), partial(_keep, scratch, iter(own)))
    finally:
        warm.close()


def _keep(scratch: Path, numbers: Iterator[int], evidence: Evidence) -> None:
    """Leave the evidence of the next specimen on the disk, and say its number."""
    number = next(numbers)
    (folder := scratch / f"specimen-{number}").mkdir()
    save_evidence(evidence, folder)
    print(number, flush=True)


def _setup(assignment: Assignment, setup: SandboxConfig, scratch: Path) -> SandboxConfig:
    """How boxes are made; nothing that was compiled for students' notebooks fits them."""
    assert assignment.rubric is not None
    if os.geteuid() == 0:
        scratch.chmod(0o711)
    hidden = (assignment.folder.parent, assignment.rubric.folder.parent)
    private = tuple(str(folder.resolve()) for folder in hidden)
    return replace(setup, scratch=str(scratch), private=private)


def _runs(base: Evidence) -> Evidence:
    """The evidence of the solution's own run. Raises ``SolutionFails``."""
    if base.harness_error:
        raise SolutionFails(f"the solution could not be run: {base.harness_error}")
    if base.executed.status != "ok":
        how = f"{base.executed.status} {base.executed.error}".strip()
        raise SolutionFails(f"the solution does not run to its end: {how}")
    return base


if __name__ == "__main__":
    try:
        main(iter(sys.stdin.buffer))
    except Exception as problem:  # for whoever started this process to say
        with contextlib.suppress(OSError):
            print(f"fault: {type(problem).__name__}: {problem}".replace("\n", " "), flush=True)
        sys.exit(1)
