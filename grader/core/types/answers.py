"""A model in a kernel: what it is made of, what it is asked, what it answered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal, TypeVar

import numpy as np

from grader.core.types.values import Array, Precision

_Value = TypeVar("_Value")
IsAllowed = Callable[[str], bool]
"""True of a name that may be passed on."""

UNKNOWN_NAME = "?"
"""In the place of a name that may not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelProbe:
    """One part of a model, at the attribute or child name that the assignment asks for."""

    name: str
    """The attribute, as the assignment names it."""
    kind: Literal["channel", "blank", "other"]
    """"channel": an ion channel or an ion of BrainPy; "blank": ``...``, None or nothing at all."""
    type_name: str = ""
    """The name of its class."""
    from_notebook: bool = False
    """True if the notebook itself defines that class."""
    lineage: tuple[str, ...] = ()
    """The names of the class's bases, nearest first."""
    master_types: tuple[str, ...] = ()
    """The names in its ``master_type``."""
    parameters: Mapping[str, float | None] = field(default_factory=dict)
    """The parameters that the assignment asks for, as the object holds them (mV, mS/cm2)."""
    measured: Mapping[str, float | None] = field(default_factory=dict)
    """E in mV and g_max in mS/cm2, read off the current with every gate open."""
    states: tuple[str, ...] = ()
    """The names of its state variables."""
    integrated: bool = False
    """True if an integrator of BrainPy advances its states."""
    integrators: tuple[str, ...] = ()
    """The names of the integration methods."""

    def allow_names(self, is_allowed: IsAllowed) -> ChannelProbe:
        """Return the same numbers, and of all names those that are allowed."""
        return ChannelProbe(
            name=_allowed(self.name, is_allowed),
            kind=self.kind,
            type_name=_allowed(self.type_name, is_allowed),
            from_notebook=self.from_notebook,
            lineage=_each_allowed(self.lineage, is_allowed),
            master_types=_each_allowed(self.master_types, is_allowed),
            parameters=_only_allowed(self.parameters, is_allowed),
            measured=_only_allowed(self.measured, is_allowed),
            states=_each_allowed(self.states, is_allowed),
            integrated=self.integrated,
            integrators=tuple(_allowed(name, is_allowed, "") for name in self.integrators),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """An exception that the student's model raised while it was probed."""

    stage: str
    """The question at which it was raised."""
    error_name: str
    """The class of the exception."""
    error_text: str
    """The exception's message, cut."""
    traceback: str = ""
    """The traceback, cut at its beginning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelProbe:
    """The structure of an exercise's model, from a new instance of its class."""

    found: bool
    """True if the kernel had a class for the exercise."""
    class_name: str = ""
    """The name of the class, as it calls itself."""
    lineage: tuple[str, ...] = ()
    """The names of the class's bases, nearest first."""
    channels: tuple[ChannelProbe, ...] = ()
    """A probe of each part that the assignment asks for, and of what else the model holds."""
    integrator: str = ""
    """The name of the model's own integration method, for V."""
    states: tuple[str, ...] = ()
    """The states asked for of the model itself, as far as it has them."""
    parameters: Mapping[str, float | None] = field(default_factory=dict)
    """The parameters asked for of the model itself."""
    population: int = 0
    """The number of its neurons; 0 when it could not be made."""
    faults: tuple[Fault, ...] = ()
    """Exceptions while it was looked at."""

    def channel(self, name: str) -> ChannelProbe | None:
        """Return the channel at ``name``, or None."""
        return next((c for c in self.channels if c.name == name), None)

    def rename(self, names: Mapping[str, str]) -> ModelProbe:
        """Call channels by the new names that ``names`` has for them.

        They take the place of what was there.
        """
        own = [channel for channel in self.channels if channel.name not in names.values()]
        return replace(
            self, channels=tuple(replace(c, name=names.get(c.name, c.name)) for c in own)
        )

    def allow_names(self, is_allowed: IsAllowed) -> ModelProbe:
        """Return the same numbers, of all names those that are allowed, and no faults."""
        return ModelProbe(
            found=self.found,
            class_name=_allowed(self.class_name, is_allowed),
            lineage=_each_allowed(self.lineage, is_allowed),
            channels=tuple(channel.allow_names(is_allowed) for channel in self.channels),
            integrator=_allowed(self.integrator, is_allowed, ""),
            states=_each_allowed(self.states, is_allowed),
            parameters=_only_allowed(self.parameters, is_allowed),
            population=self.population,
        )


def _allowed(name: str, is_allowed: IsAllowed, otherwise: str = UNKNOWN_NAME) -> str:
    return name if is_allowed(name) else otherwise


def _each_allowed(names: Collection[str], is_allowed: IsAllowed) -> tuple[str, ...]:
    return tuple(_allowed(name, is_allowed) for name in names)


def _only_allowed(values: Mapping[str, _Value], is_allowed: IsAllowed) -> dict[str, _Value]:
    return {name: value for name, value in values.items() if is_allowed(name)}


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedState:
    """The rows that a runner recorded under one name."""

    rows: int
    """The number of steps that it has a row of."""
    finite: bool
    """True if all of its values are finite numbers."""
    last: Array
    """The last row, ``(N,)``."""
    state: Array
    """The state that it is named for, once the run had ended, ``(N,)``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """The answers of a model to stimuli and states that were drawn after its cell had run."""

    traces: Mapping[str, Array] = field(default_factory=dict)
    """A ``(T, N)`` trace of "V", in mV, and of every gate ("K.n"), as a fraction."""
    start: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """The least and the greatest value of each state right after ``reset()``."""
    resets: int = 0
    """The number of resets that they were taken over."""
    map_states: Mapping[str, Array] = field(default_factory=dict)
    """Drawn states from where steps were made, ``(M,)`` each."""
    map_steps: tuple[int, ...] = ()
    """The numbers of steps after which the states were read."""
    maps: Mapping[str, Array] = field(default_factory=dict)
    """The states after each of ``map_steps`` steps, ``(S, M)`` each."""
    finer_traces: Mapping[str, Array] = field(default_factory=dict)
    """Traces from V0 with each step divided as `STEP_DIVISIONS` says, ``(D, T, N)`` each."""
    finer_from_step: int = 0
    """The step of the stimuli with which the finer traces begin."""
    records: Mapping[str, RecordedState] = field(default_factory=dict)
    """The runner's records, by the names of its monitors."""
    field_states: Mapping[str, Array] = field(default_factory=dict)
    """Drawn states where the derivatives were read, and "I", the stimulus, ``(K,)`` each."""
    field: Mapping[str, Array] = field(default_factory=dict)
    """The time derivatives there, ``(K,)`` each, in mV/ms or 1/ms."""
    precision: Precision = "float64"
    """The precision in which the model was run."""
    single_neuron: bool = False
    """True if the model works for one neuron alone."""
    faults: tuple[Fault, ...] = ()
    """Exceptions while it was asked."""

    def rename(self, names: Mapping[str, str]) -> Answers:
        """Put the states of channels under the new names that ``names`` has for these."""

        def new_name(state: str) -> str:
            owner, dot, gate = state.rpartition(".")
            return f"{names.get(owner, owner)}{dot}{gate}"

        return self._with_states(
            lambda states: {new_name(name): value for name, value in states.items()}
        )

    def select(self, stimuli: slice, field_states: slice, map_states: slice) -> Answers:
        """Return the answers to some of the stimuli and some of the drawn states."""
        parts = dict.fromkeys(("traces", "finer_traces"), stimuli)
        parts |= dict.fromkeys(("field_states", "field"), field_states)
        parts |= dict.fromkeys(("map_states", "maps"), map_states)
        selected: dict[str, Any] = {
            part: {name: array[..., which] for name, array in getattr(self, part).items()}
            for part, which in parts.items()
        }
        return replace(self, **selected)

    def allow_names(self, is_allowed: IsAllowed) -> Answers:
        """Return the numbers of those states and records whose names are allowed; no faults."""
        answers = self._with_states(lambda states: _only_allowed(states, is_allowed))
        return replace(answers, records=_only_allowed(self.records, is_allowed), faults=())

    def _with_states(self, change: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Answers:
        """Apply ``change`` to every mapping that is keyed by states."""
        parts = ("traces", "start", "map_states", "maps", "finer_traces", "field_states", "field")
        changed: dict[str, Any] = {part: change(getattr(self, part)) for part in parts}
        return replace(self, **changed)


@dataclass(frozen=True, kw_only=True, slots=True)
class StimulusSet:
    """The stimuli of one run, each given to a neuron of its own."""

    names: tuple[str, ...]
    """A name for each stimulus."""
    dt: float
    """The time step in ms."""
    current: Array
    """The injected current, ``(T, N)`` in uA/cm2."""
    V0: Array
    """The membrane potential at the start, ``(N,)`` in mV."""
    public: int
    """The number of stimuli, from the first on, that are the handout's own."""

    @property
    def time(self) -> Array:
        """Time in ms at which the state after each step stands, ``(T,)``."""
        return _after_steps(self.dt, self.current.shape[0])

    def select(self, stimuli: slice) -> StimulusSet:
        """Return some of the stimuli, with the same number of them the handout's own."""
        return replace(
            self,
            names=self.names[stimuli],
            current=self.current[:, stimuli],
            V0=self.V0[stimuli],
        )


@lru_cache(maxsize=64)
def _after_steps(dt: float, number: int) -> Array:
    time = np.asarray(dt * (1 + np.arange(number)))
    time.flags.writeable = False
    return time


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeRequest:
    """The questions to one model. States stand under "V", "I" and the names of gates."""

    stimuli: StimulusSet
    """The stimuli of the run from V0."""
    field_states: Mapping[str, Array]
    """States where the derivatives are read, ``(K,)`` each."""
    map_states: Mapping[str, Array]
    """States from where steps are made, ``(M,)`` each."""
    map_steps: tuple[int, ...]
    """The numbers of steps after which the states are read."""
    finer_steps: int
    """The number of steps that are made in shorter ones as well, from V0."""
    finer_from_step: int = 0
    """The first of those steps."""
