"""Parameters fitted to the answers, and the source beside what a kernel said."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.core.types import (
    Answers,
    Array,
    Cell,
    ChannelProbe,
    ExerciseEvidence,
    GradedCell,
    ModelProbe,
    Submission,
)
from grader.judge.reference.fit_constants import fit_constants
from grader.judge.reference.load_model import load_model
from grader.judge.reference.model import ReferenceModel
from grader.submission.cells.source_check import contradictions
from tests.support.project import ROOT

TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def model() -> ReferenceModel:
    return ReferenceModel(load_model(ROOT / "reference" / "hh" / "model.py"), "cpu")


def _states(model: ReferenceModel, count: int = 256) -> dict[str, Array]:
    drawn = np.random.default_rng(5)
    gates = {name: drawn.uniform(0, 1, count) for name in model.model.STATES if name != "V"}
    return gates | {"V": drawn.uniform(-90, 45, count), "I": drawn.uniform(-5, 25, count)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"IK.E": 77.0, "IK.g_max": 20.0},
        {"INa.E": -50.0, "INa.g_max": 200.0, "IL.E": -70.0, "IL.g_max": 0.3},
        {"IL.g_max": 0.0301},
        {"IK.g_max": -36.0},
        {},
    ],
)
def test_what_a_model_computes_with_is_found(
    model: ReferenceModel, wrong: dict[str, float]
) -> None:
    """The constants behind a field are read off it, whatever they are."""
    states = _states(model)
    found = fit_constants(model, {}, states, model.field(states, wrong)["V"], TOLERANCE)
    true = {**model.model.CONSTANTS, **wrong}
    assert {"IK.E", "IK.g_max", "INa.E", "INa.g_max", "IL.E", "IL.g_max"} <= found.keys()
    assert found == pytest.approx({name: true[name] for name in found}, rel=1e-6)


def test_another_capacitance_is_not_taken_for_other_conductances(model: ReferenceModel) -> None:
    """With C doubled every conductance is still found as it is."""
    states = _states(model)
    found = fit_constants(model, {}, states, model.field(states, {"C": 2.0})["V"], TOLERANCE)
    assert found["C"] == pytest.approx(2.0)
    assert found["IK.g_max"] == pytest.approx(36.0)


def test_an_equation_of_another_kind_is_not_fitted(model: ReferenceModel) -> None:
    """Where no constants give the field, and where a gate is missing, nothing is told."""
    states = _states(model)
    V = model.field(states)["V"]
    assert fit_constants(model, {}, states, V + 3.0 * states["IK.n"], TOLERANCE) == {}
    assert fit_constants(model, {}, states, np.full_like(V, np.nan), TOLERANCE) == {}
    lost = states | {"IK.n": np.full_like(V, np.nan)}
    assert fit_constants(model, {}, lost, V, TOLERANCE) == {}


SOURCE = """\
class HH(bp.dyn.CondNeuGroup):
    def __init__(self, size):
        super().__init__(size)
        self.IK = IK(size, E=-50.0, g_max=36)
        self.INa = make(size, E=50.0)
"""


def _contradicted(assignment: Assignment, E: float, type_name: str = "IK") -> list[str]:
    cells = ("class IK(bp.dyn.IonChannel): pass\nclass Other(bp.dyn.IonChannel): pass", SOURCE)
    work = Submission(
        file="n.ipynb",
        sha256="",
        cells=tuple(Cell(index=i, kind="code", source=s, id=f"c{i}") for i, s in enumerate(cells)),
    )
    channel = ChannelProbe(
        name="IK", kind="channel", type_name=type_name, parameters={"E": E, "g_max": 36.0}
    )
    attempt = ExerciseEvidence(
        cell=GradedCell(exercise="HH", index=1, class_name="HH", found_by="tag"),
        probe=ModelProbe(found=True, population=2, channels=(channel,)),
        answers=Answers(),
    )
    return [n.message_id for n in contradictions(work, assignment.exercises[0], attempt)]


def test_source_and_kernel_are_set_side_by_side(assignment: Assignment) -> None:
    """A number or a class that the source writes otherwise is named for the teacher."""
    assert _contradicted(assignment, E=-50.0) == []
    assert _contradicted(assignment, E=-77.0) == ["verdict.contradiction.parameter"]
    assert _contradicted(assignment, -50.0, "Other") == ["verdict.contradiction.type"]


HUNG = """\
class TC(bp.dyn.CondNeuGroupLTC):
    def __init__(self, size):
        self.Ca = bp.dyn.CalciumDetailed(size, ICaL=bp.dyn.ICaL_IS2008(size, g_max=0.6))
        self.Ca.add_elem(ICaT=bp.dyn.ICaT_HM1992(size, g_max=2.2))
