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

__all__ = ["RunRequest", "collect_evidence"]


def collect_evidence(job: RunRequest) -> Evidence:
    """Run the notebook and probe its models. Bad work becomes evidence, never an error."""
    submission = _handed_in(job)
    seed = job.seed
    if seed is None:
        seed = seed_for(job.secret, submission.sha256, digests.asked(job.assignment))
    if submission.fault is not None:
        return _evidence(job, submission, ExecutedNotebook(status="unreadable"), {}, seed)
    try:
        executed, attempts = run_submission(job, submission, seed)
        if job.assignment.rubric is None and any(map(_without_answer, attempts.values())):
            raise HarnessError("this model could not be asked, and there is no solution to ask")
    except (SandboxError, HarnessError) as problem:
        # Our own question or box went wrong: nobody's loss.
        executed = ExecutedNotebook(status="ok")
        return replace(_evidence(job, submission, executed, {}, seed), harness_error=str(problem))
    return _evidence(job, submission, executed, attempts, seed)


def _handed_in(job: RunRequest) -> Submission:
    """Read the notebook; where there is none to read, return its fault alone."""
    if job.fault is not None:
        return Submission(file=clean(job.notebook.name), sha256=digests.NOTHING, fault=job.fault)
    return read_notebook(job.notebook)


def _without_answer(attempt: ExerciseEvidence) -> bool:
    return any(fault.stage == "reply" for fault in attempt.probe.faults)


def _evidence(
    job: RunRequest,
    submission: Submission,
    executed: ExecutedNotebook,
    attempts: Mapping[str, ExerciseEvidence],
    seed: int,
) -> Evidence:
    return Evidence(
        submission=submission,
        executed=replace(executed, time_factor=job.time_factor),
        exercises=attempts,
        versions=versions(),
        seed=seed,
        sandbox=job.sandbox_name,
        repeated=job.repeated,
    )
