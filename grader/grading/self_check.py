"""A student's self-check: the public checks alone, without the teachers' folder.

The reference is not needed: the accepted models' traces for the public stimuli are
stored with the assignment.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from grader.assignment.schema import Assignment, Limits
from grader.core.types import GradeReport
from grader.judge.reference.public_traces import PUBLIC_SEED, add_public_reference
from grader.judge.verdict import verdict
from grader.run.collect_evidence import collect_evidence
from grader.run.run_request import RunRequest


def self_check(
    notebook: Path,
    assignment: Assignment,
    limits: Limits,
    language: str,
    waiting: subprocess.Popen[bytes] | None = None,
) -> GradeReport:
    """Run ``notebook`` and judge it by the public checks.

    ``waiting`` is a process of `grader.run.kernel.prestart` that is to be the kernel.
    """
    job = RunRequest(
        notebook=notebook,
        assignment=assignment,
        limits=limits,
        secret=b"",
        seed=PUBLIC_SEED,
        hidden=False,
        prestarted=waiting,
    )
    evidence = add_public_reference(collect_evidence(job), assignment)
    return verdict(evidence, assignment, notebook.stem, language)
