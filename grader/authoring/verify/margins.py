"""Tolerances: how clear they keep of right and of wrong models, and how they are derived.

A tolerance is the geometric mean of the worst measure of a right model and the nearest of a
wrong one, to a round number. Right are all equivalents, those with constants in single
precision among them; of the wrong ones a measure tells those that it sees `SEEN` times
farther away than the worst right model, and only they count.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from grader.assignment.schema import Margin, Measure, Tolerance
from grader.authoring.verify.matrix import Matrix, MutantResult
from grader.core.types import Precision

DETECTION_FACTOR = 10.0
LEAST_DISTANCE = 1e-12
"""What a right model may be off by in any case: other machines round in another order."""


class NoMargin(Exception):
    """A measure tells no wrong model from the right ones; the message says which."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clearance:
    """How clear one tolerance keeps: the worst of right models, the nearest wrong one above it.

    None where no model of that kind was measured on that side. ``untold`` wrong models of so
    many in all are within the tolerance under at least one seed: other measures tell them.
    """

    of: str
    until: float | None
    precision: Precision
    tolerance: float
    right: float | None
    wrong: float | None
    undetected: int
    wrong_number: int


def clearances(matrix: Matrix) -> list[Clearance]:
    """Of every measure, in both precisions where there are models of both."""
    found = []
    for measure in matrix.assignment.measures:
        for precision in get_args(Precision):
            right = _worst(matrix.right(), measure, precision)
            tolerance = matrix.assignment.tolerance(*measure, precision)
            every = [row.distances[measure][0] for row in _of(matrix.wrong(), measure, precision)]
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
        double = _margin(matrix, measure, "float64")
        single = _margin(matrix, measure, "float32") if _is_single(matrix, measure) else double
        found.append(Tolerance(of=of, until=until, float64=double, float32=single))
    return found


def _is_single(matrix: Matrix, measure: Measure) -> bool:
    """Tell whether any model of what is measured is in single precision."""
    return any(True for _ in _of(matrix.results, measure, "float32"))


def _margin(matrix: Matrix, measure: Measure, precision: Precision) -> Margin:
    right = max(_worst(matrix.right(), measure, precision) or 0.0, LEAST_DISTANCE)
    told = [d for d in _nearest(matrix.wrong(), measure, precision) if d > DETECTION_FACTOR * right]
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
    far = [row.distances[measure][1] for row in _of(rows, measure, precision)]
    if any(map(math.isnan, far)):
        return math.inf
    return max(far, default=None)


def _nearest(rows: Sequence[MutantResult], measure: Measure, precision: Precision) -> list[float]:
    near = [row.distances[measure][0] for row in _of(rows, measure, precision)]
    return [distance for distance in near if math.isfinite(distance)]


def _of(
    rows: Sequence[MutantResult], measure: Measure, precision: Precision
) -> Iterable[MutantResult]:
    return (row for row in rows if row.precision == precision and measure in row.distances)
