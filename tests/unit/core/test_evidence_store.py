"""Stored evidence: what was saved comes back, and a damaged store is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grader.core.evidence_store import BadEvidence, load_evidence, save_evidence
from grader.core.types import (
    Answers,
    Evidence,
    ExecutedNotebook,
    ExerciseEvidence,
    GradedCell,
    ModelProbe,
    StimulusSet,
    Submission,
)


@pytest.fixture
def evidence() -> Evidence:
    trace = np.linspace(-80.0, 40.0, 12).reshape(4, 3)
    trace[2, 1] = np.nan
    attempt = ExerciseEvidence(
        cell=GradedCell(exercise="X", index=3, class_name="Model", found_by="tag"),
        probe=ModelProbe(found=True, population=3),
        answers=Answers(traces={"V": trace}, field={"V": np.arange(5.0)}),
        stimuli=StimulusSet(
            names=("a", "b", "c"), dt=0.1, current=np.ones((4, 3)), V0=np.full(3, -65.0), public=1
        ),
    )
    return Evidence(
        submission=Submission(file="n.ipynb", sha256="0" * 64),
        executed=ExecutedNotebook(status="ok", notebook='{"cells": []}'),
        exercises={"X": attempt},
        seed=2**62 + 1,
    )


def test_evidence_survives_storage(evidence: Evidence, tmp_path: Path) -> None:
    """Arrays (NaN too), structure and seed come back exactly as they went in."""
    save_evidence(evidence, tmp_path)
    loaded = load_evidence(tmp_path)
    before, after = evidence.exercises["X"], loaded.exercises["X"]
    assert after.stimuli is not None
    assert before.stimuli is not None
    for loaded_array, saved in (
        (after.answers.traces["V"], before.answers.traces["V"]),
        (after.answers.field["V"], before.answers.field["V"]),
        (after.stimuli.current, before.stimuli.current),
        (after.stimuli.V0, before.stimuli.V0),
    ):
        np.testing.assert_array_equal(loaded_array, saved, strict=True)
    assert (after.stimuli.names, after.stimuli.dt, after.stimuli.public) == (
        ("a", "b", "c"),
        0.1,
        1,
    )
    assert (loaded.seed, loaded.submission, loaded.executed) == (
        evidence.seed,
        evidence.submission,
        evidence.executed,
    )
    assert (after.cell, after.probe) == (before.cell, before.probe)


def test_storage_holds_no_pickle(evidence: Evidence, tmp_path: Path) -> None:
    """Reading arrays back never runs code: an object array is refused."""
    save_evidence(evidence, tmp_path)
    np.savez(tmp_path / "evidence.npz", a0=np.array([{}], dtype=object))
    with pytest.raises(BadEvidence, match="allow_pickle=False"):
        load_evidence(tmp_path)


@pytest.mark.parametrize("file", ["probe.json", "evidence.npz"])
def test_torn_storage_is_named(evidence: Evidence, tmp_path: Path, file: str) -> None:
    """A file cut in the middle is an error that names the folder, not a wrong mark."""
    save_evidence(evidence, tmp_path)
    content = (tmp_path / file).read_bytes()
    (tmp_path / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(BadEvidence, match=str(tmp_path)):
        load_evidence(tmp_path)


def test_no_partial_file_is_left(evidence: Evidence, tmp_path: Path) -> None:
    """Writing leaves the three files and nothing else."""
    save_evidence(evidence, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "evidence.npz",
        "executed.ipynb",
        "probe.json",
    ]
