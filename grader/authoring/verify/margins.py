"""Tolerances: how clear they keep of right and of wrong models, and how they are derived.

A tolerance is the geometric mean of the worst measure of a right model and the nearest of a
wrong one, to a round number. Right are all equivalents, those with constants in single
precision among them; of the wrong ones a measure tells those that it sees `DETECTION_FACTOR` times
farther away than the worst right model, and only they count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from grader.assignment.schema import Margin, Measure, Tolerance
from grader.authoring.verify.matrix import Matrix, MutantResult
from grader.core.types import Precision

DETECTION_FACTOR = 10.0
LEAST_DISTANCE = 1e-12
"""A right model may be this far off in any case: other machines round in another order."""


class NoMargin(Exception):
    """A measure tells no wrong model from the right ones; the message says which."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clearance:
    """The room around one tolerance: from the worst right model to the nearest wrong one."""

    of: str
    until: float | None
    precision: Precision
    tolerance: float
    right: float | None
    """The distance of the worst right model; None where none was measured."""
    wrong: float | None
    """The distance of the nearest wrong model above the tolerance; None where there is none."""
    undetected: int
    """The wrong models within the tolerance under at least one seed: other measures tell them."""
    wrong_number: int
    """The number of wrong models that were measured."""


def clearances(matrix: Matrix) -> list[Clearance]:
    """Return the margins of every measure, in both precisions where models have both."""
    found = []
    for measure in matrix.assignment.measures:
        for precision in get_args(Precision):
            right = _worst(matrix.right(), measure, precision)
            tolerance = matrix.assignment.tolerance(*measure, precision)
            every = [least for least, _ in _distances(matrix.wrong(), measure, precision)]
            untold = sum(distance <= tolerance for distance in every)
            wrong = [d for d in every if math.isfinite(d) and d > tolerance]
            if right is not None or every:
                found.append(
                    Clearance(
                        of=measure[0],
                        until=measure[1],
                        precision=precision,
                        tolerance=tolerance,
                        right=right,
                        wrong=min(wrong, default=None),
                        undetected=untold,
                        wrong_number=len(every),
                    )
                )
    return found


def margins_between(matrix: Matrix) -> list[Tolerance]:
    """Return the tolerances of all measures. Raises ``NoMargin``."""
    found = []
    for measure in matrix.assignment.measures:
        of, until = measure
        double = single = _margin(matrix, measure, "float64")
        if _distances(matrix.results, measure, "float32"):
            single = _margin(matrix, measure, "float32")
        found.append(Tolerance(of=of, until=until, float64=double, float32=single))
    return found


def _margin(matrix: Matrix, measure: Measure, precision: Precision) -> Margin:
    right = max(_worst(matrix.right(), measure, precision) or 0.0, LEAST_DISTANCE)
    least = [least for least, _ in _distances(matrix.wrong(), measure, precision)]
    told = [d for d in least if math.isfinite(d) and d > DETECTION_FACTOR * right]
    if not told or not math.isfinite(right):
        of, until = measure
        raise NoMargin(
            f"{of}{f' up to {until:g} ms' if until else ''} in {precision}: the worst right "
            f"model is {right:.3g} away, and no wrong one {DETECTION_FACTOR:g} times as far"
        )
    return Margin(
        tolerance=round_number(math.sqrt(right * min(told))),
        right=float(f"{right:.2g}"),
        wrong=float(f"{min(told):.2g}"),
    )


def round_number(number: float) -> float:
    """Return the nearest of 1, 2 and 5 times a power of ten, by ratio."""
    power = 10.0 ** math.floor(math.log10(number))
    nearest = min((1.0, 2.0, 5.0, 10.0), key=lambda one: abs(math.log(number / power / one)))
    return float(f"{nearest * power:.0e}")


def _worst(rows: Sequence[MutantResult], measure: Measure, precision: Precision) -> float | None:
    far = [greatest for _, greatest in _distances(rows, measure, precision)]
    if any(map(math.isnan, far)):
        return math.inf
    return max(far, default=None)


def _distances(
    rows: Sequence[MutantResult], measure: Measure, precision: Precision
) -> list[tuple[float, float]]:
    """Return the least and greatest distance of each model in a precision, where it has one."""
    own = [row for row in rows if row.precision == precision]
    return [row.distances[measure] for row in own if measure in row.distances]
