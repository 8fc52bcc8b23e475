"""Which states a channel may have: its gates, and others only where V knows nothing of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from grader.core.types import Answers, Array, CheckResult, Evidence
from tests.support.hh_reference import comparison, reference
from tests.support.judged_solution import checks_of


def judge(evidence: Evidence) -> Mapping[str, CheckResult]:
    """Every check's result for evidence that is compared with the reference first."""
    return checks_of(comparison().add_reference(evidence))


def _named(evidence: Evidence, channel: str, states: dict[str, str | None]) -> Evidence:
    """``evidence`` where ``channel`` has ``states``, each with the answers of another, or drawn."""
    attempt = evidence.exercises["HH"]
    probe, answers = attempt.probe, attempt.answers
    drawn = np.random.default_rng(3)

    def of(known: dict[str, Array], shape: tuple[int, ...]) -> dict[str, Array]:
        kept = {name: a for name, a in known.items() if not name.startswith(f"{channel}.")}
        for state, source in states.items():
            kept[f"{channel}.{state}"] = known[source] if source else drawn.uniform(-9, 9, shape)
        return kept

    V = answers.field["V"].shape
    changed = replace(
        answers,
        traces=of(dict(answers.traces), answers.traces["V"].shape),
        field_states=of(dict(answers.field_states), V),
        field=of(dict(answers.field), V),
    )
    channels = tuple(
        replace(c, states=tuple(states)) if c.name == channel else c for c in probe.channels
    )
    attempt = replace(attempt, probe=replace(probe, channels=channels), answers=changed)
    return replace(evidence, exercises={"HH": attempt})


def _answering(evidence: Evidence, change: Callable[[Answers], Answers]) -> Evidence:
    attempt = evidence.exercises["HH"]
    return replace(evidence, exercises={"HH": replace(attempt, answers=change(attempt.answers))})


def _with_V(evidence: Evidence, V: Array) -> Evidence:
    return _answering(evidence, lambda a: replace(a, field={**a.field, "V": V}))


RECORDS = {"IK": {"n": "IK.n", "I": None}, "IL": {"I": None}}


@pytest.mark.parametrize("channel", RECORDS)
def test_a_record_of_the_current_costs_nothing(solution: Evidence, channel: str) -> None:
    """A state beside the gates that V's equation knows nothing of loses no point anywhere."""
    found = judge(_named(solution, channel, RECORDS[channel]))
    assert {check.status for check in found.values()} == {"pass"}


@pytest.mark.parametrize("channel", RECORDS)
def test_a_record_beside_a_fault_elsewhere_costs_nothing_more(
    solution: Evidence, channel: str
) -> None:
    """Another E of INa makes dV wrong, and the channel with the record keeps its points."""
    evidence = _named(solution, channel, RECORDS[channel])
    V = reference().field(evidence.exercises["HH"].answers.field_states, {"INa.E": 55.0})["V"]
    found = judge(_with_V(evidence, V))
    assert found["hh.simulation.field.V"].status == "fail"
    assert found[f"hh.channels.{channel}"].message_id == "checks.channel.ok"


@pytest.mark.parametrize(
    ("channel", "message"), [("IK", "checks.channel.gates"), ("IL", "checks.channel.no_gates")]
)
def test_a_gate_too_many_that_carries_current_is_caught(
    solution: Evidence, channel: str, message: str
) -> None:
    """A state of its own in dV, however weak, makes it another channel."""
    evidence = _named(solution, channel, RECORDS[channel])
    answers = evidence.exercises["HH"].answers
    at = answers.field_states
    V = answers.field["V"] + 0.03 * at[f"{channel}.I"] * (-54.39 - at["V"])
    found = judge(_with_V(evidence, V))[f"hh.channels.{channel}"]
    assert (found.points, found.message_id) == (0.0, message)


@pytest.mark.parametrize("channel", RECORDS)
def test_where_the_field_is_not_known_the_number_of_states_decides(
    solution: Evidence, channel: str
) -> None:
    """Without answers to drawn states nothing vouches for a state too many."""
    evidence = _named(solution, channel, RECORDS[channel])
    unknown = _answering(evidence, lambda a: replace(a, field_states={}, field={}))
    assert judge(unknown)[f"hh.channels.{channel}"].points == 0.0
    assert (
        judge(_answering(solution, lambda a: replace(a, field={}, field_states={})))[
            f"hh.channels.{channel}"
        ].status
        == "pass"
    )


