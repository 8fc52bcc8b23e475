"""The request to run one submission, and its limits and settings."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.assignment.schema import Assignment, Limits
from grader.core.types import Note

if TYPE_CHECKING:  # boxes are Linux's alone; a student's own check does without
    from grader.sandbox.warm_process import SandboxClient


DEFINITIONS_SECONDS = 20.0
"""Seconds that a notebook's definitions may take, beside its limits, once its run has ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRequest:
    """One submission to collect evidence from. ``seed`` None draws it from ``secret``.

    With a ``fault`` there is no notebook to read: ``notebook`` is where one was looked for.
    """

    notebook: Path
    assignment: Assignment
    limits: Limits
    secret: bytes
    seed: int | None = None
    hidden: bool = True  # whether hidden stimuli are used as well
    sandbox_client: SandboxClient | None = (
        None  # the warm process that makes boxes; None runs it unboxed
    )
    prestarted: subprocess.Popen[bytes] | None = None  # becomes the first kernel that isn't boxed
    core: int | None = None  # the processor that a boxed kernel keeps to
    scratch: Path | None = None  # where private folders are made; the system's, if None
    fault: Note | None = None
    time_factor: float = 1.0  # how many times as long as asked for the limits on time are
    repeated: bool = False  # whether it is run once more, alone, for the first run was cut

    @property
    def sandbox_name(self) -> str:
        """The sandbox of the run, as results name it."""
        return "none" if self.sandbox_client is None else self.sandbox_client.config.sandbox
