"""What checks say of a fault is so: whose value it is, where a gate starts, how far a trace is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment, Check
from grader.core.messages import catalogue
from grader.core.types import CellRun, Evidence, ModelProbe
from grader.judge.apply_checks import state_in_words
from grader.judge.checks import CHECKS, CheckContext
from grader.judge.verdict import verdict
from grader.report.page.build import student_page
from tests.support.judged_solution import checks_of, checks_with_extra_channel, compared_solution
from tests.support.project import ROOT


@pytest.fixture(scope="module")
def compared(solution: Evidence) -> Evidence:
    """The solution, run for real and compared with the reference."""
    return compared_solution(solution)


def _with_channel(evidence: Evidence, name: str, **changed: Any) -> Evidence:
    """``evidence`` where a channel is said to be otherwise, and no answers tell its parameters."""
    attempt = evidence.exercises["HH"]
    assert attempt.reference is not None
    channels = tuple(replace(c, **changed) if c.name == name else c for c in attempt.probe.channels)
    attempt = replace(
        attempt,
        probe=replace(attempt.probe, channels=channels),
        reference=replace(attempt.reference, fitted={}),
    )
    return replace(evidence, exercises={"HH": attempt})


@pytest.mark.parametrize(
    ("channel", "parameters", "messages"),
    [
        ("IK", {"E": -77.0, "g_max": 50.0}, {"g_max": "checks.parameter.wrong_comment"}),
        ("INa", {"E": 50.0, "g_max": 36.0}, {"g_max": "checks.parameter.of_another"}),
        (
            "IL",
            {"E": 0.03, "g_max": -54.39},
            {"E": "checks.parameter.of_another", "g_max": "checks.parameter.of_another"},
        ),
        ("IL", {"E": 54.387, "g_max": 0.03}, {"E": "assignment.mistake.earlier_leak_sign"}),
    ],
)
def test_a_value_is_exchanged_only_with_one_that_it_may_be_taken_for(
    compared: Evidence,
    channel: str,
    parameters: dict[str, float],
    messages: dict[str, str],
) -> None:
    """The same parameter of another channel, or the other one of this: mV are no mS/cm²."""
    wrong = _with_channel(compared, channel, parameters=parameters, measured=parameters)
    found = checks_of(wrong)
    for parameter, message in messages.items():
        assert found[f"hh.parameters.{channel}.{parameter}"].message_id == message


@pytest.mark.parametrize(
    ("from_notebook", "says"),
    [
        (True, "After reset() your gate IK.p lies between 0.1 and 0.4; the handout's starts at 0."),
        (False, "which starts its gates in their steady state: after reset() its gate IK.p lies"),
    ],
)
def test_a_start_that_differs_is_told_with_both_its_ends(
    compared: Evidence, from_notebook: bool, says: str
) -> None:
    """By the student's own name of the state, and of a channel of the library as what it does."""
    evidence = _with_channel(compared, "IK", from_notebook=from_notebook)
    attempt = evidence.exercises["HH"]
    assert attempt.reference is not None
    start = {**attempt.answers.start, "IK.p": (0.1, 0.4)}
    attempt = replace(
        attempt,
        answers=replace(attempt.answers, start=start),
        reference=replace(attempt.reference, gates={**attempt.reference.gates, "IK.n": "IK.p"}),
    )
    found = checks_of(replace(evidence, exercises={"HH": attempt}))
    assert says in found["hh.simulation.start.gates"].message


def test_what_is_far_beyond_everything_is_not_told_in_digits(compared: Evidence) -> None:
    """A distance that no neuron has is "more than 1000 mV", in words and in the table."""
    answers = compared.exercises["HH"].answers
    traces = {**answers.traces, "V": answers.traces["V"] + 1e60}
    maps = {**answers.maps, "V": answers.maps["V"] + 1e60}
    found = checks_with_extra_channel(compared, traces=traces, maps=maps)
    for id in ("hh.simulation.V", "hh.simulation.map.2"):
        assert "more than 1000 mV" in found[id].message
        assert found[id].found is None


def test_steps_say_what_most_of_the_states_keep_to(compared: Evidence) -> None:
    """The distance told is not the largest, and is not called that."""
    maps = compared.exercises["HH"].answers.maps
    found = checks_with_extra_channel(compared, maps={**maps, "V": maps["V"] + 0.25})
    message = found["hh.simulation.map.2"].message
    assert "95 % of the states keep to a difference of 0.25 mV" in message
    assert "up to" not in message


@pytest.mark.parametrize(("g_max", "says"), [(36.0, False), (36.1, True)])
def test_a_near_trace_is_laid_to_a_parameter_only_where_one_is_wrong(
    compared: Evidence, g_max: float, says: bool
) -> None:
    """A gate that comes near with right parameters has no cause guessed."""
    parameters = {"E": -77.0, "g_max": g_max}
    evidence = _with_channel(compared, "IK", parameters=parameters, measured=parameters)
    traces = evidence.exercises["HH"].answers.traces
    near = {**traces, "IK.n": traces["IK.n"] + 0.005}
    check = checks_with_extra_channel(evidence, traces=near)["hh.simulation.n"]
    assert check.status == "partial"
    assert ("a slightly wrong parameter" in check.message) is says


def test_a_channel_that_is_missing_is_named_where_it_costs_points(compared: Evidence) -> None:
    """No channel too many and one too few is not told as if all were well."""
    found = checks_of(_with_channel(compared, "IL", integrated=False))
    check = found["hh.channels.extra"]
    assert check.status == "partial"
    assert "Missing: IL." in check.message


