"""On which device the reference is run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from grader.assignment.schema import Assignment
from grader.judge.devices import GPU_FROM, choose_device
from grader.judge.judge_process import Judge
from grader.judge.reference.load_model import ReferenceModelError, load_model
from grader.judge.reference.model import ReferenceModel
from tests.support.project import ROOT


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
        told = _variables_of(judge._process.process.pid)
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
