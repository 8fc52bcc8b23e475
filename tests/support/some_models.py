"""The ``grader`` command whose ``verify`` makes only some of its models."""

from __future__ import annotations

_PROGRAM = """\
import sys
import grader.authoring.verify.run as run
from grader.cli import main

every = run.all_mutants
run.all_mutants = lambda assignment: [(one, made[{part}]) for one, made in every(assignment)]
sys.exit(main())
"""


def some_models(part: str) -> tuple[str, str]:
    """Return what Python is started with; ``part`` is a slice of each solution's models."""
    return "-c", _PROGRAM.format(part=part)
