"""Which state plays which gate, and which accepted model a student's is."""

from __future__ import annotations

import numpy as np
import pytest

from grader.assignment.schema import Channel, Exercise, Gate, Variant
from grader.assignment.stimuli import draw_states, draw_stimuli
from grader.core.types import Array
from grader.judge.reference.match_states import (
    choose_traces,
    choose_variant,
    match_by_residual,
    match_gates,
)
from tests.support.hh_reference import GATES, assignment, reference

SAME = {gate: gate for gate in GATES}
STRANGE = {"IK.n": "IK.gate", "INa.m": "INa.a", "INa.h": "INa.b"}


def exercise() -> Exercise:
    return assignment().exercise("HH")


def student(
    names: dict[str, str], constants: dict[str, float] | None = None, seed: int = 0
) -> tuple[dict[str, Array], dict[str, Array]]:
    """States drawn and field answered by a model whose gates go by ``names``."""
    states = draw_states(assignment(), list(names.values()), seed)
    at = {**states, **{gate: states[own] for gate, own in names.items()}}
    field = reference().field(at, constants)
    return states, {names.get(name, name): rates for name, rates in field.items()}


def residual_match(
    states: dict[str, Array], field: dict[str, Array], gates: dict[str, str]
) -> dict[str, str]:
    variants = assignment().variants
    return match_by_residual(exercise(), reference(), variants, states, field, gates)


def choose(
    states: dict[str, Array], field: dict[str, Array], gates: dict[str, str]
) -> tuple[str, dict[str, Array]]:
    variant, expected = choose_variant(reference(), assignment().variants, states, field, gates)
    return variant.id, expected


# ------------------------------------------------------------------- by name


def test_gates_go_by_their_own_names():
    """The handout's names match themselves, in any order and among other states."""
    assert match_gates(exercise(), ("INa.h", "x", "IK.n", "INa.m", "IK.c")) == SAME


def test_gates_go_by_the_assignments_aliases():
    """BrainPy's library calls them p and q; the p of each channel is its own."""
    found = match_gates(exercise(), ("IK.p", "INa.p", "INa.q"))
    assert found == {"IK.n": "IK.p", "INa.m": "INa.p", "INa.h": "INa.q"}


def test_a_name_goes_before_an_alias_and_no_state_plays_two_gates():
    """Where "b" is a gate and also an alias of gate "a", it plays "b"."""
    gates = {"a": Gate(aliases=("b", "c")), "b": Gate(), "d": Gate(aliases=("c",))}
    of = Exercise(
        id="x", tag="x", class_name="X", base="B", channels=(Channel(name="K", gates=gates),)
    )
    assert match_gates(of, ("K.b", "K.c")) == {"K.b": "K.b", "K.a": "K.c"}


def test_gates_that_no_name_fits_are_absent():
    """Strange names and another channel's states match nothing."""
    assert match_gates(exercise(), ("IK.x", "IL.n", "n", "V")) == {}


# --------------------------------------------------------------- by residual


@pytest.mark.parametrize("constants", [{}, {"alpha_m": 0.1}])
def test_strange_names_are_told_by_the_field(constants: dict[str, float]):
    """Gates under any name are found, in either accepted variant, for every seed."""
    for seed in range(5):
        states, field = student(STRANGE, constants, seed)
        assert residual_match(states, field, {}) == STRANGE


def test_what_names_have_matched_stays():
    """Only unmatched gates are tried, and only on states that play nothing."""
    names = {"IK.n": "IK.n", "INa.m": "INa.m", "INa.h": "INa.b"}
    states, field = student(names)
    assert residual_match(states, field, {"IK.n": "IK.n", "INa.m": "INa.m"}) == names


def test_a_gate_that_nothing_resembles_is_absent():
    """A state at rest, one of NaN and one of another channel play no gate."""
    states, field = student({**STRANGE, "INa.m": "IL.m"})
    field["INa.b"] = np.zeros(256)
    field["IK.gate"] = np.full(256, np.nan)
    assert residual_match(states, field, {}) == {}


def test_a_spare_state_does_not_disturb():
    """Of three states in a channel the two that are its gates are taken."""
    states, field = student(STRANGE)
    states["INa.c"] = np.linspace(0.1, 0.9, 256)
    field["INa.c"] = 0.3 - states["INa.c"]
    assert residual_match(states, field, {}) == STRANGE


# ------------------------------------------------------------------ variants


@pytest.mark.parametrize("asked", ["code", "formula"])
def test_the_variant_is_the_one_whose_field_it_is(asked: str):
    """Either accepted model is recognised, and the field returned is its own."""
    constants = {v.id: v.constants for v in assignment().variants}[asked]
    states, field = student(STRANGE, constants)
    found, expected = choose(states, field, STRANGE)
    assert found == asked
    for gate, own in {"V": "V", **STRANGE}.items():
        np.testing.assert_allclose(expected[gate], field[own], rtol=1e-12)


@pytest.mark.parametrize("asked", ["code", "formula"])
def test_faults_elsewhere_do_not_decide_the_variant(asked: str):
    """Wrong conductances, a wrong n and a NaN in V leave the choice to alpha_m."""
    constants = {v.id: v.constants for v in assignment().variants}[asked]
    states, field = student(SAME, {**constants, "IK.g_max": 40.0, "alpha_n": 0.02})
    field["V"] = np.full(256, np.nan)
    assert choose(states, field, SAME)[0] == asked


def test_the_first_variant_wins_ties_and_hopeless_fields():
    """A field that fits nothing, no field at all and equal variants give the first."""
    states, field = student(SAME, {"alpha_m": 0.1})
    assert choose(states, {**field, "INa.m": -field["INa.m"]}, SAME)[0] == "code"
    assert choose(states, {**field, "INa.m": np.full(256, np.nan)}, SAME)[0] == "code"
    assert choose(states, {**field, "INa.m": field["INa.m"][:5]}, SAME)[0] == "code"
    assert choose(states, {}, SAME)[0] == "code"
    assert choose({}, {}, {}) == ("code", {})
    twice = (Variant(id="a"), Variant(id="b"))
    assert choose_variant(reference(), twice, states, field, SAME)[0].id == "a"


def test_derivatives_that_need_an_unmatched_gate_are_absent():
    """Without n there is no dV and no dn to compare with; dm still tells the variant."""
    states, field = student(SAME, {"alpha_m": 0.1})
    found, expected = choose(states, field, {"INa.m": "INa.m", "INa.h": "INa.h"})
    assert found == "formula"
    assert set(expected) == {"INa.m", "INa.h"}


def test_no_variants_are_refused():
    """There is always one to compare with."""
    with pytest.raises(ValueError, match="no variants"):
        choose_variant(reference(), (), {}, {}, {})
    with pytest.raises(ValueError, match="no variants"):
        choose_traces({}, np.zeros(3), np.zeros(3))


def test_traces_tell_the_variant_where_there_is_no_field():
    """The stored traces nearest to V; the first one where V can't be compared."""
    panel = draw_stimuli(assignment(), 0, hidden=False)
    stored = {v.id: reference().run(panel, v.constants) for v in assignment().variants}
    near = reference().run(panel, {"alpha_m": 0.1001})["V"]
    assert choose_traces(stored, near, panel.time) == "formula"
    assert choose_traces(stored, stored["code"]["V"], panel.time) == "code"
    assert choose_traces(stored, near[:-1], panel.time) == "code"
    assert choose_traces(stored, np.full_like(near, np.nan), panel.time) == "code"
