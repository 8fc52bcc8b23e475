"""What the checks of a simulation see that others don't: starts, steps, spike times, windows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.assignment.schema import Assignment
from grader.core.types import CheckResult, Evidence
from grader.judge.checks import CHECKS, CheckContext
from grader.judge.checks.initial_state import CHANCE
from grader.judge.metrics import rmse, spike_times
from grader.run.collect_evidence import collect_evidence
from grader.run.probe.requests import SAMPLED_NEURONS
from grader.run.run_request import RunRequest
from tests.support.hh_reference import comparison
from tests.support.judged_solution import (
    checks_of,
    checks_with_extra_channel,
    compared_solution,
    with_answers,
)
from tests.support.project import ROOT

SAMPLES = ROOT / "submissions" / "hh"


@pytest.fixture(scope="module")
def compared(solution: Evidence) -> Evidence:
    """The solution, run for real and compared with the reference."""
    return compared_solution(solution)


def not_passed(checks: Mapping[str, CheckResult]) -> set[str]:
    """Which checks of the simulation did not pass."""
    return {
        id.removeprefix("hh.simulation.") for id, check in checks.items() if check.status != "pass"
    }


# ----------------------------------------------------------------------------- start


def test_the_solution_starts_over_a_whole_population(compared: Evidence) -> None:
    """The start is seen over many resets of every neuron, and V's draws fill its range."""
    answers = compared.exercises["HH"].answers
    assert (
        SAMPLED_NEURONS
        <= answers.resets
        < SAMPLED_NEURONS + compared.exercises["HH"].probe.population
    )
    least, greatest = answers.start["V"]
    assert -80.0 <= least < -79.5
    assert -60.5 < greatest <= -60.0


@pytest.mark.parametrize("state", ["IK.n", "INa.m", "INa.h"])
def test_a_gate_that_starts_elsewhere_is_named(compared: Evidence, state: str) -> None:
    """One of three gates starting at 1 costs a third of the check, in words with its name."""
    start = {**compared.exercises["HH"].answers.start, state: (1.0, 1.0)}
    found = checks_of(with_answers(compared, start=start))
    assert not_passed(found) == {"start.gates"}
    check = found["hh.simulation.start.gates"]
    assert check.points == pytest.approx(check.max_points * 2 / 3, abs=0.01)
    assert (
        f"Your gate {state} starts at 1 after reset(); the handout's starts at 0." in check.message
    )


def test_a_gate_that_is_not_there_starts_nowhere(compared: Evidence) -> None:
    """A channel without its gate, and V not right, loses that gate's share; words say which."""
    attempt = compared.exercises["HH"]
    assert attempt.reference is not None
    gates = {name: own for name, own in attempt.reference.gates.items() if name != "IK.n"}
    start = {name: ends for name, ends in attempt.answers.start.items() if name != "IK.n"}
    traces = {**attempt.answers.traces, "V": attempt.answers.traces["V"] + 0.1}
    changed = replace(
        attempt,
        answers=replace(attempt.answers, start=start, traces=traces),
        reference=replace(attempt.reference, gates=gates),
    )
    found = checks_of(replace(compared, exercises={"HH": changed}))
    check = found["hh.simulation.start.gates"]
    assert check.status == "partial"
    assert "the gate IK.n" in check.message


@pytest.mark.parametrize(
    "range_of_V",
    [(-80.0, -50.0), (-90.0, -60.0), (-75.0, -60.1), (-79.9, -65.0), (-65.0, -65.0)],
)
def test_another_range_of_V_is_told(compared: Evidence, range_of_V: tuple[float, float]) -> None:
    """V drawn too wide, too narrow or not at all is not the handout's start."""
    start = {**compared.exercises["HH"].answers.start, "V": range_of_V}
    assert not_passed(checks_of(with_answers(compared, start=start))) == {"start.V"}


