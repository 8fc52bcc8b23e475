"""What the probe's little effort to compile buys: processor seconds of an answer, and its price.

    python -m tests.benchmarks.compiling [REPEATS]

Asks the HH solution what a submission is asked, in a process where the probe compiles as usual
and in one where it does with little effort, in turn; then runs 1000 neurons for 3000 steps,
compiled in each way: what a notebook's own simulations would take. Prints JSON: the least of
each, and the ratios. The first answer of a process is not counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import types
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax

from grader.assignment.load import load_assignment
from grader.assignment.stimuli import draw_request, population_size
from grader.run.probe import requests
from grader.submission.notebook.read import read_notebook
from grader.untrusted.probe.jit_effort import compiler_options

ROOT = Path(__file__).resolve().parents[2]
CELLS = ("imports", "channel-IK", "channel-INa", "channel-IL", "HH")
SEED, ANSWERS, NEURONS, STEPS = 1, 4, 1000, 3000
OPTION = "jax_disable_most_optimizations"
EFFORTS: dict[str, dict[str, Any]] = {"usual": {}, "little": compiler_options()}


def main() -> None:
    """Compare, as often as asked for."""
    found: dict[str, dict[str, float]] = {}
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 2):
        for name in EFFORTS:
            for what, seconds in _in_a_process(name).items():
                own = found.setdefault(what, {})
                own[name] = min(seconds, own.get(name, seconds))
    for own in found.values():
        own["ratio"] = own["little"] / own["usual"]
    print(json.dumps(found, indent=2))


def _in_a_process(name: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.compiling", "child", name],
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _child(name: str) -> None:
    options, source = EFFORTS[name], requests._source
    if name == "usual":  # what is sent to the kernel leaves JAX's own setting alone
        requests._source = lambda part: source(part).replace(
            f'"{OPTION}": True', f'"{OPTION}": False'
        )
    assignment = load_assignment(ROOT / "assignments" / "hh", ROOT / "reference" / "hh")
    assert assignment.rubric is not None
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in read_notebook(assignment.rubric.solution).cells:
        if cell.kind == "code" and cell.id in CELLS:
            exec(cell.source, names)
    taken = [_answer(assignment, names, options) for _ in range(ANSWERS)]
    jax.config.update(OPTION, name == "little")
    long = _long(names, options)
    print(json.dumps({"answer": min(taken[1:]), "long simulation": long}))


def _answer(assignment: Any, names: dict[str, Any], options: dict[str, Any]) -> float:
    exercise, began = assignment.exercises[0], time.process_time()
    own, cell = assignment.of(exercise), SimpleNamespace(exercise="HH", class_name="HH")
    sys.modules["_grader_kept"] = kept = types.ModuleType("_grader_kept")
    kept.effort = options  # type: ignore[attr-defined]  # what the probe found out before
    look = requests.description_request(own, exercise, cell, population_size(own, True, 1))  # type: ignore[arg-type]
    told = json.loads(eval(requests.expression("describe", look), names))
    states = [f"{c['name']}.{state}" for c in told["channels"] for state in c["states"]]
    asked = requests.simulation_request(look, draw_request(own, states, (SEED,), True))
    assert json.loads(eval(requests.expression("simulate", asked), names))["traces"]
    return time.process_time() - began


def _long(names: dict[str, Any], options: dict[str, Any]) -> float:
    """From the second run on: what it takes to compile is no part of it."""
    import brainpy as bp
    import brainpy.math as bm
    import numpy as np

    model = names["HH"](NEURONS)
    model.reset()

    def step(number: Any) -> Any:
        bp.share.save(t=number * 0.01, i=number, dt=0.01)
        model(6.0)
        return model.V.value

    run = bm.jit(lambda: bm.for_loop(step, np.arange(STEPS)), compiler_options=options)
    np.asarray(run())
    began = time.process_time()
    np.asarray(run())
    return time.process_time() - began


if __name__ == "__main__":
    _child(sys.argv[2]) if sys.argv[1:2] == ["child"] else main()