def test_a_start_that_is_the_same_everywhere_is_no_range(compared: Evidence) -> None:
    """V that isn't drawn at all is told as the one number that it is."""
    attempt = compared.exercises["HH"]
    start = {**attempt.answers.start, "V": (-65.0, -65.0)}
    attempt = replace(attempt, answers=replace(attempt.answers, start=start))
    check = checks_of(replace(compared, exercises={"HH": attempt}))
    assert (
        "your membrane potential V is \N{MINUS SIGN}65 in every neuron"
        in check["hh.simulation.start.V"].message
    )


def test_a_distance_has_no_number_that_was_asked_for(
    compared: Evidence, assignment: Assignment
) -> None:
    """Of a trace and a derivative that miss the reference nobody was asked for 0."""
    attempt = compared.exercises["HH"]
    answers = replace(
        attempt.answers,
        traces={name: trace + 5.0 for name, trace in attempt.answers.traces.items()},
        field={name: 2.0 * rate for name, rate in attempt.answers.field.items()},
    )
    report = verdict(
        replace(compared, exercises={"HH": replace(attempt, answers=answers)}),
        assignment,
        "x",
        "en",
    )
    kinds = {check.id: check.kind for check in assignment.checks}
    missed = [c for c in report.checks if kinds[c.id] in ("trace_rmse", "field", "map")]
    assert "error" not in {c.status for c in missed}
    assert len([c for c in missed if c.status in ("fail", "partial")]) >= 4
    assert {c.expected for c in missed} == {None}
    titles = {c.title for c in missed}
    rows = [r for g in student_page(report).groups for r in g.rows if r.title in titles]
    assert {row.expected for row in rows} == {""}


@pytest.mark.parametrize(
    ("id", "state", "english", "chinese"),
    [
        ("hh", "V", "membrane potential V", "膜电位 V"),
        ("hh", "INa.m", "gate INa.m", "门控变量 INa.m"),
        ("hh-from-scratch", "n", "gate n", "门控变量 n"),
        ("hh-from-scratch", "t_last_spike", "state t_last_spike", "状态变量 t_last_spike"),
        ("thalamic", "Ca.ICaT.q", "gate Ca.ICaT.q", "门控变量 Ca.ICaT.q"),
        ("thalamic", "Ca.C", "calcium concentration Ca.C", "钙浓度 Ca.C"),
    ],
)
def test_a_state_is_called_what_it_is(id: str, state: str, english: str, chinese: str) -> None:
    """An ion's concentration is no gate, nor is a record of spikes."""
    loaded = load_assignment(ROOT / "assignments" / id)
    for language, called in (("en", english), ("zh", chinese)):
        words = catalogue(language, loaded.folder)
        assert state_in_words(state, loaded.exercises[0], words) == called


@pytest.mark.parametrize("is_graded", [True, False], ids=["graded", "own"])
@pytest.mark.parametrize(
    ("found", "asked", "graded", "own"),
    [(8, 0, "too_many", "other"), (0, 8, "never", "never_other"), (8, 8, "wrong", "other")],
)
def test_infinity_is_no_time(
    found: int, asked: int, graded: str, own: str, is_graded: bool,
    compared: Evidence, assignment: Assignment,
) -> None:  # fmt: skip
    """Where a model or the reference never fires a sentence says so, and nothing elsewhere."""
    spikes = compared.exercises["HH"]
    assert spikes.reference is not None
    V = {8: spikes.reference.traces["V"], 0: 0.0 * spikes.reference.traces["V"] - 65.0}
    late = np.roll(V[found], 50, axis=0)
    attempt = replace(
        spikes,
        answers=replace(
            spikes.answers,
            traces={**spikes.answers.traces, "V": late},
            field={name: 2.0 * rate for name, rate in spikes.answers.field.items()},
        ),
        reference=replace(spikes.reference, traces={**spikes.reference.traces, "V": V[asked]}),
    )
    asking = assignment if is_graded else assignment.model_copy(update={"rubric": None})
    check = Check(id="x", kind="latency", family="f", exercise="HH", tolerance=0.25)
    item = CheckContext(check=check, assignment=asking, all_evidence=compared, evidence=attempt)
    finding = CHECKS["latency"](item)
    sentence = catalogue("en").render(finding.message_id, **finding.values)
    assert finding.credit == 0.0
    assert "∞" not in sentence
    assert finding.message_id == f"checks.latency.{graded if is_graded else own}"


@pytest.mark.parametrize(
    ("error", "message"),
    [("SyntaxError", "checks.not_python"), ("NameError", "checks.unfilled")],
)
def test_a_cell_that_is_not_python_is_not_called_empty(
    compared: Evidence, error: str, message: str
) -> None:
    """What fills its blanks can't be seen, and the sentence says so and not that they are empty."""
    attempt = compared.exercises["HH"]
    blanks = tuple(replace(blank, filled=False) for blank in attempt.cell.blanks)
    attempt = replace(
        attempt, cell=replace(attempt.cell, blanks=blanks), probe=ModelProbe(found=False)
    )
    stopped = CellRun(index=attempt.cell.index or 0, status="error", error_name=error, line=3)
    executed = replace(compared.executed, status="cell_error", cells=(stopped,))
    found = checks_of(replace(compared, exercises={"HH": attempt}, executed=executed))
    assert found["hh.execution.filled"].message_id == message
    assert found["hh.execution.filled"].points == 0
