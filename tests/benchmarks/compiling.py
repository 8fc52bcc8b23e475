"""What XLA's flags for kernels buy: processor seconds of an answer, and of a long simulation.

    python -m tests.benchmarks.compiling [REPEATS]

Asks the HH solution what a submission is asked, in a process without flags, in one with those
of notebooks and in one with those of verify's models, in turn; then runs 1000 neurons for 3000
steps. Prints JSON: the least of each, and the ratios. The first answer of a process is not
counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from grader.load import load_assignment
from grader.probe import messages
from grader.read.notebook import read_notebook
from grader.stimuli import draw, population
from grader.xla import VARIABLE, quick_flags

ROOT = Path(__file__).resolve().parents[2]
CELLS = ("imports", "channel-IK", "channel-INa", "channel-IL", "HH")
SEED, ANSWERS, NEURONS, STEPS = 1, 4, 1000, 3000


def main() -> None:
    """Compare, as often as asked for."""
    found: dict[str, dict[str, float]] = {}
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 2):
        for name, flags in (
            ("plain", ""),
            ("notebooks", quick_flags()),
            ("models only", quick_flags(models_only=True)),
        ):
            for what, seconds in _in_a_process(flags).items():
                own = found.setdefault(what, {})
                own[name] = min(seconds, own.get(name, seconds))
    for own in found.values():
        own |= {f"{name}, ratio": own[name] / own["plain"] for name in [*own][1:]}
    print(json.dumps(found, indent=2))


def _in_a_process(flags: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.compiling", "child"],
        env={**os.environ, VARIABLE: flags, "JAX_PLATFORMS": "cpu"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _child() -> None:
    assignment = load_assignment(ROOT / "assignments" / "hh", ROOT / "reference" / "hh")
    assert assignment.rubric is not None
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in read_notebook(assignment.rubric.solution).cells:
        if cell.kind == "code" and cell.id in CELLS:
            exec(cell.source, names)
    taken = [_answer(assignment, names) for _ in range(ANSWERS)]
    print(json.dumps({"answer": min(taken[1:]), "long simulation": _long(names)}))


def _answer(assignment: Any, names: dict[str, Any]) -> float:
    exercise, began = assignment.exercises[0], time.process_time()
    own, cell = assignment.of(exercise), SimpleNamespace(exercise="HH", class_name="HH")
    sys.modules.pop("_grader_kept", None)
    look = messages.look_request(own, exercise, cell, population(own, True, 1))  # type: ignore[arg-type]
    told = json.loads(eval(messages.expression("look", look), names))
    states = [f"{c['name']}.{state}" for c in told["channels"] for state in c["states"]]
    asked = messages.answer_request(look, draw(own, states, (SEED,), True))
    assert json.loads(eval(messages.expression("answer", asked), names))["traces"]
    return time.process_time() - began


def _long(names: dict[str, Any]) -> float:
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

    run = bm.jit(lambda: bm.for_loop(step, np.arange(STEPS)))
    np.asarray(run())
    began = time.process_time()
    np.asarray(run())
    return time.process_time() - began


if __name__ == "__main__":
    _child() if sys.argv[1:] == ["child"] else main()
