"""The sample submissions: what is committed is what is built, and its labels make sense."""

from __future__ import annotations

import copy
import json
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from grader.authoring.verify.sample_labels import ExpectedError, Sample, disagreements, load_samples
from tests.data.samples import build
from tests.data.samples.handout import ROOT, filled, released
from tests.support.generated_notebooks import changes, write

FOLDER = ROOT / "submissions/hh"
SAMPLES = load_samples(FOLDER)
ids = [sample.file for sample in SAMPLES]


def _checks() -> dict[str, float]:
    """Id of every check of the assignment to its points."""
    public = tomllib.loads((ROOT / "assignments/hh/assignment.toml").read_text("utf-8"))
    rubric = tomllib.loads((ROOT / "reference/hh/rubric.toml").read_text("utf-8"))
    return {
        check["id"]: rubric["points"][check["id"]] for check in public["checks"] + rubric["checks"]
    }


CHECKS = _checks()

# --------------------------------------------------------------------- the notebooks


def test_committed_samples_are_what_the_script_builds() -> None:
    """Nobody edits a sample by hand, and nobody forgets to build them."""
    assert changes(build.samples(), FOLDER) == []


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """The script is deterministic, and removes what it no longer builds."""
    (tmp_path / "old.ipynb").write_text("{}")
    write(build.samples(), tmp_path)
    assert changes(build.samples(), tmp_path) == []
    assert {file.name for file in tmp_path.iterdir()} == set(build.samples())


def test_changes_are_named(tmp_path: Path) -> None:
    """A sample that is missing, differs or is not known is reported by its name."""
    write(build.samples(), tmp_path)
    (tmp_path / "right-plain.ipynb").unlink()
    (tmp_path / "unfilled.ipynb").write_text("{}")
    (tmp_path / "another.ipynb").write_text("{}")
    assert changes(build.samples(), tmp_path) == [
        "right-plain.ipynb: is missing",
        "another.ipynb: is built by nothing",
        "unfilled.ipynb: differs",
    ]


def test_the_folder_stays_small() -> None:
    """All samples together take less than 1.5 MB, and no picture 100 KB."""
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 1.5e6
    assert max(file.stat().st_size for file in FOLDER.iterdir()) < 1e5


def test_no_two_samples_are_the_same_file() -> None:
    """Each sample is a case of its own."""
    contents = [file.read_bytes() for file in sorted(FOLDER.glob("*.ipynb"))]
    assert len(set(contents)) == len(contents)


def test_the_answer_section_is_the_handouts_own() -> None:
    """The Answer cell is the solution's class with the released run behind it."""
    answer = filled().as_handout(answer=True)["answer"].source
    solution = json.loads((ROOT / "reference/hh/hh-solution.ipynb").read_text("utf-8"))
    own = next(cell["source"] for cell in solution["cells"] if cell.get("id") == "HH")
    code = [line for line in own.splitlines() if not line.lstrip().startswith("#")]
    assert "\n".join(code) in answer
    assert answer.replace('plt.savefig("HH_channels.jpg")\n', "").endswith(
        released()["HH-run"].source
    )


def test_an_edit_that_does_not_fit_is_an_error() -> None:
    """A sample never silently stays right because the released notebook has changed."""
    with pytest.raises(ValueError, match="stands 0 times in cell 'HH', not once"):
        released().edit("HH", "self.ICa", "self.IK")


# ------------------------------------------------------------------- their labels


def test_every_sample_has_an_entry_and_every_entry_a_sample() -> None:
    """expected.toml and the folder name the same notebooks."""
    assert sorted(ids) == sorted(file.name for file in FOLDER.glob("*.ipynb"))


def test_there_are_enough_right_and_wrong_ones() -> None:
    """The suite has right, wrong, failing and unreadable submissions."""
    right = [sample for sample in SAMPLES if sample.score == (100, 100)]
    assert len(SAMPLES) >= 34
    assert len(right) >= 18
    assert {sample.run for sample in SAMPLES} == {
        *("ok", "cell_error", "timeout", "kernel_died", "unreadable")
    }


