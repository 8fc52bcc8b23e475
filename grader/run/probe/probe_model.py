"""Probe a model in its kernel: its structure, then its answers to stimuli drawn now."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from grader.assignment.schema import Assignment, Exercise
from grader.assignment.stimuli import RequestDrawer, draw_request, population_size
from grader.core.types import (
    Answers,
    ExerciseEvidence,
    Fault,
    GradedCell,
    ModelProbe,
    ProbeRequest,
    StimulusSet,
)
from grader.run.kernel.session import KernelExit, Session
from grader.run.probe import replies, requests
from grader.run.probe.rename_channels import rename_channels

SNAPSHOT_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeSettings:
    """Settings of the requests to each model: ``seeds`` determine the stimuli, side by side.

    They are drawn by ``drawing``: `draw_request`, or what remembers its requests.
    """

    assignment: Assignment
    seeds: tuple[int, ...]
    hidden: bool  # whether hidden stimuli are used as well
    seconds: float  # for all questions to one model
    drawing: RequestDrawer = draw_request


async def snapshot_class(session: Session, found: GradedCell) -> None:
    """Remember, right before the graded cell, a class that has the name already.

    Raises ``KernelExit``.
    """
    request = {"exercise": found.exercise, "class_name": found.class_name}
    await session.ask(requests.expression("snapshot_class", request), SNAPSHOT_SECONDS)


async def probe_model(
    session: Session, questions: ProbeSettings, exercise: Exercise, cell: GradedCell
) -> ExerciseEvidence:
    """Request the structure, then the answers to stimuli that are drawn only now.

    Of a run ask what was recorded.

    A kernel that ends while it is asked is remembered by the session; what it said
    before counts. Raises ``BadReply`` when it says what no probe says.
    """
    deadline = time.monotonic() + questions.seconds
    own = replace(questions, assignment=questions.assignment.for_exercise(exercise))
    asked = _Prober(session, own, exercise, cell, deadline)
    evidence = ExerciseEvidence(cell=cell, probe=ModelProbe(found=False), answers=Answers())
    try:
        if exercise.kind == "run":
            probe, answers = await asked.records()
            return replace(evidence, probe=probe, answers=answers)
        evidence = replace(evidence, probe=await asked.describe())
        if evidence.probe.population and exercise.answers:
            stimuli, answers = await asked.answers(evidence.probe)
            evidence = replace(evidence, stimuli=stimuli, answers=answers)
    except KernelExit:
        pass
    return rename_channels(exercise, evidence)


def empty_evidence(cell: GradedCell, why: str = "") -> ExerciseEvidence:
    """Return evidence without a model: nothing was requested, or no sensible reply came."""
    faults = (Fault(stage="reply", error_name="BadReply", error_text=why),) if why else ()
    return ExerciseEvidence(
        cell=cell, probe=ModelProbe(found=bool(why), faults=faults), answers=Answers()
    )


@dataclass(frozen=True, slots=True)
class _Prober:
    session: Session
    questions: ProbeSettings
    exercise: Exercise
    cell: GradedCell
    deadline: float

    def request(self) -> dict[str, object]:
        """Return the request for the structure, which later requests repeat."""
        questions = self.questions
        assignment = questions.assignment
        size = population_size(assignment, questions.hidden, len(questions.seeds))
        return requests.description_request(assignment, self.exercise, self.cell, size)

    async def describe(self) -> ModelProbe:
        return replies.read_description(await self._ask("describe", self.request()))

    async def records(self) -> tuple[ModelProbe, Answers]:
        """Return the runner, if it is there, and what it recorded."""
        exercise = self.exercise
        request: dict[str, object] = {"variable": exercise.variable, "monitors": exercise.monitors}
        return replies.read_records(await self._ask("read_records", request))

    async def answers(self, probe: ModelProbe) -> tuple[StimulusSet, Answers]:
        """Return the stimuli that were used, and the model's answers."""
        names = [name for name in probe.states if name in self.exercise.states]
        names += [f"{c.name}.{s}" for c in probe.channels for s in c.states]
        questions = self.questions
        drawn = questions.drawing(
            questions.assignment, tuple(names), questions.seeds, questions.hidden
        )
        answers = await self._answer(drawn)
        moved = _away_from_singular(drawn.stimuli, answers)
        if questions.hidden and moved is not None:
            drawn = replace(drawn, stimuli=moved)
            answers = await self._answer(drawn)
        return drawn.stimuli, answers

    async def _answer(self, drawn: ProbeRequest) -> Answers:
        request = requests.simulation_request(self.request(), drawn)
        return replies.read_simulation(await self._ask("simulate", request), drawn)

    async def _ask(self, function: str, request: dict[str, object]) -> str:
        left = self.deadline - time.monotonic()
        asked = requests.expression(function, request)
        return replies.reply_text(await self.session.ask(asked, left))


def _away_from_singular(stimuli: StimulusSet, answers: Answers) -> StimulusSet | None:
    """Return the stimuli with V0 moved where single precision gave NaN, or None.

    In float32 a right model meets a V at which a rate is 0/0 once in some ten thousand
    runs; that must not cost anything. In float64 it does not happen.
    """
    if answers.precision != "float32" or not answers.traces:
        return None
    lost = ~np.all([np.isfinite(t).all(axis=0) for t in answers.traces.values()], axis=0)
    return (
        replace(stimuli, V0=np.where(lost, stimuli.V0 + 0.37, stimuli.V0)) if lost.any() else None
    )
