"""The same evidence gets the same verdicts on every kind of device that JAX sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.schema import Assignment
from grader.judge.devices import GPU_FROM, choose_device
from grader.judge.reference.model import ReferenceModel, ReferenceModelError, load_model
from grader.judge.server import Judge
from tests.support.graded_corpus import Corpus
from tests.support.project import ROOT, results

SAMPLES = {
    "right-plain": "pass",
    "right-printed-formula": "pass",  # the other accepted model
    "g_Na-20-percent-off": "fail",
    "n-cubed": "fail",
}
TWO_CPUS = "--xla_force_host_platform_device_count=2"


@pytest.fixture(scope="module")
def judged(corpus: Corpus) -> dict[str, Any]:
    """What each device makes of the evidence of these samples, where the CPU counts as two."""
    graded = corpus.graded("hh")
    folders = {name: folder for folder, name in _folders(graded).items() if name in SAMPLES}
    assert folders.keys() == SAMPLES.keys()
    command = [sys.executable, "-m", "tests.support.judge_on_devices"]
    done = subprocess.run(
        [*command, *(str(graded / f) for f in folders.values())],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={
            **os.environ,
            "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} {TWO_CPUS}",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _folders(graded: Path) -> dict[str, str]:
    """The folder of each submission, and the sample that it is."""
    return {f: Path(r["submission"]["file"]).stem for f, r in results(graded).items()}


@pytest.mark.full
@pytest.mark.parametrize("device", ["cpu:0", "cpu:1", "gpu:0"])
def test_every_device_gives_the_verdicts_of_grading(
    corpus: Corpus, judged: dict[str, Any], device: str
) -> None:
    """Status, points and message of every check are the same, wherever the reference is run."""
    if device not in judged and device.startswith("gpu"):
        pytest.skip("JAX sees no GPU here")
    kind, _, number = device.partition(":")
    assert judged[device]["place"] == [kind, int(number)]
    names = _folders(corpus.graded("hh"))
    found = {names[folder]: verdict for folder, verdict in judged[device]["verdicts"].items()}
    expected = {
        name: {
            c["id"]: [c["status"], c["points"], c["message_id"]]
            for c in corpus.by_file("hh")[f"{name}.ipynb"]["checks"]
        }
        for name in SAMPLES
    }
    assert found == expected
    assert {name: one["hh.simulation.V"][0] for name, one in found.items()} == SAMPLES


@pytest.mark.parametrize(
    ("asked", "stimuli", "expected"),
    [("auto", 1, "cpu"), ("auto", GPU_FROM, "auto"), ("cpu", GPU_FROM, "cpu"), ("gpu", 1, "gpu")],
)
def test_auto_decides_by_size(
    assignment: Assignment, asked: str, stimuli: int, expected: str
) -> None:
    """A GPU is looked for where a panel has thousands of neurons; what was asked for stays."""
    panel = assignment.stimuli[:1] * stimuli
    assert choose_device(asked, assignment.model_copy(update={"stimuli": panel})) == expected


@pytest.mark.parametrize(
    ("device", "platforms"), [("cpu", "cpu"), ("auto", "of the user"), ("gpu", None)]
)
def test_a_judge_on_the_cpu_starts_no_gpu(
    device: str, platforms: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process is told so before it starts JAX; on a GPU it leaves memory to notebooks."""
    monkeypatch.setenv("JAX_PLATFORMS", "of the user")
    judge = Judge(ROOT / "assignments" / "hh", ROOT / "reference" / "hh", device)
    try:
        told = _variables_of(judge._process.pid)
    finally:
        judge.close()
    assert told.get("JAX_PLATFORMS") == platforms
    assert told.get("XLA_PYTHON_CLIENT_PREALLOCATE") == (None if device == "cpu" else "false")


def _variables_of(pid: int) -> dict[str, str]:
    """The variables that a process was started with, as soon as the kernel shows them."""
    for _ in range(2000):
        if told := Path(f"/proc/{pid}/environ").read_bytes().decode():
            return dict(one.split("=", 1) for one in told.split("\0") if "=" in one)
        time.sleep(0.001)
    pytest.fail("the process shows no variables")


def test_a_device_that_is_not_there_is_refused() -> None:
    """No device is put in the place of another one that was asked for by its number."""
    model = load_model(ROOT / "reference" / "hh" / "model.py")
    with pytest.raises(ReferenceModelError, match=r"no cpu:99: JAX sees \d+ of that kind"):
        ReferenceModel(model, "cpu:99")
