"""``python -m tests.gpu`` on a machine without a GPU: what it compares, and that it can differ."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import pytest

from grader.assignment.load import load_assignment
from grader.judge.reference.load_model import Model
from grader.judge.reference.model import ReferenceModel
from grader.sandbox import gpu
from tests.gpu import boxes, machine, numbers, samples, table, work
from tests.gpu.parts import Part, Ran
from tests.support.graded_corpus import Corpus
from tests.support.project import ROOT

HERE = machine.Machine(
    processor="", processors=1, gpu="", driver="", why="No GPU here", versions={"jax": "0"}
)


def on_cpu(model: Model) -> ReferenceModel:
    """The reference as it is."""
    return ReferenceModel(model, "cpu")


def off(model: Model) -> ReferenceModel:
    """One of whose constants is a thousandth off."""
    constants = {**model.CONSTANTS, "gNa": model.CONSTANTS["gNa"] * 1.001}
    return ReferenceModel(SimpleNamespace(**{**vars(model), "CONSTANTS": constants}), "cpu")  # type: ignore[arg-type]


def test_a_reference_that_differs_is_seen() -> None:
    """A constant a thousandth off is beyond what checks allow; the reference itself is not."""
    id = "hh-from-scratch"
    assignment = load_assignment(ROOT / "assignments" / id, ROOT / "reference" / id)
    told: dict[Any, Part] = {}
    for found_by in (on_cpu, off):
        lines = list(work.apart(assignment, found_by, on_cpu))
        told[found_by] = numbers.judged("of the reference", (), lines, "", complete=True)
    kinds = [c for c in assignment.checks if c.kind in work.MEASURES]
    assert told[on_cpu].rows[0][:3] == (id, str(len(kinds) + 5), "0.0e+00")
    assert told[on_cpu].wrong == ()
    assert any("scratch.simulation.V to 37 ms" in one for one in told[off].wrong)
    assert any("scratch.equations.V" in one for one in told[off].wrong)
    assert not any("scratch.equations.m" in one for one in told[off].wrong)


def test_what_is_no_number_is_not_within_a_tolerance() -> None:
    """A device that computes NaN differs, and so does one whose process ended badly."""
    line = {"assignment": "a", "what": "V", "far": float("nan"), "allowed": 1.0}
    assert len(numbers.judged("t", (), [line], "", complete=True).wrong) == 1
    assert numbers.judged("t", (), [], "ended with 1", complete=False).wrong == ("t: ended with 1",)
    assert numbers.judged("t", (), [], "", complete=False).not_tried != ()


def test_verdicts_are_held_against_each_other_and_against_labels(corpus: Corpus) -> None:
    """A check with other points, a wrong label and a missing sample are each said."""
    right = {Path(name).stem: result for name, result in corpus.by_file("hh").items()}
    row, wrong, missing = samples.held("hh", {"cpu": right, "gpu": right})
    assert (row, wrong, missing) == (("hh", *[str(len(right))] * 2, "11", "11"), [], [])
    other = json.loads(json.dumps(right))
    other["n-cubed"]["checks"][3]["points"] += 0.5
    other["right-plain"]["score"] = 99
    del other["E_K-sign"]
    row, wrong, missing = samples.held("hh", {"cpu": right, "gpu": other})
    assert (row[3:], missing) == (("8", "10"), ["E_K-sign on the gpu"])
    assert wrong == [
        "hh/right-plain, --device gpu: score: expected 100, got 99",
        "hh/right-plain: score: 100.0 on the CPU, 99 on the GPU",
        f"hh/n-cubed: {wrong[2].partition(': ')[2]}",
    ]
    assert other["n-cubed"]["checks"][3]["id"] in wrong[2]


def test_what_time_does_not_allow_is_said(tmp_path: Path) -> None:
    """Without time no sample is graded, none counts as wrong, and each is named."""
    part = samples.compare_verdicts(HERE, tmp_path, time.monotonic())
    assert part.wrong == ()
    for names in samples.SAMPLES.values():
        assert sum(f"{names[0]} on the cpu" in one for one in part.not_tried) >= 1
    assert not table.Outcome(HERE, (part,), 1.0).differs
    assert "Not tried: samples of hh, time was over" in table.Outcome(HERE, (part,), 1.0).in_words()


def test_two_notebooks_at_once_and_the_cpu_are_seen(tmp_path: Path) -> None:
    """Of notebooks that should have had the GPU one after the other."""

    def graded(name: str, platform: str, began: float) -> None:
        ended = {"ended": began + 2, "platform": platform}
        why = "" if platform == "gpu" else "cuInit says 304"
        said = [{"began": began, "platform": platform, "why": why}, ended]
        (folder := tmp_path / name).mkdir(exist_ok=True)
        text = [json.dumps(one) for one in said]
        cells = [{"outputs": [{"output_type": "stream", "text": one + "\n"}]} for one in text]
        (folder / "executed.ipynb").write_text(json.dumps({"cells": cells}))
        result = {"score": 100.0, "run": {"error": ""}}
        (folder / "result.json").write_text(json.dumps(result))

    well = Ran(0, "", "")
    graded("one", "gpu", 10.0)
    graded("two", "gpu", 13.0)
    assert boxes.told("bwrap", tmp_path, well, 5.0)[1] == []
    graded("two", "gpu", 11.0)
    assert boxes.told("bwrap", tmp_path, well, 5.0)[1] == ["two notebooks had the GPU at once"]
    graded("one", "cpu", 1.0)
    graded("two", "cpu", 4.0)
    met = "ran on cpu instead of the GPU; cuInit says 304"
    assert boxes.told("bwrap", tmp_path, well, 5.0)[1] == [met]


def test_why_there_is_no_gpu() -> None:
    """No node, a node without the plugin and what installs it, and both where JAX fails."""
    assert machine.why_not((), (), "").startswith("No GPU here: there is none of /dev/nvidia")
    assert f'"jax[cuda12]=={jax.__version__}"' in machine.why_not(("/dev/nvidia0",), (), "")
    assert "JAX says: no driver" in machine.why_not(("/dev/nvidia0",), ("xla_cuda12",), "no driver")


def test_from_which_size_a_gpu_is_faster() -> None:
    """At all sizes from there on; one that is slower at the largest is faster from none."""
    cpu = {16: 1.0, 64: 2.0, 256: 8.0}
    assert numbers.faster_from(cpu, {16: 0.5, 64: 3.0, 256: 3.0}) == 256
    assert numbers.faster_from(cpu, {16: 0.5, 64: 1.0, 256: 3.0}) == 16
    assert numbers.faster_from(cpu, {16: 0.5, 64: 1.0, 256: 9.0}) is None


@pytest.mark.full
@pytest.mark.skipif(
    bool(gpu.existing_paths(gpu.CARDS)), reason="there is a GPU: run python -m tests.gpu"
)
def test_the_script_tests_the_rest_without_a_gpu(tmp_path: Path) -> None:
    """It says that there is none, grades twenty samples as labelled, and refuses --device gpu."""
    out = tmp_path / "gpu.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.gpu", "--out", str(out)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("No GPU here")
    found = json.loads(out.read_text("utf-8"))
    refused, _, speed, verdicts = found["parts"]
    assert "status 2" in refused["said"][0]
    assert [row[0] for row in speed["rows"]] == [f"{size:,}" for size in numbers.SIZES]
    assert all(row[1] and row[4] and not row[2] for row in speed["rows"])
    assert [row[-1] for row in verdicts["rows"]] == ["3", "3", "3", "11"]
    assert sum("needs a GPU" in line for part in found["parts"] for line in part["not_tried"]) == 4