def test_nan_at_the_start_never_passes(compared: Evidence) -> None:
    """A start that is not a number is no start."""
    start = {**compared.exercises["HH"].answers.start, "V": (np.nan, np.nan), "IK.n": (0.0, np.nan)}
    assert not_passed(checks_of(with_answers(compared, start=start))) == {"start.V", "start.gates"}


def test_chance_leaves_right_draws_alone(compared: Evidence, assignment: Assignment) -> None:
    """Even draws from the range pass, as many as were made and as few as eight."""
    check = next(check for check in assignment.checks if check.id == "hh.simulation.start.V")
    generator = np.random.default_rng(7)
    for draws in (8, 512):
        for _ in range(200):
            V = generator.uniform(-80.0, -60.0, draws)
            start = {**compared.exercises["HH"].answers.start, "V": (V.min(), V.max())}
            evidence = with_answers(compared, start=start, resets=draws)
            item = CheckContext(
                check=check,
                assignment=assignment,
                all_evidence=evidence,
                evidence=evidence.exercises["HH"],
            )
            assert CHECKS["start"](item).credit == 1.0
    assert CHANCE * 3000 < 1e-5  # a class of three thousand meets a false alarm never


# --------------------------------------------------------------------- steps and times


@pytest.mark.parametrize(("row", "sees"), [(0, {"map.2", "map.50"}), (1, {"map.50"})])
def test_steps_from_drawn_states_are_compared(compared: Evidence, row: int, sees: set[str]) -> None:
    """V that goes elsewhere from some step on is seen by the maps that reach it."""
    V = compared.exercises["HH"].answers.maps["V"].copy()
    V[row:] += 0.01
    maps = {**compared.exercises["HH"].answers.maps, "V": V}
    found = checks_with_extra_channel(compared, maps=maps)
    assert {name for name in not_passed(found) if name.startswith("map")} == sees


@pytest.mark.parametrize(
    ("state", "message"),
    [("", "checks.map.twice"), ("IK.n", "checks.map.wrong"), ("V", "checks.map.wrong")],
)
def test_steps_claim_equations_that_agree_only_where_all_do(
    compared: Evidence, state: str, message: str
) -> None:
    """V goes elsewhere with right equations, or because V's or a gate's is wrong: told apart."""
    answers = compared.exercises["HH"].answers
    maps = {**answers.maps, "V": answers.maps["V"] + 0.01}
    field = {name: rate * (2 if name == state else 1) for name, rate in answers.field.items()}
    found = checks_with_extra_channel(compared, maps=maps, field=field)
    assert found["hh.simulation.map.50"].message_id == message


def test_late_spikes_are_told(compared: Evidence) -> None:
    """Spikes that come a step late, as often as they should, are seen by their times alone."""
    found = _with_V(compared, lambda V: np.concatenate([V[:1], V[:-1]]))
    assert found["hh.simulation.spike_count"].status == "pass"
    check = found["hh.simulation.spike_times"]
    assert check.status == "fail"
    assert "up to 0.1 ms" in check.message


def test_a_trace_that_leaves_late_is_told(compared: Evidence) -> None:
    """A V that is right for 20 ms and wrong later loses the check, and the words say how long."""

    def late(V: Any) -> Any:
        changed = V.copy()
        changed[1500:] += 0.5
        return changed

    check = _with_V(compared, late)["hh.simulation.V"]
    assert check.status == "partial"
    assert "over the first 200 ms" in check.message
    assert "up to 20 ms" in check.detail


def _with_V(compared: Evidence, change: Callable[[Any], Any]) -> Mapping[str, CheckResult]:
    traces = compared.exercises["HH"].answers.traces
    return checks_with_extra_channel(compared, traces={**traces, "V": change(traces["V"])})


# ------------------------------------------------------------------ single precision

EDGE = 295, 784
"""Seeds under which a stimulus keeps V so long at the edge of a spike that rounding decides."""
STEPS, CONSTANTS = "right-float32-state", "right-float32-constants"
"""What single precision rounds in a sample, and so in the reference."""


