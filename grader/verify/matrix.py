"""Judging specimens over several seeds: what each loses, and in which family of checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grader.assignment import Assignment
from grader.judge.compare import Comparison
from grader.judge.verdict import verdict
from grader.measures import relative_error
from grader.stages import Attempt, Evidence, GradeReport
from grader.verify.ask import of_seed
from grader.verify.edits import Specimen

SAME = 1e-7
"""The residual of the field within which a changed equation is still the same model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What became of one specimen. ``lost`` maps a family to the points it lost, on the mean.

    ``full`` lists the seeds under which it had full marks; ``errors`` what the grader said
    of its own faults. ``measures`` maps a check with a tolerance to the least and the
    greatest of its measure over the seeds, in double precision.
    """

    specimen: Specimen
    lowest: float
    highest: float
    lost: Mapping[str, float]
    full: tuple[int, ...]
    equal: bool
    errors: tuple[str, ...]
    messages: tuple[str, ...]
    measures: Mapping[str, tuple[float, float]]

    @property
    def is_right(self) -> bool:
        """Whether it got what it deserves: a right one everything, a wrong one less."""
        if self.errors:
            return False
        if self.equal:
            return True
        return self.lowest == 100.0 if self.specimen.right else not self.full


@dataclass(frozen=True, kw_only=True, slots=True)
class Margin:
    """How clear of its tolerance a check keeps: the worst of right models, the nearest wrong one.

    None where no model of that kind was measured on that side.
    """

    check: str
    tolerance: float
    right: float | None
    wrong: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Matrix:
    """All rows, with the seeds that they were judged under. ``tolerances`` are by check."""

    assignment: str
    seeds: tuple[int, ...]
    families: tuple[str, ...]
    tolerances: Mapping[str, float]
    rows: tuple[Row, ...]

    def margins(self) -> list[Margin]:
        """Of every check that has a tolerance."""
        found = []
        for check, tolerance in self.tolerances.items():
            right = [row.measures[check][1] for row in self.right() if check in row.measures]
            wrong = [row.measures[check][0] for row in self.wrong() if check in row.measures]
            above = [measure for measure in wrong if measure > tolerance]
            found.append(
                Margin(
                    check=check,
                    tolerance=tolerance,
                    right=max(right, default=None),
                    wrong=min(above, default=None),
                )
            )
        return found

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
        self._tolerances = _tolerances(assignment)
        self._families = tuple(assignment.rubric.families)

    def matrix(self, rows: Sequence[Row]) -> Matrix:
        """All rows together."""
        return Matrix(
            assignment=self._assignment.id,
            seeds=self._seeds,
            families=self._families,
            tolerances=self._tolerances,
            rows=tuple(rows),
        )

    def row(self, specimen: Specimen, exercise: str, asked: Evidence) -> Row:
        """What becomes of ``specimen``; ``asked`` holds its answers to all seeds."""
        equal = specimen.may_equal
        reports: list[GradeReport] = []
        for position, seed in enumerate(self._seeds):
            attempt = of_seed(asked.attempts[exercise], position, len(self._seeds))
            attempts = {**asked.attempts, exercise: attempt}
            evidence = self._comparison.add_reference(replace(asked, attempts=attempts, seed=seed))
            equal = equal and _is_same(evidence.attempts[exercise])
            reports.append(verdict(evidence, self._assignment, specimen.name, "en", "cpu"))
        scores = [100.0 * (r.score or 0.0) / r.max_score for r in reports]
        lost = dict.fromkeys(self._families, 0.0)
        for check in (check for report in reports for check in report.checks):
            lost[check.family] += (check.max_points - check.points) / len(reports)
        errors = {c.detail for r in reports for c in r.checks if c.status == "error"}
        wrong = {c.message for c in reports[0].checks if c.points < c.max_points}
        single = asked.attempts[exercise].answers.precision != "float64"
        return Row(
            specimen=specimen,
            lowest=min(scores),
            highest=max(scores),
            lost=lost,
            full=tuple(s for s, score in zip(self._seeds, scores, strict=True) if score >= 100.0),
            equal=equal and min(scores) >= 100.0,
            errors=tuple(sorted(errors)),
            messages=tuple(sorted(wrong)),
            measures={} if single else _measures(reports, self._tolerances),
        )


def _tolerances(assignment: Assignment) -> dict[str, float]:
    """Of the checks that compare a measure with one, in double precision."""
    found = {}
    for check in assignment.checks:
        if check.kind == "trace_rmse" and check.tolerance is not None:
            found[check.id] = check.tolerance
        elif check.kind == "field":
            found[check.id] = assignment.exercise(check.exercise).field_tolerance
    return found


def _measures(
    reports: Sequence[GradeReport], tolerances: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    found: dict[str, list[float]] = {}
    for report in reports:
        for check in report.checks:
            compared = check.message_id != "checks.trace.other_scheme"
            if check.id in tolerances and compared and isinstance(check.found, float):
                found.setdefault(check.id, []).append(check.found)
    return {id: (min(measures), max(measures)) for id, measures in found.items()}


def _is_same(attempt: Attempt) -> bool:
    """Whether the model's field is the reference's to round-off, at every drawn state."""
    reference, found = attempt.reference, attempt.answers.field
    if reference is None or not found:
        return False
    own = {"V": "V", **reference.gates}
    return all(
        own.get(name) in found and relative_error(found[own[name]], expected) <= SAME
        for name, expected in reference.field.items()
    )
