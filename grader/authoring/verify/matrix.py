"""The results of mutants: a row for each, all of them in a matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.assignment.schema import Assignment, Measure
from grader.authoring.verify.ast_edits import Mutant
from grader.core.types import Precision


@dataclass(frozen=True, kw_only=True, slots=True)
class MutantResult:
    """The marks of one mutant under all seeds, and all that was said of it."""

    mutant: Mutant
    lowest: float
    """The lowest score of all seeds, in a hundred."""
    highest: float
    """The highest score of all seeds, in a hundred."""
    lost: Mapping[str, float]
    """The points that each family of checks took, on the mean of the seeds."""
    full_mark_seeds: tuple[int, ...]
    """The seeds under which it had full marks."""
    is_equivalent: bool
    """True if a change of an equation left the model what it was."""
    errors: tuple[str, ...]
    """Details of the grader's own faults."""
    messages: tuple[str, ...]
    """Messages of the checks that it lost points by under the first seed."""
    distances: Mapping[Measure, tuple[float, float]]
    """The least and greatest of each measure over the seeds; see `Tolerance`."""
    precision: Precision
    """The precision of the model, in which its distances are held against tolerances."""
    diagnoses: tuple[str, ...] = ()
    """The ids of the sentences that name a mistake under the first seed."""

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
    """The numbers of one operator's wrong models: of all, and of those that were caught."""

    number: int
    caught: Counter[str]
    """Models that lost points, by the family of checks that took them."""
    named: int
    """Models in which a mistake was named."""
    wrongly_named: int | None
    """Models in which only another mistake was named; None where no cause is known."""
    missed: int
    """Models with full marks under some seed."""


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
        """Return the models that a change of an equation left what they were."""
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