@pytest.mark.parametrize("sample", SAMPLES, ids=ids)
def test_cited_checks_exist(sample: Sample) -> None:
    """Every pattern of loses and keeps names a check, and no check is in both."""
    for pattern in (*sample.loses, *sample.keeps):
        assert any(fnmatchcase(id, pattern) for id in CHECKS), pattern
    assert not _named(sample.loses) & _named(sample.keeps)


@pytest.mark.parametrize("sample", SAMPLES, ids=ids)
def test_scores_agree_with_the_points(sample: Sample) -> None:
    """What is kept earns its points, and what is lost can't give the full score."""
    low, high = sample.score
    assert sum(CHECKS[id] for id in _named(sample.keeps)) <= high
    assert high <= sum(CHECKS.values())
    assert not sample.loses or high < 100
    assert low < 100 or not sample.loses


def _named(patterns: tuple[str, ...]) -> set[str]:
    return {id for id in CHECKS for pattern in patterns if fnmatchcase(id, pattern)}


# ------------------------------------------------------------ the reader of the labels

ENTRY = """
[[samples]]
file = "a.ipynb"
about = "Someone."
outcome = "graded"
run = "ok"
score = [90, 100]
"""


def _read(folder: Path, text: str) -> tuple[Sample, ...]:
    (folder / "expected.toml").write_text(text, "utf-8")
    return load_samples(folder)


