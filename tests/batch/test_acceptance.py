"""The labelled samples of every assignment, through the real pipeline as a TA starts it.

A part of them without options, all of them with ``--full``: see ``graded_corpus``.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from grader.assignment.load import load_assignment
from grader.authoring.verify.sample_labels import Sample, disagreements
from grader.core.messages import LANGUAGES
from grader.core.types import CUT_OFF
from tests.support.graded_corpus import IDS, Corpus, handed_out, labelled
from tests.support.hidden_checks import reached
from tests.support.project import ROOT, checks, results
from tests.support.self_checks import begins_elsewhere, given_away, own_evidence

HH_FIRST = [pytest.param(id, marks=() if id == "hh" else pytest.mark.full) for id in IDS]
"""Every assignment where the command without options takes one of them."""


@pytest.mark.parametrize(("id", "sample"), labelled())
def test_sample_gets_its_verdict(id: str, sample: Sample, corpus: Corpus) -> None:
    """A labelled submission gets the outcome, the score and the checks of its label."""
    assert disagreements(sample, corpus.by_file(id)[sample.file]) == []


@pytest.mark.parametrize("id", IDS)
def test_the_solution_has_100_and_the_released_notebook_0(id: str, corpus: Corpus) -> None:
    """Without being told which assignment it is."""
    by_file = corpus.by_file(id)
    assert [by_file[file.name]["score"] for file in handed_out(id)] == [100, 0]


@pytest.mark.parametrize("id", IDS)
def test_every_sample_has_a_result(id: str, corpus: Corpus) -> None:
    """Nothing that was handed in is missing, and each has all files of the contract."""
    given = {*(sample.file for sample in corpus.samples(id)), *(f.name for f in handed_out(id))}
    assert set(corpus.by_file(id)) == given
    for folder in (f for f in corpus.graded(id).iterdir() if f.is_dir()):
        names = {file.name for file in folder.iterdir()}
        assert {"result.html", "result.md", "result.json", "teacher.html", "probe.json"} <= names
        assert not {name for name in names if name.startswith(".")}


def test_what_was_cut_ran_once_more(corpus: Corpus) -> None:
    """A run that was cut costs points only if a second one is cut, too."""
    out = corpus.graded("hh")
    was_cut, repeated = set(), set()
    for id, result in results(out).items():
        if result["run"]["status"] in CUT_OFF:
            was_cut.add(id)
        if json.loads((out / id / "probe.json").read_text("utf-8"))["evidence"]["repeated"]:
            repeated.add(id)
    assert "os-exit-at-the-end" in was_cut
    assert was_cut <= repeated  # one that a busy machine cut may run through, alone


def test_the_handouts_own_run_has_eight_spikes(corpus: Corpus) -> None:
    """Spike count and firing rate in the report are those of the handout's own run."""
    found = checks(corpus.by_file("hh")["right-plain.ipynb"])
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


@pytest.mark.parametrize("id", IDS)
def test_batch_files_agree_with_the_results(id: str, corpus: Corpus) -> None:
    """summary.json and grades.csv hold the scores of the results, one row a submission."""
    by_file = corpus.by_file(id)
    summary = json.loads((corpus.graded(id) / "summary.json").read_text("utf-8"))
    scores = {row["file"]: row["score"] for row in summary["submissions"]}
    assert {Path(file).name: score for file, score in scores.items()} == {
        name: result["score"] for name, result in by_file.items()
    }
    rows = (corpus.graded(id) / "grades.csv").read_text("utf-8-sig").splitlines()
    assert len(rows) == 1 + len(by_file)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("id", HH_FIRST)
def test_nothing_hidden_reaches_a_student(
    id: str, language: str, corpus: Corpus, tmp_path: Path
) -> None:
    """No student's file, of whatever format, has a hidden check's name, stimulus or values."""
    english = language == "en"
    folder = corpus.graded(id) if english else corpus.judged_in(language, id, tmp_path)
    assert reached(folder, id) == {}


@pytest.mark.parametrize("id", HH_FIRST)
def test_an_own_check_gives_no_value_away(id: str, corpus: Corpus) -> None:
    """Of no sample that fails would the student's own check have told what it should have been.

    And where one line is wrong it begins there. Of hh every third sample: to draw their pages
    takes long.
    """
    assignment = load_assignment(ROOT / "assignments" / id, ROOT / "reference" / id)
    every = 3 if id == "hh" else 1
    told = {
        name: given_away(evidence, assignment) + begins_elsewhere(evidence, assignment)
        for name, evidence in own_evidence(corpus.graded(id), assignment, every)
    }
    assert len(told) == math.ceil(len(corpus.by_file(id)) / every)
    assert {name: one for name, one in told.items() if one} == {}
