"""What decides a run and what decides only how its evidence is judged, here and now."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from grader.assignment import digests
from grader.assignment.schema import Assignment, Limits
from grader.assignment.stimuli import seed_for
from grader.core.environment import versions
from grader.core.types import Note
from grader.submission.intake import Entry


@dataclass(frozen=True, kw_only=True, slots=True)
class Basis:
    """What a batch is graded with. ``sandbox`` and ``device`` are as they were asked for."""

    assignment: Assignment
    limits: Limits
    secret: bytes
    seed: int | None
    sandbox: str
    device: str
    language: str

    def made(self, entry: Entry) -> dict[str, Any]:
        """What decides the run of ``entry`` and does not stand in its evidence, as JSON."""
        return {
            "asked": digests.asked(self.assignment),
            "code": digests.code(of_runs=True),
            "packages": digests.packages(),
            "gpu": self.device == "gpu",
            "limits": self.limits.model_dump(),
            "fault": None if entry.fault is None else asdict(entry.fault),
        }

    def seed_of(self, sha256: str) -> int:
        """The seed of the stimuli that a submission gets."""
        if self.seed is not None:
            return self.seed
        return seed_for(self.secret, sha256, digests.asked(self.assignment))


def content_of(entry: Entry) -> str:
    """The digest of what was handed in; "" where it can't be read."""
    if entry.fault is not None:
        return digests.NOTHING
    try:
        with entry.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def environment() -> dict[str, str]:
    """Versions that a run depends on; this package itself is told by its code."""
    return {name: version for name, version in versions().items() if name != "grader"}


def reason(kind: str, **values: str) -> Note:
    """Why a submission is judged again or run: a message of the catalogue."""
    return Note(message_id=f"resume.why.{kind}", values=values, for_student=False)
