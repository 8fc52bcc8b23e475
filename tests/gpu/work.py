"""What is computed in a process of its own, for JAX counts its devices once. JSON on lines.

python -m tests.gpu.work devices
python -m tests.gpu.work reference DEVICE      against the CPU
python -m tests.gpu.work speed KIND STEPS NEURONS ...  on the device that JAX takes
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment, Check, Exercise
from grader.assignment.stimuli import draw_states, draw_stimuli
from grader.core.types import Array, StimulusSet
from grader.judge.metrics import absolute_error, relative_error, rmse, spike_times
from grader.judge.reference.load_model import Model, exercise_model, load_model
from grader.judge.reference.model import ReferenceModel

ROOT = Path(__file__).parents[2]
Compiled = Callable[[Model], ReferenceModel]
SEED = 18
REPEATS = 3
CELLS = ("imports", "channel-IK", "channel-INa", "channel-IL", "HH")


def main(what: str, *arguments: str) -> None:
    """Print what was found, each line as soon as it is known."""
    if what == "devices":
        tell(devices())
    elif what == "reference":
        for one in assignments():
            for line in apart(
                one, *(partial(ReferenceModel, device=d) for d in (arguments[0], "cpu"))
            ):
                tell(line)
    else:
        kind, steps, *sizes = arguments
        for size in map(int, sizes):
            tell({"neurons": size, "seconds": KINDS[kind](size, int(steps)), **devices()})


def tell(line: Mapping[str, Any]) -> None:
    """Print it at once."""
    print(json.dumps(line), flush=True)


def devices() -> dict[str, str]:
    """The GPU's name, or why JAX sees none, and where it computes without being asked."""
    told = {"gpu": "", "error": "", "computes_on": jax.devices()[0].platform}
    try:
        return {**told, "gpu": jax.local_devices(backend="gpu")[0].device_kind}
    except RuntimeError as error:
        return {**told, "error": str(error)}


def assignments() -> list[Assignment]:
    """Every assignment of the project, with the teachers' part."""
    folders = sorted(file.parent for file in ROOT.glob("assignments/*/assignment.toml"))
    return [load_assignment(folder, ROOT / "reference" / folder.name) for folder in folders]


# ------------------------------------------------------------------ the reference


def apart(
    assignment: Assignment, found_by: Compiled, expected_by: Compiled
) -> Iterator[dict[str, str | float]]:
    """How far one reference's answers are from another's, and how far they may be.

    In the measure of each check with a derived tolerance, of every exercise and variant.
    """
    assert assignment.rubric is not None
    whole = load_model(assignment.rubric.reference)
    for exercise in assignment.exercises:
        checks = [c for c in assignment.checks if c.exercise == exercise.id and c.kind in MEASURES]
        if not checks:
            continue
        part = exercise_model(whole, exercise.id)
        models = found_by(part), expected_by(part)
        for variant in assignment.variants:
            found, expected = (
                answers(assignment.for_exercise(exercise), checks, model, variant.constants)
                for model in models
            )
            for check in checks:
                for until, far in MEASURES[check.kind](check, exercise, found, expected):
                    of = exercise.id if check.kind == "field" else check.id
                    yield {
                        "assignment": assignment.id,
                        "what": f"{check.id}{f' to {until:g} ms' if until else ''}, {variant.id}",
                        "far": far,
                        "allowed": assignment.tolerance(of, until, "float64"),
                    }


def answers(
    assignment: Assignment,
    checks: list[Check],
    model: ReferenceModel,
    constants: Mapping[str, float],
) -> dict[str, Any]:
    """What the reference says to the panel, to drawn states, and some steps from others."""
    names = [name for name in (*model.model.STATES, *model.further_inputs) if name != "V"]
    panel = draw_stimuli(assignment, SEED, hidden=True)
    steps = max((c.steps for c in checks if c.kind == "map"), default=0)
    starts = draw_states(assignment, names, SEED, "map")
    dt = assignment.simulation.dt
    return {
        "panel": panel,
        "traces": model.run(panel, constants),
        "field": model.field(draw_states(assignment, names, SEED), constants),
        "maps": model.maps(starts, steps, dt, constants) if steps else {},
    }


