"""The labelled sample submissions, through the real pipeline as a TA starts it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hidden_checks import in_language, reached
from project import ROOT, checks, results, run_grader
from self_checks import begins_elsewhere, given_away, own_evidence

from grader.assignment import Assignment
from grader.report.formats import FORMATS
from grader.verify.labels import Sample, disagreements, load_samples
from grader.words import LANGUAGES

SUBMISSIONS = ROOT / "submissions" / "hh"
SAMPLES = load_samples(SUBMISSIONS)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole folder graded by one command."""
    out = tmp_path_factory.mktemp("acceptance") / "feedback"
    options = ("--cell-seconds", "15", "--format", ",".join(FORMATS))
    done = run_grader("grade", SUBMISSIONS, "-o", out, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def by_file(graded: Path) -> dict[str, dict[str, Any]]:
    """Results by the name of the file that was handed in."""
    return {Path(r["submission"]["file"]).name: r for r in results(graded).values()}


@pytest.mark.slow
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: Path(s.file).stem)
def test_sample_gets_its_verdict(sample: Sample, by_file: dict[str, dict[str, Any]]) -> None:
    """A labelled submission gets the outcome, the score and the checks of its label."""
    assert disagreements(sample, by_file[sample.file]) == []


@pytest.mark.slow
def test_every_sample_has_a_result(graded: Path, by_file: dict[str, dict[str, Any]]) -> None:
    """Nothing that was handed in is missing, and each has all files of the contract."""
    assert set(by_file) == {sample.file for sample in SAMPLES}
    for folder in (f for f in graded.iterdir() if f.is_dir()):
        names = {file.name for file in folder.iterdir()}
        assert {"result.html", "result.md", "result.json", "teacher.html", "probe.json"} <= names
        assert not {name for name in names if name.startswith(".")}


@pytest.mark.slow
def test_the_handouts_own_run_has_eight_spikes(by_file: dict[str, dict[str, Any]]) -> None:
    """Spike count and firing rate in the report are those of the handout's own run."""
    found = checks(by_file["right-plain.ipynb"])
    assert found["hh.simulation.spike_count"]["measured"] == {"expected": 8, "found": 8}
    own = _own_run()
    rate = found["hh.simulation.firing_rate"]["measured"]["found"]
    assert own["spikes"] == 8
    assert rate == pytest.approx(own["rate"], rel=1e-3)


def _own_run() -> dict[str, float]:
    """The handout's own cells, filled in, run by BrainPy as a student runs them."""
    notebook = json.loads((ROOT / "reference" / "hh" / "hh-solution.ipynb").read_text("utf-8"))
    sources = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    cells = [sources[id] for id in ("imports", "channel-IK", "channel-INa", "channel-IL", "HH")]
    run = sources["HH-run"].split("import matplotlib")[0]
    code = "\n\n".join([*cells, run.replace("neu.reset()", "neu.reset(); neu.V[:] = -65.")])
    code += """
import json
V, ts = np.asarray(runner.mon["V"])[:, 0], np.asarray(runner.mon["ts"])
up = np.nonzero((V[:-1] < 0) & (V[1:] >= 0))[0]
times = ts[up] + (0 - V[up]) / (V[up + 1] - V[up]) * (ts[1] - ts[0])
print(json.dumps({"spikes": len(up), "rate": 1000 / float(np.diff(times).mean())}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    own: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return own


@pytest.mark.slow
def test_batch_files_agree_with_the_results(
    graded: Path, by_file: dict[str, dict[str, Any]]
) -> None:
    """summary.json and grades.csv hold the scores of the results, one row a submission."""
    summary = json.loads((graded / "summary.json").read_text("utf-8"))
    scores = {row["file"]: row["score"] for row in summary["submissions"]}
    assert {Path(file).name: score for file, score in scores.items()} == {
        name: result["score"] for name, result in by_file.items()
    }
    rows = (graded / "grades.csv").read_text("utf-8-sig").splitlines()
    assert len(rows) == 1 + len(SAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_hidden_reaches_a_student(language: str, graded: Path, tmp_path: Path) -> None:
    """No student's file, of whatever format, has a hidden check's name, stimulus or values."""
    assert len(results(graded)) == len(SAMPLES)
    folder = graded if language == "en" else in_language(language, graded, SUBMISSIONS, tmp_path)
    assert reached(folder, "hh") == {}


@pytest.mark.slow
def test_an_own_check_gives_no_value_away(graded: Path, assignment: Assignment) -> None:
    """Of no sample that fails would the student's own check have told what it should have been.

    And where one line is wrong it begins there. Every third sample: to draw their pages takes long.
    """
    told = {
        name: given_away(evidence, assignment) + begins_elsewhere(evidence, assignment)
        for name, evidence in own_evidence(graded, assignment, every=3)
    }
    assert len(told) == math.ceil(len(SAMPLES) / 3)
    assert {name: one for name, one in told.items() if one} == {}
