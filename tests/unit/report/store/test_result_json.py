"""Tests of `grader.report.store.result_json`: the fixed schema, and a reader that names faults."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from grader.report.store.result_json import ResultError, read_result, result_json
from tests.support.sample_reports import (
    ALL,
    HOSTILE,
    checks,
    crashed,
    hostile,
    mark,
    not_graded,
    perfect,
)


def test_the_samples_points_add_up() -> None:
    """The made-up rubric has 100 points, so that the tests speak of real marks."""
    assert round(sum(check.max_points for check in checks()), 9) == 100
    assert len(checks()) == 32


TOP = [
    "schema_version", "assignment", "submission", "outcome", "run", "score", "max_score",
    "checks", "provenance", "language",
]  # fmt: skip
CHECK = [
    "id", "family", "visibility", "status", "points", "max_points", "message_id", "message",
    "detail", "measured", "title",
]  # fmt: skip


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_outcome_can_be_read_back(name: str, language: str) -> None:
    """What is written is valid for the reader, whatever the outcome."""
    report = ALL[name](language)
    result = read_result(result_json(report))
    assert result["outcome"] == report.outcome
    assert result["score"] == report.score
    assert len(result["checks"]) == len(report.checks)


def test_keys_and_their_order_are_the_contracts() -> None:
    """Other tools read the keys as the contract names them, in its order; more come after."""
    result = json.loads(result_json(crashed()))
    more = ["needs_look", "diagnoses", "changes", "seal"]
    assert list(result) == [*TOP, *more]
    assert list(result["assignment"]) == ["id", "digest", "title", "files"]
    assert list(result["submission"]) == ["id", "file", "sha256", "notes", "teacher_notes"]
    assert list(result["run"]) == [
        "status", "failed_cell", "error", "seconds", "follows", "time_factor",
    ]  # fmt: skip
    assert list(result["checks"][1]) == CHECK
    assert list(result["checks"][0]) == [*CHECK, "where"]
    assert list(result["provenance"]) == [
        "grader", "brainpy", "jax", "python", "device", "sandbox", "seed",
    ]  # fmt: skip


def test_cells_are_counted_from_zero() -> None:
    """The machine's copy counts cells from 0, as the contract does; only pages count from 1."""
    result = json.loads(result_json(crashed()))
    assert result["run"]["failed_cell"] == 25
    assert result["checks"][0]["where"] == {"cell": 25, "line": 7}


def test_numbers_that_are_not_finite_become_null() -> None:
    """NaN and infinity, NumPy's too, are no JSON."""
    report = mark(
        perfect(), "hh.parameters.IK.E", "fail", 0,
        expected=np.float64("nan"), found=float("-inf"), detail=HOSTILE,
    )  # fmt: skip
    report = replace(report, provenance={"seed": np.int64(7), "device": float("nan")})
    result = json.loads(result_json(report), parse_constant=pytest.fail)
    wrong = next(c for c in result["checks"] if c["id"] == "hh.parameters.IK.E")
    assert wrong["measured"] == {"expected": None, "found": None}
    assert result["provenance"]["seed"] == 7
    assert result["provenance"]["device"] is None


def test_missing_provenance_is_null() -> None:
    """Every key of the provenance is there even where nothing is known."""
    result = json.loads(result_json(replace(perfect(), provenance={"more": "x"})))
    assert result["provenance"]["seed"] is None
    assert list(result["provenance"])[-1] == "more"


def test_an_error_of_ours_leaves_no_score() -> None:
    """A check with status error makes the outcome not graded, whatever the caller said."""
    report = replace(not_graded(), outcome="graded", score=55.0)
    result = read_result(result_json(report))
    assert (result["outcome"], result["score"]) == ("not_graded", None)


@pytest.mark.parametrize("score", [None, float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_not_graded(score: float | None) -> None:
    """NaN is never a score, and a graded report without one is not graded."""
    result = read_result(result_json(replace(perfect(), score=score)))
    assert (result["outcome"], result["score"]) == ("not_graded", None)


def test_points_that_are_no_number_are_not_graded() -> None:
    """One NaN among the points spoils the sum."""
    report = perfect()
    checks = (replace(report.checks[0], points=float("nan")), *report.checks[1:])
    result = json.loads(result_json(replace(report, checks=checks)))
    assert result["outcome"] == "not_graded"


def test_an_undecodable_file_name_can_be_written() -> None:
    """A name of bytes that are no UTF-8 must not stop the report."""
    text = result_json(replace(perfect(), file="a\udcff.ipynb", submission_id="b\udc80"))
    assert (
        json.loads(text.encode("utf-8"))["submission"]["file"] == "a\N{REPLACEMENT CHARACTER}.ipynb"
    )


def test_hostile_text_survives_as_data() -> None:
    """A file name is data and stays as it is; an error loses its colours only."""
    report = hostile()
    result = read_result(result_json(report))
    assert result["submission"]["file"] == report.file
    assert "\x1b" not in result["run"]["error"]
    assert result["run"]["error"].startswith("<script>")


def test_a_huge_integer_is_left_out() -> None:
    """A number of ten thousand digits, which a student can return, breaks no reader."""
    report = mark(perfect(), "hh.simulation.spikes", "fail", 0, found=10**10_000)
    wrong = next(
        c for c in read_result(result_json(report))["checks"] if c["family"] == "simulation"
    )
    assert wrong["measured"]["found"] is None


def _changed(**changes: object) -> str:
    return json.dumps({**json.loads(result_json(perfect())), **changes})


def test_the_reader_names_every_fault() -> None:
    """All faults come at once, each with its path."""
    result = json.loads(result_json(perfect()))
    del result["run"]["status"]
    result["checks"][3]["points"] = "5"
    result["checks"][4]["status"] = "passed"
    result["checks"][5]["measured"]["found"] = [1]
    result["max_score"] = True
    with pytest.raises(ResultError) as caught:
        read_result(json.dumps(result))
    assert str(caught.value).split("\n") == [
        "result.json: run.status: field required",
        "result.json: max_score: input should be a valid number, got True",
        "result.json: checks[3].points: input should be a valid number, got '5'",
        "result.json: checks[4].status: input should be 'pass', 'partial', 'fail', 'skipped' or "
        "'error', got 'passed'",
        "result.json: checks[5].measured.found: value error, expected a text, a finite number, "
        "true, false or null",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "not readable as JSON"),
        ("[]", "top level: input should be a valid dictionary"),
        ('{"score": NaN}', "NaN is no JSON number"),
        ("[" * 100_000, "not readable as JSON"),
        (_changed(schema_version=2), "schema_version: input should be 1, got 2"),
        (_changed(score=None), "score: null does not go with graded"),
        (_changed(outcome="not_graded"), "score: 100.0 does not go with not_graded"),
        (
            _changed(score=12).replace('"score": 12', '"score": 1e999'),
            "score: input should be a fin",
        ),
    ],
)
def test_the_reader_refuses(text: str, fault: str) -> None:
    """What is no result of version 1 is refused with a reason."""
    with pytest.raises(ResultError, match=fault):
        read_result(text)


def test_the_reader_keeps_what_it_does_not_know() -> None:
    """A later version may add keys; they aren't lost."""
    assert read_result(_changed(extra=[1]))["extra"] == [1]
