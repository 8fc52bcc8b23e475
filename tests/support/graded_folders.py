"""Output folders as ``grade`` leaves them, for tests of what is made from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.submission.intake.roster import Origin, RosterEntry, write_roster

SECRETS = {
    "teacher.html": "<p>the answer is -54.387</p>",
    "executed.ipynb": "{}",
    "probe.json": "{}",
    "evidence.npz": "x",
}


def result(id: str, score: float | None, status: str = "ok") -> dict[str, Any]:
    """A ``result.json``; no score means not graded."""
    check = {
        "id": "a.b",
        "family": "f",
        "visibility": "hidden",
        "status": "error" if score is None else "pass",
        "points": 0,
        "max_points": 100,
        "message_id": "m",
        "message": "found",
        "detail": "the answer",
        "measured": {"expected": 1, "found": 2},
    }
    provenance = ("grader", "brainpy", "jax", "python", "device", "sandbox", "seed")
    return {
        "schema_version": 1,
        "assignment": {"id": "hh", "digest": "d"},
        "submission": {"id": id, "file": "hh.ipynb", "sha256": "s", "notes": []},
        "outcome": "not_graded" if score is None else "graded",
        "run": {"status": status, "failed_cell": None, "error": "", "seconds": 1.0},
        "score": score,
        "max_score": 100,
        "checks": [check],
        "provenance": dict.fromkeys(provenance, "x"),
    }


def graded(out: Path, submissions: Mapping[str, tuple[Origin, float | None]]) -> Path:
    """An output folder with these submissions, each with all files of student and teacher."""
    for id, (_, score) in submissions.items():
        folder = out / id
        folder.mkdir(parents=True)
        (folder / "result.html").write_text(f"<p>{id}</p>", "utf-8")
        (folder / "result.md").write_text(f"# {id}", "utf-8")
        for name, text in SECRETS.items():
            (folder / name).write_text(text)
        (folder / "result.json").write_text(json.dumps(result(id, score)), "utf-8")
    rows = [
        RosterEntry(id=id, file="hh.ipynb", origin=origin)
        for id, (origin, _) in submissions.items()
    ]
    write_roster(rows, out)
    title = {"assignment": {"id": "hh", "title": "The neuron"}, "submissions": []}
    (out / "summary.json").write_text(json.dumps(title))
    return out


def canvas(name: str, id: str, **more: Any) -> Origin:
    return Origin(layout="canvas", name=name, lms_id=id, **more)


def moodle(name: str, id: str, **more: Any) -> Origin:
    folder = f"{name}_{id}_assignsubmission_file"
    return Origin(layout="moodle", name=name, lms_id=id, **{"folder": folder, **more})
