"""Likely mistakes told from a model's derivatives: each by its name, and silence in doubt."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.assignment.schema import Assignment
from grader.assignment.stimuli import draw_states
from grader.core.messages import catalogue
from grader.core.types import (
    Answers,
    Array,
    ChannelProbe,
    CheckResult,
    Evidence,
    ExecutedNotebook,
    ExerciseEvidence,
    GradedCell,
    ModelProbe,
    NamedMistake,
    ReferenceAnswers,
    Status,
    Submission,
)
from grader.judge.metrics import relative_error
from grader.judge.reference.load_model import load_model
from grader.judge.reference.mistakes import named_mistakes
from grader.judge.reference.model import ReferenceModel
from grader.judge.residuals import diagnoses, fits, residuals
from tests.support.project import ROOT

Field = dict[str, Array]
GATES = ("IK.n", "INa.m", "INa.h")
MODULE: Any = load_model(ROOT / "reference" / "hh" / "model.py")


@pytest.fixture(scope="module")
def model() -> ReferenceModel:
    return ReferenceModel(MODULE, "cpu")


@pytest.fixture(scope="module")
def at(assignment: Assignment) -> Field:
    """States as they are drawn for a submission."""
    return draw_states(assignment, GATES, 7)


def _attempt(at: Field, field: Mapping[str, Array], **parameters: float) -> ExerciseEvidence:
    channels: dict[str, dict[str, float | None]] = {}
    for name, value in parameters.items():
        channel, _, parameter = name.partition("_")
        channels.setdefault(channel, {})[parameter] = value
    probed = tuple(
        ChannelProbe(name=name, kind="channel", parameters=said) for name, said in channels.items()
    )
    return ExerciseEvidence(
        cell=GradedCell(exercise="HH", index=1),
        probe=ModelProbe(found=True, channels=probed),
        answers=Answers(field_states=at, field=dict(field)),
    )


def _named(
    model: ReferenceModel,
    assignment: Assignment,
    attempt: ExerciseEvidence,
    gates: tuple[str, ...] = GATES,
) -> tuple[NamedMistake, ...]:
    plays = {gate: gate for gate in gates}
    return named_mistakes(
        model, assignment, assignment.exercises[0], attempt, assignment.variants[0], plays
    )


def _names(*arguments: Any) -> list[str]:
    return [mistake.name for mistake in _named(*arguments)]


def test_every_mistake_is_named(model: ReferenceModel, assignment: Assignment, at: Field) -> None:
    """A model with one of the likely mistakes has that one named, after either formula."""
    code, formula = (
        model.mistaken_fields(at, variant.constants) for variant in assignment.variants
    )
    for name, field in code.items():
        assert _names(model, assignment, _attempt(at, field)) == [name]
    for name, field in formula.items():
        if name.endswith(":INa.m"):  # the variants differ in m's equation alone
            assert _names(model, assignment, _attempt(at, field)) == [name]


def test_a_right_model_has_none(model: ReferenceModel, assignment: Assignment, at: Field) -> None:
    """Where nothing is wrong nothing is named, in single precision neither."""
    right = model.field(at)
    rounded = {name: rate.astype(np.float32).astype(float) for name, rate in right.items()}
    attempt = _attempt(at, rounded)
    single = replace(attempt, answers=replace(attempt.answers, precision="float32"))
    assert _names(model, assignment, _attempt(at, right)) == []
    assert _names(model, assignment, single) == []


def test_no_two_mistakes_are_alike(
    model: ReferenceModel, assignment: Assignment, at: Field
) -> None:
    """Of any two, and of any and the right model, a derivative differs by far more than allowed."""
    for state in model.model.STATES:
        rates = {
            (name, variant.id): field[state]
            for variant in assignment.variants
            for name, field in {
                "": model.field(at, variant.constants),
                **model.mistaken_fields(at, variant.constants),
            }.items()
            if not name or name.endswith(state) or (state == "V" and ":" not in name)
        }
        for (one, a), (other, b) in itertools.combinations(rates.items(), 2):
            if one[0] != other[0]:
                assert relative_error(a, b) > 1e-2, (one, other)


def test_mistakes_in_two_equations_are_both_named(
    model: ReferenceModel, assignment: Assignment, at: Field
) -> None:
    """A wrong current and a wrong gate are two mistakes, each explained by itself."""
    known = model.mistaken_fields(at, {})
    field = {**known["n_cubed"], "INa.h": known["of_m:INa.h"]["INa.h"]}
    assert _names(model, assignment, _attempt(at, field)) == ["n_cubed", "of_m:INa.h"]


def test_two_mistakes_in_one_equation_are_not_named(
    model: ReferenceModel, assignment: Assignment, at: Field
) -> None:
    """No single mistake gives n cubed and no leak at once: silence."""
    known, right = model.mistaken_fields(at, {}), model.field(at)
    both = known["n_cubed"]["V"] + known["leak_missing"]["V"] - right["V"]
    assert _names(model, assignment, _attempt(at, {**right, "V": both})) == []


def _with_mistakes(**known: Callable[..., Any]) -> ReferenceModel:
    return ReferenceModel(SimpleNamespace(**{**vars(MODULE), "MISTAKES": known}), "cpu")  # type: ignore[arg-type]


def test_silence_where_two_mistakes_explain_it(assignment: Assignment, at: Field) -> None:
    """Two mistakes that predict the same derivative are both as likely: neither is named."""
    wrong = MODULE.MISTAKES["n_cubed"]
    one, two = _with_mistakes(a=wrong), _with_mistakes(a=wrong, b=wrong)
    attempt = _attempt(at, one.mistaken_fields(at, {})["a"])
    assert _names(one, assignment, attempt) == ["a"]
    assert _names(two, assignment, attempt) == []


def test_a_mistake_must_fit_all_that_it_changes(assignment: Assignment, at: Field) -> None:
    """One that would make another derivative wrong too is none where that one is right."""

    def both(*arguments: Any) -> Any:
        m = MODULE.MISTAKES["of_h:INa.m"](*arguments)["INa.m"]
        return {**MODULE.MISTAKES["of_m:INa.h"](*arguments), "INa.m": m}

    model = _with_mistakes(both=both)
    wrong, right = model.mistaken_fields(at, {})["both"], model.field(at)
    assert _names(model, assignment, _attempt(at, wrong)) == ["both", "both"]
    assert _names(model, assignment, _attempt(at, {**right, "INa.m": wrong["INa.m"]})) == []


def test_a_mistake_is_as_large_as_its_state_is_slow(assignment: Assignment, at: Field) -> None:
    """What is nothing of a gate's derivative is a mistake in that of a small state."""

    def slightly(*arguments: Any) -> Any:
        right = MODULE.derivative(*arguments)
        return {**right, "IK.n": right["IK.n"] + 1e-5}

    model, (exercise,) = _with_mistakes(slightly=slightly), assignment.exercises
    attempt = _attempt(at, model.mistaken_fields(at, {})["slightly"])
    assert _names(model, assignment, attempt) == []
    channels = tuple(
        channel.model_copy(
            update={"gates": {n: g.model_copy(update={"scale": 1e-6}) for n, g in own.items()}}
        )
        for channel in exercise.channels
        for own in [channel.gates]
    )
    small = exercise.model_copy(update={"channels": channels})
    scaled = assignment.model_copy(update={"exercises": (small,)})
    assert _names(model, scaled, attempt) == ["slightly"]


