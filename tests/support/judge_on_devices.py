"""Judges stored evidence anew on every device that JAX sees here; prints what came out as JSON.

    python -m tests.support.judge_on_devices FOLDER ...    each with the evidence of one submission

A process of its own, since JAX counts its devices once, when it starts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.core.evidence_store import load_evidence
from grader.judge.reference.compare import Comparison
from grader.judge.reference.load_model import load_model
from grader.judge.reference.model import ReferenceModel
from grader.judge.verdict import verdict
from tests.support.project import ROOT

KINDS = ("cpu", "gpu")


def devices() -> list[str]:
    """The devices by the names that the reference takes: "cpu:0", "gpu:0"."""
    found = []
    for kind in KINDS:
        try:
            count = len(jax.local_devices(backend=kind))
        except RuntimeError:  # no such backend here
            continue
        found += [f"{kind}:{number}" for number in range(count)]
    return found


def judged(folders: Sequence[Path], assignment: Assignment, device: str) -> dict[str, Any]:
    """The verdict on the submission in each folder, and the device that it came from."""
    comparison = Comparison(assignment, device)
    verdicts = {}
    for folder in folders:
        compared = comparison.add_reference(load_evidence(folder))
        report = verdict(compared, assignment, folder.name, "en", comparison.device)
        verdicts[folder.name] = {c.id: [c.status, c.points, c.message_id] for c in report.checks}
    assert assignment.rubric is not None
    place = ReferenceModel(load_model(assignment.rubric.reference), device).jax_device
    return {"place": [place.platform, place.id], "verdicts": verdicts}


if __name__ == "__main__":
    asked = load_assignment(ROOT / "assignments" / "hh", ROOT / "reference" / "hh")
    given = [Path(folder) for folder in sys.argv[1:]]
    print(json.dumps({one: judged(given, asked, one) for one in devices()}))
