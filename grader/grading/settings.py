"""The settings that a class is graded with, on this machine and on every worker."""

from __future__ import annotations

from dataclasses import dataclass, field

from grader.assignment import digests
from grader.assignment.schema import Assignment, Limits
from grader.assignment.stimuli import seed_for


@dataclass(frozen=True, kw_only=True, slots=True)
class GradingSettings:
    """The wishes of whoever has a class graded; nothing of it is worked out."""

    limits: Limits
    secret: bytes = field(repr=False)
    """The secret that seeds are drawn from."""
    seed: int | None = field(default=None, repr=False)
    """The seed of all stimuli; None draws one for each submission."""
    sandbox: str = "auto"
    device: str = "auto"
    language: str = "en"

    def seed_of(self, sha256: str, assignment: Assignment) -> int:
        """Return the seed of the stimuli that a submission with this digest gets."""
        if self.seed is not None:
            return self.seed
        return seed_for(self.secret, sha256, digests.run_inputs(assignment))
