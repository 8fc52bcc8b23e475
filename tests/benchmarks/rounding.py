"""How often rounding alone would fail a right model, and how near a wrong one comes.

Of many seeds: the reference with its constants in single precision must be within all tolerances
of traces, and with one constant off by 0.2 % far outside of one, stimuli weighted for rounding.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.assignment.stimuli import draw_stimuli
from grader.core.types import Array, RoundingError, StimulusSet
from grader.judge.checks.distances import ROUNDING_FACTOR
from grader.judge.metrics import within
from grader.judge.reference.load_model import load_model
from grader.judge.reference.model import ReferenceModel

ROOT = Path(__file__).parents[2]
OFF = 0.002


def worst(
    assignment: Assignment,
    panel: StimulusSet,
    found: Mapping[str, Array],
    expected: Mapping[str, Array],
    rounding: RoundingError | None,
) -> float:
    """The greatest RMS difference of a trace over its tolerance."""
    most = 0.0
    for check in assignment.checks:
        if check.kind != "trace_rmse":
            continue
        public = check.stimuli == "public"
        which = slice(0, panel.public) if public else slice(panel.public, None)
        for until in check.until:
            allowed = assignment.tolerance(check.id, until, "float64")
            steps = int(np.count_nonzero(within(panel.time, until)))
            apart = (found[check.variable] - expected[check.variable])[:steps, which]
            if rounding is not None:
                room = ROUNDING_FACTOR * rounding.distance[check.variable][steps - 1, which]
                apart = apart * (allowed / np.maximum(room, allowed))
            most = max(most, float(np.sqrt(np.mean(np.square(apart)))) / allowed)
    return most


def main() -> None:
    """Print how many seeds fail a right model, and how far the nearest wrong one is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--seeds", type=int, default=100)
    number = parser.parse_args().seeds
    assignment = load_assignment(ROOT / "assignments" / "hh", ROOT / "reference" / "hh")
    assert assignment.rubric is not None
    model = ReferenceModel(load_model(assignment.rubric.reference), "cpu")
    known = model.model.CONSTANTS
    single = {name: float(np.float32(value)) for name, value in known.items()}
    plain, weighted, nearest = [], [], (np.inf, "", 0)
    for seed in range(number):
        panel = draw_stimuli(assignment, seed, hidden=True)
        expected, rounding = model.run_with_rounding(panel, single=False, threshold=0.0)
        right = model.run(panel, single)
        plain.append(worst(assignment, panel, right, expected, None))
        drawn = np.random.default_rng(seed).random((3, len(known))) < 0.5
        for some in drawn:  # of which the reference itself was not run
            part = {name: single[name] for name, is_in in zip(known, some, strict=True) if is_in}
            right = model.run(panel, part)
            weighted.append(worst(assignment, panel, right, expected, rounding))
        for name, value in known.items():
            for factor in (1 - OFF, 1 + OFF):
                wrong = model.run(panel, {name: factor * value})
                far = worst(assignment, panel, wrong, expected, rounding)
                nearest = min(nearest, (far, f"{name} times {factor:g}", seed))
    print(f"{number} seeds. A right model with its constants in single precision:")
    parts = "a part of them, with weights, three times"
    for how, all_of_them in (("all, without weights", plain), (parts, weighted)):
        failed = sum(far > 1 for far in all_of_them)
        print(f"  {how}: {failed} fail, the worst at {max(all_of_them):.3g} of a tolerance")
    far, what, seed = nearest
    print(f"The nearest with one constant {OFF:.1%} off: {what}, {far:.3g} tolerances, seed {seed}")


if __name__ == "__main__":
    main()
