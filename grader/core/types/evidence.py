"""All that a check may look at, the reference's answers with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from grader.core.types.answers import Answers, ModelProbe, Panel
from grader.core.types.notebook import ExecutedNotebook, GradedCell, Submission
from grader.core.types.values import Array


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedMistake:
    """The one likely mistake that explains the derivative of ``state``, "V" or a gate "K.n".

    ``asked`` is that derivative of the right model and ``given`` that of the model with the
    mistake, ``(K,)`` each at the drawn states, in mV/ms or 1/ms. ``input`` is set where the
    mistake is no likely one of the reference's, but an injected current so many times as strong.
    """

    name: str
    state: str
    asked: Array
    given: Array
    input: float | None = None

    @property
    def message(self) -> str:
        """The name of its sentence: names that differ after a colon share one."""
        return self.name.partition(":")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rounding:
    """How far from its traces the reference goes where single precision rounds in it.

    As it may in a right model: in single precision every step, from V0 and from what lies next
    to it; in double precision the constants, together and each alone. ``apart`` is the root mean
    square difference up to each step, ``(T, N)``, of the run that goes farthest; ``spikes`` are
    the times in ms at which each run fires, for each stimulus.
    """

    apart: Mapping[str, Array]
    spikes: tuple[tuple[Array, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """The reference's answer to the same panel and the same drawn states.

    ``variant`` names which of the accepted models it is; ``gates`` maps a gate
    of the assignment ("K.n") to the student's state that plays it. ``fitted`` maps a
    parameter ("K.E") to the value that the student's answers obey, where they tell one.
    ``rounding`` says how far single precision leads it astray.
    ``mistakes`` has, for each derivative that is wrong, the likely mistake that alone gives
    what was answered.
    """

    variant: str
    traces: Mapping[str, Array]
    maps: Mapping[str, Array] = field(default_factory=dict)
    finer: Mapping[str, Array] = field(default_factory=dict)
    rounding: Rounding | None = None
    field: Mapping[str, Array]
    gates: Mapping[str, str]
    fitted: Mapping[str, float]
    mistakes: tuple[NamedMistake, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One exercise of one submission: the cell taken, the model, its answers.

    ``by_source`` is set where the model was asked with nothing of the notebook run but its
    definitions: "changed" because the notebook changed the model, "ended" because the run
    ended before the model was asked.
    """

    cell: GradedCell
    probe: ModelProbe
    answers: Answers
    panel: Panel | None = None
    reference: Reference | None = None
    hung: Mapping[str, str] = field(default_factory=dict)  # channels: where they do, see `blanks`
    by_source: Literal["", "changed", "ended"] = ""
    asked_with: tuple[str, ...] = ()  # parts that the teacher's were there for, asked once more
    stood_in: tuple[str, ...] = ()  # the same, where it is what they gave that is judged


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """The sole input of a check."""

    submission: Submission
    executed: ExecutedNotebook
    attempts: Mapping[str, Attempt]
    versions: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    sandbox: str = "none"
    repeated: bool = False  # this run is the second, alone, of one that was cut
    broken: str = ""  # our own fault, in words for the teacher; "" when none

    @property
    def stumbled(self) -> bool:
        """Whether something failed: a cell, the kernel, a question. Wrong answers don't count."""
        failed = self.executed.status not in ("ok", "unreadable")
        return failed or any(
            attempt.probe.faults or attempt.answers.faults for attempt in self.attempts.values()
        )
