"""Judging specimens over several seeds: what each loses, and in which family of checks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grader.assignment import MEASURED, Assignment, Exercise, Measure
from grader.check import Item
from grader.check.distance import distances
from grader.judge.compare import Comparison
from grader.judge.verdict import verdict
from grader.measures import relative_error
from grader.stages import Attempt, Evidence, GradeReport, Precision
from grader.verify.ask import of_seed
from grader.verify.edits import Specimen

SAME = 1e-7
"""The residual of the field within which a changed equation is still the same model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What became of one specimen. ``lost`` maps a family to the points it lost, on the mean.

    ``full`` lists the seeds under which it had full marks; ``errors`` what the grader said
    of its own faults. ``measures`` maps what is held against a tolerance to the least and
    the greatest of it over the seeds, in the model's own ``precision``.
    """

    specimen: Specimen
    lowest: float
    highest: float
    lost: Mapping[str, float]
    full: tuple[int, ...]
    equal: bool
    errors: tuple[str, ...]
    messages: tuple[str, ...]
    measures: Mapping[Measure, tuple[float, float]]
    precision: Precision

    @property
    def is_right(self) -> bool:
        """Whether it got what it deserves: a right one everything, a wrong one less."""
        if self.errors:
            return False
        if self.equal:
            return True
        return self.lowest == 100.0 if self.specimen.right else not self.full


@dataclass(frozen=True, kw_only=True, slots=True)
class Matrix:
    """All rows, with the seeds that they were judged under."""

    assignment: Assignment
    seeds: tuple[int, ...]
    rows: tuple[Row, ...]

    @property
    def families(self) -> tuple[str, ...]:
        """The families of checks, in the rubric's order."""
        assert self.assignment.rubric is not None
        return tuple(self.assignment.rubric.families)

    def wrong(self) -> list[Row]:
        """The wrong models; those that a change left equal are none."""
        return [row for row in self.rows if not row.specimen.right and not row.equal]

    def right(self) -> list[Row]:
        """The right models."""
        return [row for row in self.rows if row.specimen.right]

    def equal(self) -> list[Row]:
        """Those that a change of an equation left what they were."""
        return [row for row in self.rows if row.equal]

    def faults(self) -> list[Row]:
        """Right models that lost points, wrong ones with full marks, and our own errors."""
        return [row for row in self.rows if not row.is_right]

    def operators(self) -> Mapping[str, tuple[int, Counter[str]]]:
        """For each operator of wrong models: how many, and how many each family caught."""
        found: dict[str, tuple[int, Counter[str]]] = {}
        for row in self.wrong():
            number, caught = found.get(row.specimen.operator, (0, Counter()))
            caught.update(family for family, points in row.lost.items() if points > 0)
            found[row.specimen.operator] = number + 1, caught
        return found


class Judging:
    """Judges specimens one by one over ``seeds``; the reference is compiled once."""

    def __init__(self, assignment: Assignment, seeds: tuple[int, ...]) -> None:
        assert assignment.rubric is not None
        self._assignment, self._seeds = assignment, seeds
        self._comparison = Comparison(assignment, "cpu")

    def matrix(self, rows: Sequence[Row]) -> Matrix:
        """All rows together."""
        return Matrix(assignment=self._assignment, seeds=self._seeds, rows=tuple(rows))

    def row(self, specimen: Specimen, exercise: str, asked: Evidence) -> Row:
        """What becomes of ``specimen``; ``asked`` holds its answers to all seeds."""
        equal = specimen.may_equal
        reports: list[GradeReport] = []
        measured: list[dict[Measure, float]] = []
        for position, seed in enumerate(self._seeds):
            attempt = of_seed(asked.attempts[exercise], position, len(self._seeds))
            attempts = {**asked.attempts, exercise: attempt}
            evidence = self._comparison.add_reference(replace(asked, attempts=attempts, seed=seed))
            own = self._assignment.exercise(exercise)
            equal = equal and _is_same(evidence.attempts[exercise], own)
            measured.append(measures(evidence, self._assignment, specimen.other_scheme))
            reports.append(verdict(evidence, self._assignment, specimen.name, "en", "cpu"))
        scores = [100.0 * (r.score or 0.0) / r.max_score for r in reports]
        assert self._assignment.rubric is not None
        lost = dict.fromkeys(self._assignment.rubric.families, 0.0)
        for check in (check for report in reports for check in report.checks):
            lost[check.family] += (check.max_points - check.points) / len(reports)
        errors = {c.detail for r in reports for c in r.checks if c.status == "error"}
        wrong = {c.message for c in reports[0].checks if c.points < c.max_points}
        return Row(
            specimen=specimen,
            lowest=min(scores),
            highest=max(scores),
            lost=lost,
            full=tuple(s for s, score in zip(self._seeds, scores, strict=True) if score >= 100.0),
            equal=equal and min(scores) >= 100.0,
            errors=tuple(sorted(errors)),
            messages=tuple(sorted(wrong)),
            measures=_over_seeds(measured),
            precision=asked.attempts[exercise].answers.precision,
        )


def measures(
    evidence: Evidence, assignment: Assignment, other_scheme: bool
) -> dict[Measure, float]:
    """All that is held against a tolerance, of the field the worst of its states.

    Only the field of a model that follows ``other_scheme`` than the reference.
    """
    found: dict[Measure, float] = {}
    for check in assignment.checks:
        attempt = evidence.attempts.get(check.exercise)
        if attempt is None or attempt.reference is None or not attempt.answers.traces:
            continue
        item = Item(check=check, assignment=assignment, evidence=evidence, attempt=attempt)
        if check.kind == "field":
            key: Measure = (check.exercise, None)
            worst = max((distances(item) or {}).values(), default=0.0, key=_as_far)
            found[key] = max(found.get(key, 0.0), worst, key=_as_far)
        elif check.kind in MEASURED and not other_scheme:
            found |= {(check.id, until): far for until, far in (distances(item) or {}).items()}
    return found


def _over_seeds(measured: Sequence[Mapping[Measure, float]]) -> dict[Measure, tuple[float, float]]:
    keys = dict.fromkeys(key for one in measured for key in one)
    every = {key: [one[key] for one in measured if key in one] for key in keys}
    return {key: (min(far, key=_as_far), max(far, key=_as_far)) for key, far in every.items()}


def _as_far(distance: float) -> float:
    """NaN is as far as can be."""
    return math.inf if math.isnan(distance) else distance


def _is_same(attempt: Attempt, exercise: Exercise) -> bool:
    """Whether the model's field is the reference's to round-off, at every drawn state."""
    reference, found = attempt.reference, attempt.answers.field
    if reference is None or not found:
        return False
    own = {"V": "V", **reference.gates}
    return all(
        own.get(name) in found
        and relative_error(found[own[name]] / exercise.scale(name), expected / exercise.scale(name))
        <= SAME
        for name, expected in reference.field.items()
    )