def test_what_the_parameters_explain_is_no_mistake(
    model: ReferenceModel, assignment: Assignment, at: Field
) -> None:
    """A leak of 0.06 that says 0.06 is a wrong parameter; one that says 0.03 flows twice."""
    field = model.field(at, {"IL.g_max": 0.06})
    assert _names(model, assignment, _attempt(at, field, IL_g_max=0.06)) == []
    assert _names(model, assignment, _attempt(at, field, IL_g_max=0.03)) == ["leak_twice"]
    assert _names(model, assignment, _attempt(at, field)) == ["leak_twice"]


def test_a_mistake_beside_a_wrong_parameter_is_named(
    model: ReferenceModel, assignment: Assignment, at: Field
) -> None:
    """With the parameter that the model says it has, the mistake explains the rest."""
    field = model.mistaken_fields(at, {"IK.E": 77.0})["n_cubed"]
    (named,) = _named(model, assignment, _attempt(at, field, IK_E=77.0))
    assert named.name == "n_cubed"
    assert np.array_equal(named.mistaken, field["V"])
    assert np.array_equal(named.right, model.field(at)["V"])
    assert _names(model, assignment, _attempt(at, field, IK_E=-77.0)) == []
    assert _names(model, assignment, _attempt(at, field, IK_E=float("nan"))) == []


def test_no_number_explains_nothing(
    model: ReferenceModel, assignment: Assignment, at: Field
) -> None:
    """A derivative with a NaN has no mistake named; the others have theirs."""
    known = model.mistaken_fields(at, {})
    broken = known["n_cubed"]["V"].copy()
    broken[3] = np.nan
    field = {**known["plus:IK.n"], "V": broken}
    assert _names(model, assignment, _attempt(at, field)) == ["plus:IK.n"]


