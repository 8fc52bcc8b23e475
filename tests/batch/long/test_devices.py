"""The same evidence gets the same verdicts on every kind of device that JAX sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
