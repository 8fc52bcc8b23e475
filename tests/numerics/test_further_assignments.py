"""The references of the further assignments against BrainPy's run of the teachers' notebooks.

BrainPy is imported where it is used: it takes seconds, which finding the tests shall not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import jax.numpy as jnp
import numpy as np
import pytest

from grader.assignment.load import load_assignment
from grader.core.types import Array, StimulusSet
from grader.judge.metrics import relative_error, rmse, spike_times
from grader.judge.reference.load_model import Model, load_model
from grader.judge.reference.model import ReferenceModel
from tests.support.project import ROOT

REFERENCE = ROOT / "reference"
FURTHER = ("hh-from-scratch", "hh-lesson", "thalamic")
DT = 0.1
CHANNELS = ("channel-IK", "channel-INa", "channel-IL")
V0 = np.array([-65.0, -70.68, -60.0, -72.0])
BEGIN, END, STUB = "### BEGIN SOLUTION", "### END SOLUTION", "#: "


def notebook(id: str) -> list[dict[str, Any]]:
    cells = json.loads((REFERENCE / id / f"{id}-solution.ipynb").read_text("utf-8"))["cells"]
    return cast("list[dict[str, Any]]", cells)


def code_cells(id: str) -> list[dict[str, Any]]:
    return [cell for cell in notebook(id) if cell["cell_type"] == "code"]


@cache
def reference(id: str, part: str = "") -> ReferenceModel:
    module = load_model(REFERENCE / id / "model.py")
    parts = cast("dict[str, Model]", getattr(module, "PARTS", {}))
    return ReferenceModel(parts[part] if part else module, "cpu")


def defined(id: str, *cells: str) -> SimpleNamespace:
    """What the named cells of a teacher's notebook define."""
    sources = {cell["id"]: cell["source"] for cell in notebook(id)}
    names: dict[str, Any] = {}
    for cell in ("imports", *cells):
        exec(sources[cell], names)
    return SimpleNamespace(**names)


def alone(channel: str) -> Callable[[int], Any]:
    """A neuron with one of the lesson's channels and nothing else."""
    import brainpy as bp

    kind = getattr(defined("hh-lesson", *CHANNELS), channel)

    class Host(bp.dyn.CondNeuGroup):  # type: ignore[misc]
        def __init__(self, size: int) -> None:
            super().__init__(size)
            setattr(self, channel, kind(size))

    return Host


SUBJECTS: dict[str, tuple[Callable[[], Any], str, str]] = {
    "hh-from-scratch": (lambda: defined("hh-from-scratch", "HH").HH, "hh-from-scratch", ""),
    "composed": (lambda: defined("hh-lesson", "HH-composed").HH, "hh-lesson", "HH-composed"),
    "IK": (lambda: alone("IK"), "hh-lesson", "IK"),
    "INa": (lambda: alone("INa"), "hh-lesson", "INa"),
    "IL": (lambda: alone("IL"), "hh-lesson", "IL"),
    "HH": (lambda: defined("hh-lesson", *CHANNELS, "HH").HH, "hh-lesson", "HH"),
    "thalamic": (lambda: defined("thalamic", "TC").TC, "thalamic", ""),
}


@pytest.fixture(autouse=True)
def _double() -> Any:
    import brainpy.math as bm

    bm.enable_x64()
    yield
    bm.disable_x64()


def member(model: Any, name: str) -> Any:
    """A state by its full name, through ions and their children."""
    for part in name.split("."):
        children = getattr(model, "children", {})
        model = children[part] if part in children else getattr(model, part)
    return model


def made(subject: str, V: Array) -> tuple[Any, ReferenceModel, dict[str, Any]]:
    """The teacher's model with V given and its channels reset there; its reference; its states."""
    import brainpy as bp
    import brainpy.math as bm

    make, id, part = SUBJECTS[subject]
    bm.clear_name_cache()
    bp.share.save(dt=DT, t=0.0, i=0)
    model, own = make()(len(V)), reference(id, part)
    model.reset()
    model.V.value = jnp.asarray(V)
    channels = model.nodes(level=1, include_self=False).subset(bp.dyn.IonChannel.__mro__[1])
    for channel in channels.unique().values():
        channel.reset_state(model.V.value)
    return model, own, {name: member(model, name) for name in own.model.STATES}


def run(model: Any, states: dict[str, Any], current: Array, dt: float = DT) -> dict[str, Array]:
    import brainpy as bp
    import brainpy.math as bm

    def step(i: Any, x: Any) -> dict[str, Any]:
        bp.share.save(i=i, t=i * dt, dt=dt)
        model(x)
        model.clear_input()
        return {name: state.value for name, state in states.items()}

    traces = bm.for_loop(step, (np.arange(len(current)), jnp.asarray(current)))
    return {name: np.asarray(bm.as_jax(trace), np.float64) for name, trace in traces.items()}


def panel(current: Array, V: Array) -> StimulusSet:
    names = tuple(f"{i}" for i in range(len(V)))
    return StimulusSet(names=names, dt=DT, current=current, V0=V, public=len(V))


def counts(V: Array, threshold: float) -> list[int]:
    """How many spikes each column of ``V``, ``(T, N)`` in mV, has."""
    time = DT * np.arange(len(V))
    return [len(times) for times in spike_times(time, V, threshold)]


