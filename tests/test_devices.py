"""The same evidence gets the same verdicts on every kind of device that JAX sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from project import ROOT, results, run_grader

from grader.judge.reference import ReferenceModel, ReferenceModelError, load_model

SAMPLES = {
    "right-plain": "pass",
    "right-printed-formula": "pass",  # the other accepted model
    "g_Na-20-percent-off": "fail",
    "n-cubed": "fail",
}
TWO_CPUS = "--xla_force_host_platform_device_count=2"


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Notebooks graded as ever; their evidence is kept beside the reports."""
    out = tmp_path_factory.mktemp("devices") / "out"
    paths = [ROOT / "submissions" / "hh" / f"{name}.ipynb" for name in SAMPLES]
    done = run_grader("grade", *paths, "-o", out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def judged(graded: Path) -> dict[str, Any]:
    """What each device makes of that evidence, where the CPU counts as two."""
    done = subprocess.run(
        [sys.executable, "-m", "judge_on_devices", str(graded)],
        capture_output=True,
        text=True,
        cwd=ROOT / "tests",
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


@pytest.mark.full
@pytest.mark.parametrize("device", ["cpu:0", "cpu:1", "gpu:0"])
def test_every_device_gives_the_verdicts_of_grading(
    graded: Path, judged: dict[str, Any], device: str
) -> None:
    """Status, points and message of every check are the same, wherever the reference is run."""
    if device not in judged and device.startswith("gpu"):
        pytest.skip("JAX sees no GPU here")
    kind, _, number = device.partition(":")
    assert judged[device]["place"] == [kind, int(number)]
    expected = {
        name: {c["id"]: [c["status"], c["points"], c["message_id"]] for c in result["checks"]}
        for name, result in results(graded).items()
    }
    assert judged[device]["verdicts"] == expected
    assert {name: one["hh.simulation.V"][0] for name, one in expected.items()} == SAMPLES


def test_a_device_that_is_not_there_is_refused() -> None:
    """No device is put in the place of another one that was asked for by its number."""
    model = load_model(ROOT / "reference" / "hh" / "model.py")
    with pytest.raises(ReferenceModelError, match=r"no cpu:99: JAX sees \d+ of that kind"):
        ReferenceModel(model, "cpu:99")
