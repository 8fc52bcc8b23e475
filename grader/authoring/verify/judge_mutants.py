"""Judging mutants over several seeds: what each loses, and in which family of checks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from grader.assignment.schema import MEASURED, Assignment, Exercise, Measure
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.caching_reference import CachingReference
from grader.authoring.verify.matrix import MutantResult
from grader.authoring.verify.run_mutants import select_seed
from grader.core.messages import catalogue
from grader.core.types import Evidence, ExerciseEvidence, Note
from grader.judge.apply_checks import CheckOutcome, ExerciseCaches, apply_checks
from grader.judge.checks import CheckContext
from grader.judge.checks.distances import distances
from grader.judge.metrics import relative_error
from grader.judge.reference.compare import Comparison
from grader.judge.residuals import mistake_notes

SAME = 1e-7
"""The residual of the field within which a changed equation is still the same model."""


class MutantJudge:
    """Judges mutants one by one over ``seeds``; the reference is compiled once."""

    def __init__(self, assignment: Assignment, seeds: tuple[int, ...]) -> None:
        assert assignment.rubric is not None
        self._assignment, self._seeds = assignment, seeds
        self._comparison = Comparison(assignment, "cpu", CachingReference)
        self._words = catalogue("en", assignment.folder)
        self._solution: dict[str, ExerciseEvidence] = {}
        self._known = ExerciseCaches(dict)  # of the solution's attempts

    def judge(self, mutant: Mutant, exercise: str, asked: Evidence) -> MutantResult:
        """Return what becomes of ``mutant``; ``asked`` holds its answers to all seeds."""
        equal, named = mutant.may_be_equivalent, list[Note]()
        found: list[list[CheckOutcome]] = []
        measured: list[dict[Measure, float]] = []
        own = self._assignment.exercise(exercise)
        alone, others = self._assignment.for_exercise(own), self._others(asked, exercise)
        for position, seed in enumerate(self._seeds):
            exercise_evidence = select_seed(asked.exercises[exercise], position, len(self._seeds))
            evidence = self._comparison.add_reference(
                replace(asked, exercises={exercise: exercise_evidence}, seed=seed),
                name_mistakes=position == 0,
            )
            evidence = replace(evidence, exercises={**others, **evidence.exercises})
            known = ExerciseCaches(dict, {id: self._known[id] for id in others})
            measured.append(measure_distances(evidence, alone, mutant.other_scheme, known))
            compared = evidence.exercises[exercise]
            equal = equal and has_same_field(compared, own)
            equal = equal and traces_are_within_tolerance(compared, measured[-1], alone)
            named += mistake_notes(compared)
            found.append(list(apply_checks(evidence, self._assignment, self._words, known)))
        scores = [self._score(one) for one in found]
        first = [one for one in found[0] if one.points < self._assignment.points(one.check)]
        errors = {one.finding.detail for each in found for one in each if one.status == "error"}
        return MutantResult(
            mutant=mutant,
            lowest=min(scores),
            highest=max(scores),
            lost=self._lost(found),
            full_mark_seeds=tuple(
                s for s, score in zip(self._seeds, scores, strict=True) if score >= 100.0
            ),
            is_equivalent=equal and min(scores) >= 100.0,
            errors=tuple(sorted(errors)),
            messages=tuple(sorted({one.message for one in first})),
            distances=_over_seeds(measured),
            precision=asked.exercises[exercise].answers.precision,
            diagnoses=named_mistakes(
                [one.finding.message_id for one in found[0]], named, self._assignment
            ),
        )

    def _score(self, found: Sequence[CheckOutcome]) -> float:
        """Points in a hundred; none where a check failed by a fault of ours."""
        if any(one.status == "error" for one in found):
            return 0.0
        most = sum(self._assignment.points(one.check) for one in found)
        return 100.0 * round(sum(one.points for one in found), 2) / round(most, 2)

    def _lost(self, found: Sequence[Sequence[CheckOutcome]]) -> dict[str, float]:
        """Points that each family of checks takes, on the average of the seeds."""
        assert self._assignment.rubric is not None
        lost = dict.fromkeys(self._assignment.rubric.families, 0.0)
        for one in (one for each in found for one in each):
            most = self._assignment.points(one.check)
            lost[one.check.family] += (most - one.points) / len(found)
        return lost

    def _others(self, asked: Evidence, exercise: str) -> dict[str, ExerciseEvidence]:
        """Return the solution's own evidence for the other exercises, the same for all mutants."""
        fresh = {
            id: exercise_evidence
            for id, exercise_evidence in asked.exercises.items()
            if id != exercise and id not in self._solution
        }
        self._solution |= self._comparison.add_reference(replace(asked, exercises=fresh)).exercises
        return {
            id: exercise_evidence
            for id, exercise_evidence in self._solution.items()
            if id != exercise
        }


NAMING = (
    "checks.channel.gates",
    "checks.channel.library",
    "checks.channel.loose",
    "checks.channel.no_gates",
    "checks.extra.doubled",
    "checks.parameter.of_another",
    "checks.parameter.power_of_ten",
    "checks.parameter.sign",
    "checks.start.state",
)
"""The sentences of checks that name a mistake; an assignment's data has further ones."""


def named_mistakes(
    said: Iterable[str], notes: Sequence[Note], assignment: Assignment
) -> tuple[str, ...]:
    """Return the ids that name a mistake, of those ``said`` by checks and in ``notes``."""
    own = {
        mistake.message
        for exercise in assignment.exercises
        for channel in exercise.channels
        for parameter in channel.parameters.values()
        for mistake in parameter.mistakes
    }
    naming = {*NAMING, *own}.intersection(said)
    return tuple(sorted(naming | {note.message_id for note in notes}))


def measure_distances(
    evidence: Evidence, assignment: Assignment, other_scheme: bool, known: ExerciseCaches
) -> dict[Measure, float]:
    """All that is held against a tolerance, of the field the worst of its states.

    Only the field of a model that follows ``other_scheme`` than the reference.
    """
    found: dict[Measure, float] = {}
    for check in assignment.checks:
        exercise_evidence = evidence.exercises.get(check.exercise)
        if (
            exercise_evidence is None
            or exercise_evidence.reference is None
            or not exercise_evidence.answers.traces
        ):
            continue
        item = CheckContext(
            check=check,
            assignment=assignment,
            all_evidence=evidence,
            evidence=exercise_evidence,
            cache=known[check.exercise],
        )
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


def has_same_field(exercise_evidence: ExerciseEvidence, exercise: Exercise) -> bool:
    """Tell whether the model's field is the reference's to round-off, at every drawn state."""
    reference, found = exercise_evidence.reference, exercise_evidence.answers.field
    if reference is None or not found:
        return False
    for name, expected in reference.field.items():
        own, unit = found.get({"V": "V", **reference.gates}.get(name, "")), exercise.scale(name)
        if own is None or not relative_error(own / unit, expected / unit, share=1.0) <= SAME:
            return False
    return True


def traces_are_within_tolerance(
    exercise_evidence: ExerciseEvidence, measured: Mapping[Measure, float], assignment: Assignment
) -> bool:
    """Tell whether every trace of V keeps within the tolerance over the first of its windows."""
    windows = [
        (check.id, min(check.until) if check.until else None)
        for check in assignment.checks
        if check.kind == "trace_rmse" and check.variable == "V"
    ]
    precision = exercise_evidence.answers.precision
    return all(
        measured.get(window, math.inf) <= assignment.tolerance(*window, precision)
        for window in windows
    )
