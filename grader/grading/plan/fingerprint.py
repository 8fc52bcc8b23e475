"""The fingerprint of a run: all that decides it and does not stand in its evidence."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from grader.assignment import digests
from grader.assignment.schema import Assignment
from grader.core.environment import versions
from grader.core.types import Note
from grader.grading.settings import GradingSettings
from grader.submission.intake import SubmittedFile


def run_fingerprint(
    entry: SubmittedFile, assignment: Assignment, settings: GradingSettings
) -> dict[str, Any]:
    """Return, as JSON can hold it, what decides the run of ``entry`` and is not in its evidence."""
    return {
        "asked": digests.run_inputs(assignment),
        "code": digests.code(of_runs=True),
        "packages": digests.packages(),
        "gpu": settings.device == "gpu",
        "limits": settings.limits.model_dump(),
        "fault": None if entry.fault is None else asdict(entry.fault),
    }


def digest_of(entry: SubmittedFile) -> str:
    """Return the digest of what was handed in; "" where it can't be read."""
    if entry.fault is not None:
        return digests.NOTHING
    try:
        with entry.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def environment() -> dict[str, str]:
    """Return the versions that a run depends on; this package itself is told by its code."""
    return {name: version for name, version in versions().items() if name != "grader"}


def reason(kind: str, **values: str) -> Note:
    """Make a message of the catalogue: why a submission is judged again or run."""
    return Note(message_id=f"resume.why.{kind}", values=values, for_student=False)