Answers = dict[str, Any]
Distances = list[tuple[float | None, float]]


def _columns(check: Check, panel: StimulusSet) -> slice:
    return slice(0, panel.public) if check.stimuli == "public" else slice(panel.public, None)


def _traces(check: Check, _: Exercise, found: Answers, expected: Answers) -> Distances:
    panel, which = found["panel"], _columns(check, found["panel"])
    own, right = (one["traces"][check.variable][:, which] for one in (found, expected))
    return [(until, rmse(own, right, panel.time, until)) for until in check.until or (None,)]


def _spikes(check: Check, exercise: Exercise, found: Answers, expected: Answers) -> Distances:
    panel, which = found["panel"], _columns(check, found["panel"])
    until = max(check.until, default=None)
    own, right = (
        spike_times(panel.time, one["traces"]["V"][:, which], exercise.spike_threshold)
        for one in (found, expected)
    )
    far = 0.0
    for a, b in zip(own, right, strict=True):
        a, b = (times[times <= (until or np.inf)] for times in (a, b))
        same = len(a) == len(b)
        far = max(far, float(np.abs(a - b).max(initial=0.0)) if same else np.inf)
    return [(until, far)]


def _field(check: Check, exercise: Exercise, found: Answers, expected: Answers) -> Distances:
    unit = exercise.scale(check.variable)
    own, right = (one["field"][check.variable] / unit for one in (found, expected))
    return [(None, relative_error(own, right))]


def _map(check: Check, _: Exercise, found: Answers, expected: Answers) -> Distances:
    own, right = (one["maps"][check.variable][check.steps - 1] for one in (found, expected))
    return [(None, absolute_error(own, right))]


MEASURES: dict[str, Callable[[Check, Exercise, Answers, Answers], Distances]] = {
    "trace_rmse": _traces,
    "spike_times": _spikes,
    "field": _field,
    "map": _map,
}

# -------------------------------------------------------------------------- speed


def panel_seconds(neurons: int, steps: int) -> float:
    """Of the reference's run of so many stimuli, its traces fetched from the device."""
    device = "gpu" if jax.devices()[0].platform == "gpu" else "cpu"
    model = ReferenceModel(load_model(ROOT / "reference" / "hh" / "model.py"), device)
    current: Array = np.tile(np.linspace(-1.0, 10.0, neurons), (steps, 1))
    names = tuple(map(str, range(neurons)))
    panel = StimulusSet(
        names=names, dt=0.1, current=current, V0=np.full(neurons, -65.0), public=neurons
    )
    return _best(lambda: model.run(panel))


def population_seconds(neurons: int, steps: int) -> float:
    """Of a BrainPy model of so many neurons, the solution's; its V fetched from the device."""
    notebook = json.loads((ROOT / "reference" / "hh" / "hh-solution.ipynb").read_text("utf-8"))
    sources = {cell.get("id"): "".join(cell["source"]) for cell in notebook["cells"]}
    cells: dict[str, Any] = {}
    for id in CELLS:
        exec(sources[id], cells)
    model, bm = cells["HH"](neurons), cells["bm"]
    model.reset()
    inputs = np.full(steps, 1.698, np.float32)

    def step(i: Any, current: Any) -> Any:
        model.step_run(i, current)
        return model.V.value

    run = bm.jit(lambda: bm.for_loop(step, (np.arange(steps), inputs)))
    return _best(lambda: np.asarray(run()))


def _best(work: Callable[[], object]) -> float:
    """Seconds of the fastest repeat, after one that compiles."""
    work()
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


KINDS = {"panel": panel_seconds, "population": population_seconds}

if __name__ == "__main__":
    main(*sys.argv[1:])