def evidence_under(assignment: Assignment, seed: int, notebook: Path) -> Evidence:
    """What a model answers under a seed, beside the reference."""
    job = RunRequest(
        notebook=notebook, assignment=assignment, limits=assignment.limits, secret=b"", seed=seed
    )
    return comparison().add_reference(collect_evidence(job))


@pytest.mark.full
@pytest.mark.parametrize(
    ("sample", "seed"),
    [*itertools.product((STEPS, CONSTANTS), EDGE), (STEPS, 1684435954647330604)],
)
def test_rounding_alone_costs_no_point(assignment: Assignment, sample: str, seed: int) -> None:
    """A right model may stray as the reference does where that rounds, and the report says so."""
    evidence = evidence_under(assignment, seed, SAMPLES / f"{sample}.ipynb")
    attempt = evidence.exercises["HH"]
    assert attempt.answers.precision == ("float32" if sample == STEPS else "float64")
    found = checks_of(evidence)
    assert not_passed(found) == set()
    assert "less counts: " in found["hh.simulation.further.V"].detail
    assert attempt.reference is not None
    assert attempt.stimuli is not None
    V, expected = attempt.answers.traces["V"], attempt.reference.traces["V"]
    hidden = slice(attempt.stimuli.public, None)
    apart = rmse(V[:, hidden], expected[:, hidden], attempt.stimuli.time)
    allowed = assignment.tolerance("hh.simulation.further.V", 200.0, attempt.answers.precision)
    assert apart > allowed, "no seed at the edge"


@pytest.mark.full
@pytest.mark.parametrize("sample", [STEPS, "right-plain"])
def test_at_the_edge_a_wrong_model_still_loses(
    assignment: Assignment, tmp_path: Path, sample: str
) -> None:
    """A parameter off by 0.2 % moves the traces by more than rounding, whatever the seed."""
    text = (SAMPLES / f"{sample}.ipynb").read_text("utf-8")
    assert "g_max=36." in text
    wrong = tmp_path / "wrong.ipynb"
    wrong.write_text(text.replace("g_max=36.", "g_max=36.072"), "utf-8")
    found = checks_of(evidence_under(assignment, EDGE[0], wrong))
    assert {"V", "further.V", "further.n", "field.V"} <= not_passed(found)


def test_a_clear_stimulus_is_given_no_room(compared: Evidence) -> None:
    """Where no stimulus is at the edge, none counts less for rounding."""
    reference = compared.exercises["HH"].reference
    assert reference is not None
    assert reference.rounding is not None
    assert 0 < reference.rounding.distance["V"][-1].max() < 0.001
    assert [c.id for c in checks_of(compared).values() if "less counts" in c.detail] == []


@pytest.mark.parametrize("change", ["later", "one more", "two fewer"])
def test_a_run_with_a_spike_fewer_excuses_nothing_else(compared: Evidence, change: str) -> None:
    """Where rounding may cost the last spike, spikes elsewhere or of another number still lose."""
    attempt = compared.exercises["HH"]
    reference, panel = attempt.reference, attempt.stimuli
    assert reference is not None
    assert reference.rounding is not None
    assert panel is not None
    expected = spike_times(panel.time, reference.traces["V"], 0.0)
    fewer = tuple(times[:-1] for times in expected)
    rounding = replace(reference.rounding, spikes=(fewer,))
    V = attempt.answers.traces["V"].copy()
    if change == "later":
        V = np.concatenate([V[:1].repeat(30, axis=0), V[:-30]])
    elif change == "one more":
        V[-10], V[-9] = -70.0, 10.0
    else:
        for column, times in enumerate(expected):
            V[panel.time > times[-2:].min(initial=np.inf) - 1.0, column] = -70.0
    traces = {**attempt.answers.traces, "V": V}
    own = replace(
        attempt,
        answers=replace(attempt.answers, traces=traces, field={}),  # which would excuse it all
        reference=replace(reference, rounding=rounding),
    )
    losing = not_passed(checks_of(replace(compared, exercises={"HH": own})))
    assert "further.spike_times" in losing
    assert ("further.spike_count" in losing) == (change != "later")