@pytest.mark.parametrize(
    ("channel", "states"),
    [
        ("IK", {"m": "INa.m", "h": "INa.h"}),
        ("IK", {"p": "INa.m", "q": "INa.h"}),
        ("INa", {"n": "IK.n"}),
        ("INa", {"m": "INa.m", "I": None}),
        ("IK", {}),
        ("IL", {"n": "IK.n"}),
    ],
)
def test_a_channel_of_another_kind_is_caught(
    solution: Evidence, channel: str, states: dict[str, str | None]
) -> None:
    """A gate too few, and another channel's gates under whatever names, earn less."""
    evidence = _named(solution, channel, states)
    at = evidence.exercises["HH"].answers.field_states
    gates = np.prod([at[f"{channel}.{state}"] for state in states], axis=0)
    V = evidence.exercises["HH"].answers.field["V"] + 2.0 * gates * (20.0 - at["V"])
    elsewhere = _answering(
        _with_V(evidence, V), lambda a: replace(a, traces={**a.traces, "V": a.traces["V"] + 0.1})
    )
    assert judge(elsewhere)[f"hh.channels.{channel}"].status in ("fail", "partial")


def test_a_gate_told_by_nothing_but_V_costs_nothing(solution: Evidence) -> None:
    """A state of unknown name and meaning, as 1 - n, passes where V follows the reference."""
    found = judge(_named(solution, "IK", {"closed": None}))["hh.channels.IK"]
    assert found.message_id == "checks.channel.ok"


@pytest.mark.parametrize(
    ("times", "message", "says"),
    [
        (0.0, "still", "gate n never moves"),
        (2.0, "times", "moves 2 times as fast"),
        (0.5, "slower", "moves only 0.5 times as fast"),
        (-1.0, "equations", "the equation of its gate n"),
    ],
)
def test_a_gate_that_moves_too_far_or_never_is_told_so(
    solution: Evidence, times: float, message: str, says: str
) -> None:
    """A derivative that is a multiple of the right one is said to be that."""
    n = times * solution.exercises["HH"].answers.field["IK.n"]
    evidence = _answering(solution, lambda a: replace(a, field={**a.field, "IK.n": n}))
    found = judge(evidence)["hh.channels.IK"]
    assert found.message_id == f"checks.channel.{message}"
    assert says in found.message


def test_a_gate_of_another_equation_is_no_multiple(solution: Evidence) -> None:
    """One state in ten off is enough for the equation to be called wrong."""
    n = 2.0 * solution.exercises["HH"].answers.field["IK.n"]
    n[::10] *= 1.01
    evidence = _answering(solution, lambda a: replace(a, field={**a.field, "IK.n": n}))
    assert judge(evidence)["hh.channels.IK"].message_id == "checks.channel.equations"


@pytest.mark.parametrize("states", [{}, {"mh": None}, {"x": None, "y": None, "z": None}])
def test_gates_kept_in_one_variable_cost_nothing_where_V_is_right(
    solution: Evidence, states: dict[str, str | None]
) -> None:
    """Both gates of a channel in one array are right where V is, and not where it isn't."""
    evidence = _named(solution, "INa", states)
    answers = evidence.exercises["HH"].answers
    start = {name: ends for name, ends in answers.start.items() if not name.startswith("INa.")}
    evidence = _answering(evidence, lambda a: replace(a, start=start))
    found = judge(evidence)
    assert found["hh.channels.INa"].message_id == "checks.channel.gates_by_V"
    assert found["hh.simulation.start.gates"].status == "pass"
    elsewhere = {**answers.traces, "V": answers.traces["V"] + 0.1}
    wrong = judge(_answering(evidence, lambda a: replace(a, traces=elsewhere)))
    assert wrong["hh.channels.INa"].status in ("fail", "partial")
    assert wrong["hh.simulation.start.gates"].status == "partial"
