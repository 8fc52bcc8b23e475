"""The evidence: all that a check may look at, the reference's answers with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from grader.core.types.answers import Answers, ModelProbe, StimulusSet
from grader.core.types.notebook import ExecutedNotebook, GradedCell, Submission
from grader.core.types.values import Array


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedMistake:
    """The one likely mistake that explains a wrong derivative."""

    name: str
    """The mistake, as the reference calls it."""
    state: str
    """The state whose derivative it is: "V" or a gate, "K.n"."""
    right: Array
    """The right model's derivative at the drawn states, ``(K,)`` in mV/ms or 1/ms."""
    mistaken: Array
    """The derivative of the model with the mistake, ``(K,)``."""
    input: float | None = None
    """The factor of the injected current, where that is the mistake."""

    @property
    def message(self) -> str:
        """The name of its sentence: names that differ after a colon share one."""
        return self.name.partition(":")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundingError:
    """The distance from its traces that the reference goes where single precision rounds in it.

    As it may in a right model: in single precision every step, from V0 and from what lies next
    to it; in double precision the constants, together and each alone.
    """

    distance: Mapping[str, Array]
    """The root mean square difference up to each step, ``(T, N)``, of the farthest run."""
    spikes: tuple[tuple[Array, ...], ...]
    """The times in ms at which each run fires, for each stimulus."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceAnswers:
    """The reference's answers to the same stimuli and the same drawn states.

    ``traces``, ``maps``, ``finer_traces`` and ``field`` have the shapes of those in `Answers`.
    """

    variant: str
    """The accepted model that it is, by name."""
    traces: Mapping[str, Array]
    """``(T, N)`` each, as in `Answers`."""
    maps: Mapping[str, Array] = field(default_factory=dict)
    """``(S, M)`` each, as in `Answers`."""
    finer_traces: Mapping[str, Array] = field(default_factory=dict)
    """``(D, T, N)`` each, as in `Answers`."""
    rounding: RoundingError | None = None
    """The distance that single precision leads it astray."""
    field: Mapping[str, Array]
    """``(K,)`` each, as in `Answers`."""
    gates: Mapping[str, str]
    """The student's state that plays each gate of the assignment ("K.n")."""
    fitted: Mapping[str, float]
    """The value of a parameter ("K.E") that the student's answers obey, where they tell one."""
    mistakes: tuple[NamedMistake, ...] = ()
    """For each wrong derivative, the likely mistake that alone gives what was answered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExerciseEvidence:
    """One exercise of one submission: the cell taken, the model, its answers."""

    cell: GradedCell
    """The graded cell."""
    probe: ModelProbe
    """The model's parts."""
    answers: Answers
    """The model's answers; empty where it could not be asked."""
    stimuli: StimulusSet | None = None
    """The stimuli that the answers belong to."""
    reference: ReferenceAnswers | None = None
    """The reference's answers; None until they are added, or where there is nothing to compare."""
    renamed_from: Mapping[str, str] = field(default_factory=dict)
    """The student's name of each channel that hangs under another name than the one asked for."""
    reprobed_from_source: Literal["", "changed", "ended"] = ""
    """The reason why the model was asked where nothing but the notebook's definitions had run.

    "changed": the notebook changed the model; "ended": the run ended before it was asked.
    """
    reprobed_with: tuple[str, ...] = ()
    """Parts for which the teacher's stood in when the model was asked once more."""
    judged_with: tuple[str, ...] = ()
    """The parts, of those, with which the model is judged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """The sole input of a check."""

    submission: Submission
    """The notebook as read."""
    executed: ExecutedNotebook
    """The notebook as it ran."""
    exercises: Mapping[str, ExerciseEvidence]
    """The evidence of each exercise, by its id."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """The versions of the packages that ran it."""
    seed: int = 0
    """The seed of all that was drawn."""
    sandbox: str = "none"
    """The name of the sandbox that it ran in."""
    repeated: bool = False
    """True if this run is the second, alone, of one that was cut off."""
    harness_error: str = ""
    """Our own fault, in words for the teacher."""

    @property
    def had_failure(self) -> bool:
        """True if something failed: a cell, the kernel, a question. Wrong answers don't count."""
        failed = self.executed.status not in ("ok", "unreadable")
        return failed or any(
            exercise_evidence.probe.faults or exercise_evidence.answers.faults
            for exercise_evidence in self.exercises.values()
        )
