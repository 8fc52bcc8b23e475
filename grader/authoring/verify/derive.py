"""Deriving an assignment's tolerances and storing them; see ``grader.authoring.verify.margins``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.margins import margins_between
from grader.authoring.verify.run import verify_assignment
from grader.authoring.verify.tolerances_file import write_tolerances
from grader.sandbox.warm_process import SandboxConfig

SEEDS = range(1001, 1011)
"""Others than those that ``grader verify`` judges under."""


def derive_tolerances(
    assignment: Assignment, sandbox: SandboxConfig, jobs: int, on_row: Callable[[int, int], None]
) -> list[Path]:
    """Run right models and every other wrong one, and write the files of tolerances.

    Raises what `verify_assignment` does, and ``NoMargin``.
    """
    matrix = verify_assignment(assignment, sandbox, SEEDS, jobs, on_row, is_derived_from)
    return write_tolerances(assignment, margins_between(matrix), SEEDS)


def is_derived_from(number: int, mutant: Mutant) -> bool:
    """Tell whether tolerances are derived from a mutant; half of the wrong ones test them."""
    return mutant.right or number % 2 == 0
