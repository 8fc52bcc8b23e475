"""The ``grader`` command as a user of the tests starts it, boxed in by one backend."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support import sandboxes

CONTAINER = Path(sandboxes.__file__).with_name("container.py")
SECONDS = 3600  # nothing takes that long; a test that hangs ends


@dataclass(frozen=True)
class Command:
    """``start`` becomes the user; ``owner`` is who must own its files, None for nobody else."""

    backend: str
    start: tuple[str, ...]
    python: str
    environment: dict[str, str]
    owner: int | None

    def grade(
        self, *arguments: str, program: str, below: Sequence[str], **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """The command ``grade`` of the module ``program``, below the Python program ``below``."""
        around = [self.python, *below]
        grader = [self.python, "-m", program, "grade", *arguments, "--sandbox", self.backend]
        return subprocess.run(
            [*self.start, *around, *grader],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **self.environment, "LC_ALL": "C.UTF-8", "COLUMNS": "100"}
            | environment,
        )

    def give(self, *paths: Path) -> None:
        """Make ``paths`` the user's own."""
        if self.owner is not None:
            for path in paths:
                os.chown(path, self.owner, self.owner, follow_symlinks=False)


def command_of(combination: str) -> Command | str:
    """The command of ``backend-user``, as in "landlock-ordinary"; a string says why there is none.

    With landlock that is in a container's stand-in.
    """
    backend, _, user = combination.partition("-")
    become, python = sandboxes.as_user(user), sandboxes.python_for(user)
    if become is None or python is None:
        return f"can't become {user} here, or reach Python as that user"
    program, environment = python
    return Command(
        backend=backend,
        start=(*become, *((program, str(CONTAINER)) if backend == "landlock" else ())),
        python=program,
        environment=environment,
        owner=sandboxes.ORDINARY if user == "ordinary" and os.geteuid() == 0 else None,
    )
