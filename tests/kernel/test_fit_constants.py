"""Parameters fitted to forged answers of the solution."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.assignment.schema import Assignment
from grader.core.types import (
    ChannelProbe,
    Evidence,
)
from grader.judge.reference.compare import Comparison
from grader.judge.reference.load_model import load_model
from grader.judge.reference.model import ReferenceModel
from grader.judge.verdict import verdict
from tests.support.project import ROOT


@pytest.fixture(scope="module")
def model() -> ReferenceModel:
    return ReferenceModel(load_model(ROOT / "reference" / "hh" / "model.py"), "cpu")


@pytest.fixture(scope="module")
def comparison(assignment: Assignment) -> Comparison:
    """The reference as a batch of submissions has it: compiled once for all of them."""
    return Comparison(assignment, "cpu")


GATED = {"IK.E", "IK.g_max", "INa.E", "INa.g_max"}
WRONG = {"INa.E": -50.0, "INa.g_max": 200.0, "IK.E": 77.0, "IK.g_max": 20.0, "IL.E": -70.0}


def _lost_parameters(evidence: Evidence, comparison: Comparison, *further: str) -> set[str]:
    """Which parameters lose points when the kernel says that all are right, and ``further``."""
    attempt, assignment = evidence.exercises["HH"], comparison.assignment
    exercise = assignment.exercise("HH")
    asked = {channel.name: channel for channel in exercise.channels}
    channels = []
    for channel in attempt.probe.channels:
        right = {name: p.value for name, p in asked[channel.name].parameters.items()}
        channels.append(replace(channel, parameters=right, measured=right))
    channels += [
        ChannelProbe(name=name, kind="channel", type_name="IL", integrated=True) for name in further
    ]
    forged = replace(attempt, probe=replace(attempt.probe, channels=tuple(channels)))
    compared = comparison.add_reference(replace(evidence, exercises={"HH": forged}))
    checks = verdict(compared, assignment, "forged", "en").checks
    lost = [c for c in checks if c.family == "parameters" and c.points < c.max_points]
    assert {c.message_id for c in lost} <= {"checks.parameter.unused"}
    return {c.id.removeprefix("hh.parameters.") for c in lost}


def test_a_forged_further_channel_does_not_hide_wrong_parameters(
    model: ReferenceModel, solution: Evidence, comparison: Comparison
) -> None:
    """Who claims a channel that isn't there keeps no more secret than a leak could."""
    attempt = solution.exercises["HH"]
    drawn = attempt.answers.field_states
    field = {**attempt.answers.field, "V": model.field(drawn, WRONG)["V"]}
    answers = replace(attempt.answers, field=field)
    wrong = replace(solution, exercises={"HH": replace(attempt, answers=answers)})
    assert _lost_parameters(wrong, comparison) == {*GATED, "IL.E"}
    assert _lost_parameters(wrong, comparison, "more") == GATED
    assert _lost_parameters(solution, comparison, "more") == set()


@pytest.mark.parametrize(
    ("times", "says"),
    [(0.1, "acts 0.1 times as strong"), (2.0, "acts 2 times as strong"), (0.0, "not act on V")],
)
def test_a_scaled_input_is_no_other_conductance(
    model: ReferenceModel,
    solution: Evidence,
    comparison: Comparison,
    times: float,
    says: str,
) -> None:
    """Where the parameters said fit another input, they keep their points, and a note tells it."""
    attempt = solution.exercises["HH"]
    drawn = attempt.answers.field_states
    V = model.field({**drawn, "I": times * drawn["I"]})["V"]
    answers = replace(attempt.answers, field={**attempt.answers.field, "V": V})
    scaled = replace(solution, exercises={"HH": replace(attempt, answers=answers)})
    assert _lost_parameters(scaled, comparison) == set()
    report = verdict(comparison.add_reference(scaled), comparison.assignment, "x", "en")
    assert [note for note in report.notes if says in note]
    (residual,) = report.residuals
    assert residual.explained == pytest.approx(residual.difference, abs=1e-3)


def test_currents_that_are_all_doubled_are_no_input(
    model: ReferenceModel, solution: Evidence, comparison: Comparison
) -> None:
    """Conductances that are not as said are told of, each, and nothing of the input."""
    attempt = solution.exercises["HH"]
    double = {"IK.g_max": 72.0, "INa.g_max": 240.0, "IL.g_max": 0.06}
    V = model.field(attempt.answers.field_states, double)["V"]
    answers = replace(attempt.answers, field={**attempt.answers.field, "V": V})
    wrong = replace(solution, exercises={"HH": replace(attempt, answers=answers)})
    assert _lost_parameters(wrong, comparison) == set(double)