@pytest.mark.full
@pytest.mark.parametrize("subject", SUBJECTS)
def test_reference_agrees_with_the_teachers_notebook_to_round_off(subject: str) -> None:
    """V agrees over the whole run and every state over 20 ms, for each exercise's model."""
    model, own, states = made(subject, V0)
    steps = 6000 if subject == "thalamic" else 500
    amplitudes = [-0.2, -0.3, 0.1, 0.0] if subject == "thalamic" else [0.0, 0.5, -0.5, 0.2]
    current = np.tile(np.array(amplitudes), (steps, 1))
    current[:1000] *= steps < 6000  # the thalamic cell: rest, a step of 300 ms, and free again
    current[4000:] = 0.0
    found, expected = run(model, states, current), own.run(panel(current, V0))
    time = DT * (1 + np.arange(steps))
    assert rmse(found["V"], expected["V"], time, DT * steps) < 1e-6
    for name in own.model.STATES:
        assert rmse(found[name], expected[name], time, 20.0) < 1e-8, name


@pytest.mark.parametrize("subject", SUBJECTS)
def test_reference_starts_where_the_teachers_notebook_does(subject: str) -> None:
    """Every state has the notebook's value after a reset at four V."""
    _, own, states = made(subject, V0)
    expected = own.model.initial(jnp.asarray(V0))
    assert set(states) == set(expected)
    for name, state in states.items():
        np.testing.assert_allclose(np.asarray(state.value), np.asarray(expected[name]), rtol=1e-12)


def test_pulses_give_spikes_from_8_on() -> None:
    """Of pulses of 2 ms the weak ones give no spike, those from 8 uA/cm2 on one each."""
    own = reference("hh-from-scratch")
    current = np.zeros((370, 6))
    current[100:120] = [1.0, 2.0, 4.0, 8.0, 10.0, 15.0]
    V = own.run(panel(current, np.full(6, -70.68)))["V"]
    assert counts(V, 0.0) == [0, 0, 0, 1, 1, 1]


def test_a_released_step_gives_a_burst_of_four() -> None:
    """A thalamic cell is silent while it is held down and fires four spikes when let go."""
    own = reference("thalamic")
    current = np.zeros((6000, 5))
    current[1000:4000] = [-0.15, -0.2, -0.25, -0.3, -0.35]
    V = own.run(panel(current, np.full(5, -65.0)))["V"]
    assert counts(V[:4000], 20.0) == [0] * 5
    assert counts(V[4000:], 20.0) == [4] * 5


@pytest.mark.full
def test_calcium_takes_the_reversal_potential_that_it_is_given() -> None:
    """As BrainPy's: in the field, and in the first of the steps from drawn states, not later."""
    import brainpy.math as bm

    model, own, states = made("thalamic", np.full(64, -65.0))
    rng = np.random.default_rng(0)
    drawn = {name: rng.uniform(0.02, 0.98, 64) for name in states}
    drawn |= {"V": rng.uniform(-90.0, 45.0, 64), "Ca.C": rng.uniform(2e-5, 5e-4, 64)}
    drawn |= {"I": rng.uniform(-0.5, 0.5, 64), "Ca.E": rng.uniform(100.0, 150.0, 64)}
    for name, state in states.items():
        state.value = jnp.asarray(drawn[name])
    model.Ca.E.value = jnp.asarray(drawn["Ca.E"])
    k = {name: jnp.asarray(value) for name, value in own.model.CONSTANTS.items()}
    at = {name: jnp.asarray(value) for name, value in drawn.items()}
    expected = np.asarray(own.model.derivative(at, at["I"], k)["V"])
    found = np.asarray(bm.as_jax(model.derivative(at["V"], 0.0, at["I"] * (1e-3 / model.A))))
    assert relative_error(found, expected) < 1e-12
    stepped = run(model, states, np.tile(drawn["I"], (3, 1)))
    for name, after in own.maps(drawn, 3, DT).items():
        np.testing.assert_allclose(stepped[name], after, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("id", FURTHER)
def test_every_exercise_has_blanks_that_the_student_sees(id: str) -> None:
    """Each exercise's cell has solutions between marks, and each solution begins with a blank."""
    asked = {exercise.tag for exercise in load_assignment(ROOT / "assignments" / id).exercises}
    tags_of_solutions = set()
    for cell in code_cells(id):
        lines = [line.strip() for line in cell["source"].splitlines()]
        marks = [line for line in lines if line in (BEGIN, END)]
        assert marks == [BEGIN, END] * (len(marks) // 2), cell["id"]
        solutions = re.findall(f"{BEGIN}\n(.*?){END}", cell["source"], re.S)
        assert len(solutions) == len(marks) // 2
        for solution in solutions:
            assert solution.lstrip().startswith(STUB), cell["id"]
        if solutions:
            tags = {tag for tag in cell["metadata"].get("tags", []) if tag.startswith("grader:")}
            assert tags, cell["id"]
            tags_of_solutions |= tags
    assert tags_of_solutions == asked


@pytest.mark.parametrize("id", FURTHER)
def test_what_the_student_sees_can_be_parsed_and_holds_no_answer(id: str) -> None:
    """Blanks without their marks are Python, and each takes the place of a longer solution."""
    changed = 0
    for cell in code_cells(id):
        seen = released(cell["source"])
        compile(seen, cell["id"], "exec")
        assert BEGIN not in seen
        assert STUB not in seen
        changed += seen != cell["source"]
    assert changed >= len(load_assignment(ROOT / "assignments" / id).exercises)


def released(source: str) -> str:
    """A cell as the student gets it: of each solution, what stands behind ``#:``."""
    kept, inside = [], False
    for line in source.splitlines():
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        elif not inside:
            kept.append(line)
        elif line.lstrip().startswith(STUB):
            kept.append(line.replace(STUB, "", 1))
    return "\n".join(kept)
