"""Collect evidence from a notebook file: read, run, probe. Runs in a disposable process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from grader.assignment import digests
from grader.assignment.stimuli import seed_for
from grader.core.environment import versions
from grader.core.types import Evidence, ExecutedNotebook, ExerciseEvidence, Submission
from grader.run.kernel.session import HarnessError
from grader.run.run_request import RunRequest
from grader.run.run_submission import run_submission
from grader.sandbox import SandboxError
from grader.submission.notebook.raw_cell import clean
from grader.submission.notebook.read import read_notebook


def collect_evidence(request: RunRequest) -> Evidence:
    """Run the notebook and probe its models. Bad work becomes evidence, never an error."""
    submission = _read_submission(request)
    seed = request.seed
    if seed is None:
        seed = seed_for(request.secret, submission.sha256, digests.run_inputs(request.assignment))
    if submission.fault is not None:
        return _evidence(request, submission, ExecutedNotebook(status="unreadable"), {}, seed)
    try:
        executed, exercises = run_submission(request, submission, seed)
        if request.assignment.rubric is None and any(map(_without_answer, exercises.values())):
            raise HarnessError("this model could not be asked, and there is no solution to ask")
    except (SandboxError, HarnessError) as problem:
        # Our own question or box went wrong: nobody's loss.
        executed = ExecutedNotebook(status="ok")
        return replace(
            _evidence(request, submission, executed, {}, seed), harness_error=str(problem)
        )
    return _evidence(request, submission, executed, exercises, seed)


def _read_submission(request: RunRequest) -> Submission:
    """Read the notebook; where there is none to read, return its fault alone."""
    if request.fault is not None:
        return Submission(
            file=clean(request.notebook.name), sha256=digests.NOTHING, fault=request.fault
        )
    return read_notebook(request.notebook)


def _without_answer(evidence: ExerciseEvidence) -> bool:
    return any(fault.stage == "reply" for fault in evidence.probe.faults)


def _evidence(
    request: RunRequest,
    submission: Submission,
    executed: ExecutedNotebook,
    exercises: Mapping[str, ExerciseEvidence],
    seed: int,
) -> Evidence:
    return Evidence(
        submission=submission,
        executed=replace(executed, time_factor=request.time_factor),
        exercises=exercises,
        versions=versions(),
        seed=seed,
        sandbox=request.sandbox_name,
        repeated=request.repeated,
    )