def test_an_entry_is_read(tmp_path: Path) -> None:
    """Lists may be left out, ranges become tuples."""
    assert _read(tmp_path, ENTRY) == (
        Sample(file="a.ipynb", about="Someone.", outcome="graded", run="ok", score=(90, 100)),
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("score =", "socre =", "samples[0].score: is missing"),
        ("score =", "socre =", "samples[0].socre: unknown key; did you mean 'score'?"),
        (
            '"graded"',
            '"fine"',
            "samples[0].outcome: expected one of graded, not_graded, got 'fine'",
        ),
        ('run = "ok"', 'run = "crashed"', "samples[0].run: expected one of ok, cell_error,"),
        ("[90, 100]", "[100, 90]", "samples[0].score: expected [lowest, highest], got [100, 90]"),
        ("[90, 100]", "[100]", "samples[0].score: expected [lowest, highest]"),
        ("[90, 100]", "[nan, nan]", "samples[0].score: expected [lowest, highest]"),
        ("[90, 100]", "[true, true]", "samples[0].score: expected [lowest, highest]"),
        ("[90, 100]", "[0, 1]\nloses = 'hh.*'", "samples[0].loses: expected a list of words"),
        ('"Someone."', '""', "samples[0].about: expected words, got ''"),
        ("[[samples]]", "[[sample]]", "sample: unknown key"),
        ("[[samples]]", "[[sample]]", "samples: expected at least one [[samples]] table"),
        ("[90, 100]", "[0, 1]" + ENTRY, "samples[1].file: 'a.ipynb' has an entry already"),
        ("[[samples]]", "[[samples", "expected.toml: "),
    ],
)
def test_faults_of_the_file_are_named(tmp_path: Path, old: str, new: str, fault: str) -> None:
    """A slip in expected.toml is an error that says where it is."""
    with pytest.raises(ExpectedError) as error:
        _read(tmp_path, ENTRY.replace(old, new))
    assert fault in str(error.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """A folder without labels is no suite that passes."""
    with pytest.raises(ExpectedError, match=r"expected\.toml"):
        load_samples(tmp_path)


# ----------------------------------------------------- a result against its label

SAMPLE = Sample(
    file="a.ipynb",
    about="Someone.",
    outcome="graded",
    run="ok",
    score=(84, 86),
    loses=("hh.parameters.IL.E", "hh.simulation.*"),
    keeps=("hh.channels.*",),
    notes=("0.1",),
)

RESULT: dict[str, Any] = {
    "outcome": "graded",
    "submission": {"notes": ["Your alpha_m has 0.1."]},
    "run": {"status": "ok", "error": ""},
    "score": 85.0,
    "checks": [
        {"id": "hh.channels.IL", "status": "pass", "message": "There it is."},
        {"id": "hh.parameters.IL.E", "status": "partial", "message": "Nearly."},
        {"id": "hh.simulation.V", "status": "fail", "message": "Not at all."},
        {"id": "hh.simulation.n", "status": "skipped", "message": ""},
    ],
}


def test_a_result_as_expected_agrees() -> None:
    """Partial, failed and skipped checks are all lost."""
    assert disagreements(SAMPLE, RESULT) == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (["outcome"], "not_graded", "outcome: expected graded, got not_graded"),
        (["run", "status"], "timeout", "run.status: expected ok, got timeout"),
        (["score"], 83.9, "score: expected 84 to 86, got 83.9"),
        (["score"], 86.1, "score: expected 84 to 86, got 86.1"),
        (["score"], None, "score: expected 84 to 86, got None"),
        (["score"], float("nan"), "score: expected 84 to 86, got nan"),
        (["checks", 0, "status"], "fail", "hh.channels.IL: expected to be passed, got fail"),
        (["checks", 0, "status"], "skipped", "hh.channels.IL: expected to be passed, got skipped"),
        (["checks", 1, "status"], "pass", "hh.parameters.IL.E: expected to be lost, got pass"),
        (["checks", 3, "status"], "pass", "hh.simulation.n: expected to be lost, got pass"),
        (
            *(["checks", 0, "id"], "hh.other"),
            "hh.channels.*: expected to be passed, but the result has no such check",
        ),
        (
            *(["checks", 1, "id"], "hh.other"),
            "hh.parameters.IL.E: expected to be lost, but the result has no such check",
        ),
        (["submission", "notes"], ["Your alpha_m has 0.11."], "notes: '0.1' does not occur"),
        (["submission", "notes"], [], "notes: '0.1' does not occur"),
    ],
)
def test_a_disagreement_is_said(path: list[str | int], value: object, said: str) -> None:
    """Each single difference from the label is found, and nothing else is said."""
    result = copy.deepcopy(RESULT)
    place: Any = result
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert disagreements(SAMPLE, result) == [said]


def test_an_empty_result_agrees_with_nothing() -> None:
    """What a result lacks never counts as agreement."""
    assert disagreements(SAMPLE, {}) == [
        "outcome: expected graded, got None",
        "run.status: expected ok, got None",
        "score: expected 84 to 86, got None",
        "hh.parameters.IL.E: expected to be lost, but the result has no such check",
        "hh.simulation.*: expected to be lost, but the result has no such check",
        "hh.channels.*: expected to be passed, but the result has no such check",
        "notes: '0.1' does not occur",
    ]


def test_the_error_of_a_run_is_repeated() -> None:
    """Whoever reads a disagreement about the run sees why at once."""
    failed = RESULT | {"run": {"status": "cell_error", "error": "NameError: Ina"}}
    assert disagreements(SAMPLE, failed) == [
        "run.status: expected ok, got cell_error (NameError: Ina)"
    ]


@pytest.mark.parametrize(
    ("notes", "message"), [(["Der Wert 0.1."], ""), ([], "alpha_m 为 0.1，与代码不同")]
)
def test_notes_may_stand_anywhere(notes: list[str], message: str) -> None:
    """Words count in the notes and in the messages, beside Chinese and full stops, too."""
    result = copy.deepcopy(RESULT)
    result["submission"]["notes"] = notes
    result["checks"][0]["message"] = message
    assert disagreements(SAMPLE, result) == []
