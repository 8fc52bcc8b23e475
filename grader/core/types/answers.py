"""A model in a kernel: what it is made of, what it is asked, what it answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import numpy as np

from grader.core.types.values import Array, Precision


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelProbe:
    """What hangs at one attribute or child name of a model.

    ``kind`` is "channel" for an ion channel or an ion of BrainPy, "blank" for ``...``,
    ``None`` or nothing at all, "other" for the rest. ``measured`` holds E and
    g_max read off the current with every gate open.
    """

    name: str
    kind: Literal["channel", "blank", "other"]
    type_name: str = ""
    from_notebook: bool = False
    lineage: tuple[str, ...] = ()
    master_types: tuple[str, ...] = ()
    parameters: Mapping[str, float | None] = field(default_factory=dict)
    measured: Mapping[str, float | None] = field(default_factory=dict)
    states: tuple[str, ...] = ()
    integrated: bool = False
    integrators: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """An exception that the student's model raised while it was probed."""

    stage: str
    error_name: str
    error_text: str
    traceback: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelProbe:
    """The structure of an exercise's model, from a new instance of its class."""

    found: bool
    class_name: str = ""
    lineage: tuple[str, ...] = ()  # names of the bases, nearest first
    channels: tuple[ChannelProbe, ...] = ()
    integrator: str = ""
    states: tuple[str, ...] = ()  # those asked for of the model itself, as far as it has them
    parameters: Mapping[str, float | None] = field(default_factory=dict)  # of the model itself
    population: int = 0  # how many neurons it was made of; 0 when it could not be made
    faults: tuple[Fault, ...] = ()

    def channel(self, name: str) -> ChannelProbe | None:
        """The channel at ``name``, or None."""
        return next((c for c in self.channels if c.name == name), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What a runner recorded under one name: how many rows, whether all of them are numbers.

    ``last`` is its last row, ``(N,)``, and ``state`` what the state that it is named for was
    once the run had ended, ``(N,)``.
    """

    rows: int
    finite: bool
    last: Array
    state: Array


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What a model answered to stimuli drawn after its cell had run.

    ``traces`` maps "V" and every state ("K.n") to a ``(T, N)`` trace, in mV or
    as a fraction. ``field_states`` and ``field`` map the same names (and "I",
    the stimulus) to ``(K,)`` arrays: drawn states and their time derivatives
    per ms. ``map_states`` are further drawn states, ``(M,)``, and ``maps`` the states
    after each of ``map_steps`` steps from them, ``(S, M)``. ``finer`` are runs from V0
    under the stimuli from step ``finer_from`` on, ``(D, T, N)``: every step made of so many
    shorter ones, as `FINER` says.
    ``start`` gives the least and the greatest
    value of each state right after ``reset()``, over ``resets`` draws of it.
    """

    traces: Mapping[str, Array] = field(default_factory=dict)
    start: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    resets: int = 0
    map_states: Mapping[str, Array] = field(default_factory=dict)
    map_steps: tuple[int, ...] = ()
    maps: Mapping[str, Array] = field(default_factory=dict)
    finer: Mapping[str, Array] = field(default_factory=dict)
    finer_from: int = 0
    records: Mapping[str, Record] = field(default_factory=dict)  # of a run, by their names
    field_states: Mapping[str, Array] = field(default_factory=dict)
    field: Mapping[str, Array] = field(default_factory=dict)
    precision: Precision = "float64"
    one_by_one: bool = False  # it works for one neuron only
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """Stimuli of one run: ``current`` is ``(T, N)`` in uA/cm2, ``V0`` is ``(N,)`` in mV."""

    names: tuple[str, ...]
    dt: float
    current: Array
    V0: Array
    public: int  # the first ``public`` stimuli are the handout's own

    @property
    def time(self) -> Array:
        """Time in ms at which the state after each step stands, ``(T,)``."""
        return _after_steps(self.dt, self.current.shape[0])


@lru_cache(maxsize=64)
def _after_steps(dt: float, number: int) -> Array:
    time = np.asarray(dt * (1 + np.arange(number)))
    time.flags.writeable = False
    return time


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """All that one model is asked. States are ``(K,)``, under "V", "I" and the states' names."""

    panel: Panel
    field_states: Mapping[str, Array]  # where the vector field is sampled
    map_states: Mapping[str, Array]  # from where steps are made
    map_steps: tuple[int, ...]  # after how many of them the states are asked for
    finer_steps: int  # how many of the panel's are made in shorter ones, from V0 as well,
    finer_from: int = 0  # and the first of them