"""


def test_what_hangs_on_an_ion_is_read_too() -> None:
    """By ``add_elem`` and by the ion's own constructor."""
    (exercise,) = load_assignment(ROOT / "assignments" / "thalamic", derived=False).exercises
    work = Submission(
        file="n.ipynb", sha256="", cells=(Cell(index=0, kind="code", source=HUNG, id="c0"),)
    )
    names = ("Ca.ICaL", "Ca.ICaT")

    def told(*g_max: float) -> list[object]:
        channels = tuple(
            ChannelProbe(name=name, kind="channel", parameters={"g_max": value})
            for name, value in zip(names, g_max, strict=True)
        )
        attempt = ExerciseEvidence(
            cell=GradedCell(exercise="TC", index=0, class_name="TC", found_by="tag"),
            probe=ModelProbe(found=True, population=2, channels=channels),
            answers=Answers(),
        )
        return [note.values["name"] for note in contradictions(work, exercise, attempt)]

    assert told(0.6, 2.2) == []
    assert told(0.5, 2.2) == ["Ca.ICaL.g_max"]
    assert told(0.6, 2.1) == ["Ca.ICaT.g_max"]


GATED = {"IK.E", "IK.g_max", "INa.E", "INa.g_max"}
LEAK = {"IL.E", "IL.g_max"}
WRONG = {"INa.E": -50.0, "INa.g_max": 200.0, "IK.E": 77.0, "IK.g_max": 20.0, "IL.E": -70.0}


@pytest.mark.parametrize("leak", [0.0, 0.03, 3.0])
def test_a_further_leak_hides_a_leak_and_nothing_else(model: ReferenceModel, leak: float) -> None:
    """Beside a current that is linear in V, channels with gates are told, and a leak is not."""
    states = _states(model)
    V = model.field(states, WRONG)["V"] + leak * (-40.0 - states["V"])
    found = fit_constants(model, {}, states, V, TOLERANCE, further=True)
    assert found.keys() >= GATED
    assert not found.keys() & LEAK
    true = {**model.model.CONSTANTS, **WRONG}
    assert found == pytest.approx({name: true[name] for name in found}, rel=1e-6)


def test_beside_further_gates_nothing_is_told(model: ReferenceModel) -> None:
    """A further current through gates of its own, or not linear in V, leaves all untold."""
    states = _states(model)
    V, own = states["V"], np.random.default_rng(6).uniform(0, 1, states["V"].size)
    for current in (own**4 * (-77.0 - V), own * 1e-3, 0.01 * V**2, np.exp(V / 20.0)):
        slope = model.field(states)["V"] + current
        assert fit_constants(model, {}, states, slope, TOLERANCE, further=True) == {}


def test_constants_that_others_make_up_for_are_not_told() -> None:
    """Two leaks are alike: with one of them wrong, neither takes the blame, nor does another."""
    cell = ReferenceModel(load_model(ROOT / "reference" / "thalamic" / "model.py"), "cpu")
    drawn = np.random.default_rng(3)
    names = [*cell.model.STATES, *cell.further_inputs]
    states = {name: drawn.uniform(0.02, 0.98, 256) for name in names}
    states |= {"V": drawn.uniform(-90, 45, 256), "I": drawn.uniform(-0.5, 0.5, 256)}
    states |= {"Ca.C": drawn.uniform(2e-5, 5e-4, 256), "Ca.E": drawn.uniform(100, 150, 256)}
    asked = {n for n in cell.model.CONSTANTS if n.endswith((".E", ".g_max"))}
    for name, value in (("IL.E", -77.0), ("Ca.ICaT.g_max", 2.2), ("K.E", -95.0)):
        V = cell.field(states, {name: value})["V"]
        found = fit_constants(cell, {}, states, V, TOLERANCE, among=asked)
        true = {**cell.model.CONSTANTS, name: value}
        assert found == pytest.approx({n: true[n] for n in found}, rel=1e-6)
        assert not {"IL.E", "IL.g_max", "K.IKL.g_max"} & found.keys()
        assert {"Ca.ICaT.g_max", "K.E", "INa.g_max"} <= found.keys()


def test_a_slope_out_of_all_bounds_is_no_fit_and_no_warning() -> None:
    """Where a constant moves dV/dt beyond what can be squared, nothing is found, in silence."""
    steep = SimpleNamespace(
        STATES=("V",),
        CONSTANTS={"g": 1e-200},
        initial=lambda V0: {"V": V0},
        derivative=lambda state, current, k: {"V": k["g"] * 1e200 * (state["V"] + 60.0)},
    )
    V = np.linspace(-80.0, 40.0, 16)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fit_constants(
            ReferenceModel(steep, "cpu"), {}, {"V": V, "I": 0.0 * V}, 2.0 * (V + 60.0), 1e-6
        )
    assert found == {}
