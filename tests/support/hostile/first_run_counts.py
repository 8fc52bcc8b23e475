"""The ``grader`` command as batches of hostile notebooks need it: see ``batch.py``.

- What was cut is not run once more: dozens of these notebooks are cut, each as often as it
  runs. ``test_cut_runs.py`` tests that repetition.
- What fills memory may take less of it than an assignment allows: no attack takes as much as
  that, for it must hurt no machine where there is no box.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grader.cli import main
from grader.core.types import GradeReport
from grader.grading import batch
from grader.grading.machine import GradingMachine, grade_one
from grader.submission.intake import SubmittedFile

LITTLE_MB = 400  # honest notebooks take 230 MiB, and what fills memory 300 MB more


def _first_run(machine: GradingMachine, plan: Any, entry: SubmittedFile) -> GradeReport:
    """Grade as if this were the second run already: its reports are written in any case."""
    if entry.path.name.startswith("memory-of-"):
        settings = machine.options.settings
        settings = replace(settings, limits=settings.limits.with_changes(memory_mb=LITTLE_MB))
        machine = replace(machine, options=replace(machine.options, settings=settings))
    return grade_one(machine, plan, entry, repeated=True)


if __name__ == "__main__":
    batch.grade_one = _first_run  # type: ignore[attr-defined]
    batch.is_unfinished = lambda report: False  # type: ignore[attr-defined]
    main()