def test_a_missing_gate_hides_only_what_depends_on_it(
    model: ReferenceModel, assignment: Assignment, at: Field
) -> None:
    """Where nothing plays h, dV/dt can't be told, but n's equation can."""
    known = model.mistaken_fields(at, {})
    field = {**known["exchanged:IK.n"], "V": known["n_cubed"]["V"]}
    del field["INa.h"]
    some = {name: values for name, values in at.items() if name != "INa.h"}
    attempt = _attempt(some, field)
    assert _names(model, assignment, attempt, GATES[:2]) == ["exchanged:IK.n"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_mistake_has_its_sentence(assignment: Assignment, language: str) -> None:
    """No mistake of the reference is without words, and no sentence without a mistake."""
    words = catalogue(language, assignment.folder)
    own = {id for id in words.sentences if id.startswith("assignment.mistake.")}
    named = {f"assignment.mistake.{name.partition(':')[0]}" for name in MODULE.MISTAKES}
    parameters = [p for c in assignment.exercises[0].channels for p in c.parameters.values()]
    assert own - named == {mistake.message for p in parameters for mistake in p.mistakes}
    assert named <= own


def _evidence(attempt: ExerciseEvidence) -> Evidence:
    return Evidence(
        submission=Submission(file="a", sha256=""),
        executed=ExecutedNotebook(status="ok"),
        exercises={"HH": attempt},
    )


def test_residuals_hold_what_is_wrong(
    model: ReferenceModel, assignment: Assignment, at: Field
) -> None:
    """Every wrong derivative, the named ones with what their mistake gives and says, twice."""
    known, right = model.mistaken_fields(at, {}), model.field(at)
    odd = right["V"] + 5.0
    odd[0] = np.nan
    attempt = _attempt(at, {**known["beta_alone:INa.m"], "V": odd})
    named = _named(model, assignment, attempt)
    gates = {gate: gate for gate in GATES}
    reference = ReferenceAnswers(
        variant="code", traces={}, field=right, gates=gates, fitted={}, mistakes=named
    )
    words = catalogue("en", assignment.folder)
    full = replace(attempt, reference=reference)
    V, m = residuals(_evidence(full), assignment, words)
    assert (V.state, V.unit, V.explained, V.mistake) == ("V", "mV/ms", None, "")
    assert V.difference.tolist() == pytest.approx([5.0] * 255)
    assert V.V.tolist() == at["V"][1:].tolist()
    assert (m.state, m.unit) == ("m", "1/ms")
    assert m.explained is not None
    assert np.array_equal(m.explained, m.difference)
    assert m.mistake.startswith("In your dm/dt, β_m is not multiplied by m.")
    assert [(d.message_id, d.state, d.message) for d in diagnoses(_evidence(full), words)] == [
        ("assignment.mistake.beta_alone", "m", m.mistake)
    ]
    bare = _evidence(replace(attempt, reference=None))
    assert residuals(bare, assignment, words) == ()
    assert diagnoses(bare, words) == ()


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (2.0, "Every value of your dm/dt is 2 times the one asked for. Is the gate updated more"),
        (0.5, "Every value of your dm/dt is only 0.5 times the one asked for."),
        (0.0, "Your m never moves."),
    ],
)
def test_a_gate_of_another_speed_is_named(
    model: ReferenceModel, assignment: Assignment, at: Field, times: float, said: str
) -> None:
    """A gate k times as fast has every dot in its ring, and the sentence says k."""
    right = model.field(at)
    attempt = _attempt(at, {**right, "INa.m": times * right["INa.m"]})
    gates = {gate: gate for gate in GATES}
    reference = ReferenceAnswers(variant="code", traces={}, field=right, gates=gates, fitted={})
    words = catalogue("en", assignment.folder)
    (m,) = residuals(_evidence(replace(attempt, reference=reference)), assignment, words)
    assert m.mistake.startswith(said)
    assert m.explained is not None
    assert np.allclose(m.explained, m.difference)


def test_a_residual_knows_the_checks_that_name_a_cause(
    model: ReferenceModel, assignment: Assignment, at: Field
) -> None:
    """A wrong E is named beside dV/dt and beside no gate; a symptom or a right one is not."""
    right = model.field(at)
    attempt = _attempt(at, {**right, "V": right["V"] + 5.0, "IK.n": right["IK.n"] + 0.1}, IK_E=77.0)
    gates = {gate: gate for gate in GATES}
    fitted = {"IK.E": 77.0, "IK.g_max": 36.0}
    reference = ReferenceAnswers(variant="code", traces={}, field=right, gates=gates, fitted=fitted)
    results = [
        _result("hh.parameters.IK.E", "fail", "checks.parameter.sign"),
        _result("hh.parameters.IK.g_max", "pass", "checks.parameter.ok"),
        _result("hh.parameters.IL.E", "fail", "checks.parameter.no_channel"),
        _result("hh.channels.IL", "fail", "checks.channel.missing"),
        _result("hh.channels.INa", "partial", "checks.channel.times"),
        _result("hh.simulation.V", "fail", "checks.trace.wrong"),
    ]
    words = catalogue("en", assignment.folder)
    evidence = _evidence(replace(attempt, reference=reference))
    V, n = residuals(evidence, assignment, words, results)
    assert (V.explained, n.explained) == (None, None)
    assert V.explained_by == ("hh.parameters.IK.E", "hh.channels.IL")
    assert n.explained_by == ()


def _result(id: str, status: Status, message_id: str) -> CheckResult:
    return CheckResult(
        id=id, family="f", visibility="public", status=status, points=0.0, max_points=1.0,
        message_id=message_id, message="found",
    )  # fmt: skip


def test_other_shapes_never_fit() -> None:
    """A derivative of another length is nothing that a mistake explains, and no error."""
    assert not fits(np.zeros(3), np.zeros(4), 1.0)
    assert not fits(np.array([np.nan]), np.zeros(1), 1.0)
