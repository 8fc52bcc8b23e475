"""What became of mutants: a row for each, all of them in a matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.assignment.schema import Assignment, Measure
from grader.authoring.verify.ast_edits import Mutant
from grader.core.types import Precision


@dataclass(frozen=True, kw_only=True, slots=True)
class MutantResult:
    """What became of one mutant. ``lost`` maps a family to the points it lost, on the mean.

    ``full`` lists the seeds under which it had full marks; ``errors`` what the grader said
    of its own faults. ``measures`` maps what is held against a tolerance to the least and
    the greatest of it over the seeds, in the model's own ``precision``. ``diagnoses`` are the
    ids of the sentences that name a mistake under the first seed.
    """

    mutant: Mutant
    lowest: float
    highest: float
    lost: Mapping[str, float]
    full_mark_seeds: tuple[int, ...]
    is_equivalent: bool
    errors: tuple[str, ...]
    messages: tuple[str, ...]
    distances: Mapping[Measure, tuple[float, float]]
    precision: Precision
    diagnoses: tuple[str, ...] = ()

    @property
    def is_marked_rightly(self) -> bool:
        """Tell whether it got what it deserves: a right one everything, a wrong one less.

        Nothing that is right has a mistake named, and nothing wrong another than was made.
        """
        if self.errors or self.is_false_alarm or self.is_wrongly_named:
            return False
        if self.is_equivalent:
            return True
        return self.lowest == 100.0 if self.mutant.right else not self.full_mark_seeds

    @property
    def is_false_alarm(self) -> bool:
        """Tell whether a mistake is named in what is right."""
        return bool(self.diagnoses) and (self.mutant.right or self.is_equivalent)

    @property
    def is_wrongly_named(self) -> bool:
        """Tell whether mistakes are named, but not the one that was made, which is known."""
        cause = self.mutant.cause
        return bool(cause and self.diagnoses) and cause not in self.diagnoses


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorTally:
    """What became of the wrong models of one operator.

    ``caught`` counts by family; ``wrongly_named`` is None where no cause is known.
    """

    number: int
    caught: Counter[str]
    named: int
    wrongly_named: int | None
    missed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Matrix:
    """All rows, with the seeds that they were judged under."""

    assignment: Assignment
    seeds: tuple[int, ...]
    results: tuple[MutantResult, ...]

    @property
    def families(self) -> tuple[str, ...]:
        """The families of checks, in the rubric's order."""
        assert self.assignment.rubric is not None
        return tuple(self.assignment.rubric.families)

    def wrong(self) -> list[MutantResult]:
        """Return the wrong models; those that a change left equal are none."""
        return [row for row in self.results if not row.mutant.right and not row.is_equivalent]

    def right(self) -> list[MutantResult]:
        """Return the right models."""
        return [row for row in self.results if row.mutant.right]

    def equivalent(self) -> list[MutantResult]:
        """Those that a change of an equation left what they were."""
        return [row for row in self.results if row.is_equivalent]

    def faults(self) -> list[MutantResult]:
        """Right models that lost points, wrong ones with full marks, false names, our errors."""
        return [row for row in self.results if not row.is_marked_rightly]

    def operators(self) -> Mapping[str, OperatorTally]:
        """For each operator of wrong models: how many, and what caught and named them."""
        found: dict[str, list[MutantResult]] = {}
        for row in self.wrong():
            found.setdefault(row.mutant.operator, []).append(row)
        return {operator: _tally(rows) for operator, rows in found.items()}


def _tally(rows: Sequence[MutantResult]) -> OperatorTally:
    families = (f for row in rows for f, points in row.lost.items() if points > 0)
    is_known = any(row.mutant.cause for row in rows)
    return OperatorTally(
        number=len(rows),
        caught=Counter(families),
        named=sum(bool(row.diagnoses) for row in rows),
        wrongly_named=sum(row.is_wrongly_named for row in rows) if is_known else None,
        missed=sum(bool(row.full_mark_seeds) for row in rows),
    )
