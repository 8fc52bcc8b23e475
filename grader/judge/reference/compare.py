"""Set the reference beside the answers of a student's model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np

from grader.assignment.schema import Assignment, Exercise, Variant
from grader.core.types import (
    Answers,
    Array,
    Evidence,
    ExerciseEvidence,
    NamedMistake,
    ReferenceAnswers,
)
from grader.judge.reference.fit_constants import fit_constants
from grader.judge.reference.input_scale import scaled_input
from grader.judge.reference.load_model import exercise_model, load_model
from grader.judge.reference.match_states import (
    choose_traces,
    choose_variant,
    match_by_residual,
    match_gates,
    reference_states,
)
from grader.judge.reference.mistakes import named_mistakes
from grader.judge.reference.model import ReferenceModel


class Comparison:
    """An assignment's reference, compiled once for each exercise and asked for each submission.

    Raises ``ReferenceModelError`` when the reference can't be loaded or the device
    ("auto", "cpu" or "gpu") isn't there.
    """

    def __init__(
        self,
        assignment: Assignment,
        device: str = "auto",
        model_class: type[ReferenceModel] = ReferenceModel,
    ) -> None:
        if assignment.rubric is None:
            raise ValueError(f"assignment {assignment.id!r} has no rubric here")
        self.assignment = assignment
        whole = load_model(assignment.rubric.reference)
        self._models = {
            exercise.id: model_class(exercise_model(whole, exercise.id), device)
            for exercise in assignment.exercises
        }

    @cached_property
    def device(self) -> str:
        """The kind of device that computes the reference: "cpu" or "gpu"."""
        return next(iter(self._models.values())).platform

    def add_reference(self, evidence: Evidence, *, name_mistakes: bool = True) -> Evidence:
        """Add the reference's answer to the same stimuli and states.

        Likely mistakes are looked for when ``naming``; no check asks for them.
        """
        attempts = {
            id: self._compared(self.assignment.exercise(id), exercise_evidence, name_mistakes)
            for id, exercise_evidence in evidence.exercises.items()
        }
        return replace(evidence, exercises=attempts)

    def _compared(
        self, exercise: Exercise, evidence: ExerciseEvidence, naming: bool
    ) -> ExerciseEvidence:
        answers, stimuli = evidence.answers, evidence.stimuli
        if stimuli is None:
            return evidence
        model = self._models[exercise.id]
        variants = self.assignment.variants
        states, field = answers.field_states, answers.field
        gates = match_gates(exercise, [*field, *answers.traces])
        if field:
            gates = match_by_residual(exercise, model, variants, states, field, gates)
        variant, expected = choose_variant(model, variants, states, field, gates)
        if not field and "V" in answers.traces:
            all_traces = {v.id: model.run(stimuli, v.constants) for v in variants}
            nearest = choose_traces(all_traces, answers.traces["V"], stimuli.time)
            variant = next(v for v in variants if v.id == nearest)
        traces, rounding = model.run_with_rounding(
            stimuli,
            variant.constants,
            single=answers.precision == "float32",
            threshold=exercise.spike_threshold,
        )
        finer_steps = next((a.shape[1] for a in answers.finer_traces.values()), 0)
        shorter = slice(answers.finer_from_step, answers.finer_from_step + finer_steps)
        reference = ReferenceAnswers(
            variant=variant.id,
            traces=traces,
            field=expected,
            maps=self._maps(model, answers, variant, gates),
            finer_traces=model.run_finer(stimuli, shorter, variant.constants)
            if finer_steps
            else {},
            rounding=rounding,
            gates=gates,
            fitted=self._fitted(exercise, evidence, variant, gates),
            mistakes=self._mistakes(exercise, evidence, variant, gates) if naming else (),
        )
        return replace(evidence, reference=reference)

    def _mistakes(
        self,
        exercise: Exercise,
        evidence: ExerciseEvidence,
        variant: Variant,
        gates: Mapping[str, str],
    ) -> tuple[NamedMistake, ...]:
        model = self._models[exercise.id]
        return named_mistakes(model, self.assignment, exercise, evidence, variant, gates)

    def _maps(
        self, model: ReferenceModel, answers: Answers, variant: Variant, gates: Mapping[str, str]
    ) -> dict[str, Array]:
        """Make the reference's steps from the same states, where they depend on no absent gate."""
        if not answers.maps:
            return {}
        rows = [steps - 1 for steps in answers.map_steps]
        states = reference_states(model, answers.map_states, gates)
        dt = self.assignment.simulation.dt
        maps = model.maps(states, max(answers.map_steps), dt, variant.constants)
        return {name: after[rows] for name, after in maps.items() if np.isfinite(after).all()}

    def _fitted(
        self,
        exercise: Exercise,
        evidence: ExerciseEvidence,
        variant: Variant,
        gates: Mapping[str, str],
    ) -> dict[str, float]:
        """Fit the parameters that the answers obey, also beside further channels."""
        model, answers = self._models[exercise.id], evidence.answers
        names = {channel.name for channel in exercise.channels}
        further = any(c.integrated and c.name not in names for c in evidence.probe.channels)
        if "V" not in answers.field:
            return {}
        tolerance = self.assignment.tolerance(exercise.id, None, answers.precision)
        states = reference_states(model, answers.field_states, gates)
        rates = answers.field["V"]
        if scaled_input(
            model, exercise, evidence.probe, variant, states, rates, tolerance
        ):  # the parameters are as the kernel says
            return {}
        parameters = {f"{c.name}.{p}" for c in exercise.channels for p in c.parameters}
        fitted: dict[str, float] = {}
        for among in (None, parameters):  # those that all constants together hide from one another
            if not parameters <= fitted.keys():
                fitted = (
                    fit_constants(
                        model,
                        variant.constants,
                        states,
                        rates,
                        tolerance,
                        further=further,
                        among=among,
                    )
                    | fitted
                )
        return {name: value for name, value in fitted.items() if name in parameters}
