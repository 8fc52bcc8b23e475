"""Whether a model steps in another way than the reference, told by its first step."""

from __future__ import annotations

import numpy as np

from grader.check.item import Item

OTHERWISE = 1e-3
"""How far a first step must be from the reference's, as a share of that.

Round-off in single precision is 10 times less; Euler's step of the slowest gate 10 times more.
"""


def steps_otherwise(item: Item) -> bool:
    """Whether a state's first step differs from the reference's, on most stimuli.

    Both start at the same state there, so that with the same equations another scheme is at
    work, also where the student wrote it by hand and no integrator tells.
    """
    attempt = item.attempt
    panel, reference = attempt.panel, attempt.reference
    if panel is None or reference is None:
        return False
    starts = {name: np.array(least) for name, (least, _) in item.exercise.start.items()}
    starts["V"] = panel.V0
    for name, own in {"V": "V", **reference.gates}.items():
        found, expected = attempt.answers.traces.get(own), reference.traces[name]
        if name not in starts or found is None or found.shape != expected.shape:
            continue
        allowed = OTHERWISE * np.abs(expected[0] - starts[name])
        if np.median(np.abs(found[0] - expected[0]) - allowed) > 0:
            return True
    return False
