"""Evidence of a solution whose run ends early."""

from __future__ import annotations

import json
from pathlib import Path

from grader.assignment.schema import Assignment, Limits
from grader.core.types import Evidence
from grader.run.collect_evidence import collect_evidence
from grader.submission.notebook.read import read_notebook
from tests.support.project import SOLUTION, short_solution
from tests.support.warm_kernels import Kernels

DIES = "import os\nos._exit(1)"
WRITTEN = next(c.source for c in read_notebook(SOLUTION).cells if "grader:HH" in c.tags)
NOBODY = Limits(cell_seconds=20, notebook_seconds=40, probe_seconds=20)


def evidence_below(
    kernels: Kernels,
    assignment: Assignment,
    folder: Path,
    before: str,
    graded: str = WRITTEN,
    limits: Limits = NOBODY,
) -> Evidence:
    """Evidence of the short solution with a cell before the graded one, and with that one."""
    file = short_solution(folder / "n.ipynb", before)
    notebook = json.loads(file.read_text("utf-8"))
    (cell,) = (c for c in notebook["cells"] if c["id"] == "HH")
    cell["source"] = graded
    file.write_text(json.dumps(notebook), "utf-8")
    return collect_evidence(kernels.job(file, assignment, limits))
