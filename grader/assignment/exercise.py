"""One exercise of an assignment as data; see ``grader.assignment.schema``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, lt=1)]


class FrozenModel(BaseModel):
    """Read-only data; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(FrozenModel):
    """A text in both languages."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """Return the words in ``language``, "en" or "zh"."""
        return self.zh if language == "zh" else self.en


class Mistake(FrozenModel):
    """A wrong value with a known cause; ``message`` is the id of a sentence about it."""

    value: float
    message: str


class Parameter(FrozenModel):
    """A parameter of a channel: what the handout asks for."""

    value: float
    unit: str = ""
    tolerance: Positive = 1e-6  # relative
    mistakes: tuple[Mistake, ...] = ()


class Gate(FrozenModel):
    """A state beside V with an equation, as a gate between 0 and 1; other names it goes by.

    Where the vector field is sampled, it is drawn from ``range``; its derivative, per ms, is
    compared in units of ``scale``.
    """

    aliases: tuple[str, ...] = ()
    range: tuple[float, float] = (0.02, 0.98)
    scale: Positive = 1.0


class Channel(FrozenModel):
    """An ion, or an ion channel, that the exercise asks for at the attribute ``name``.

    A channel that hangs on an ion has the ion's name and a dot before its own. ``type`` is the
    class of BrainPy's that is asked for; without one it is the notebook's own. Each of
    ``master_types`` is right, a joint one written with plus signs: "A + B". ``given`` are
    states that follow from others, and the ranges in which they are drawn all the same.
    """

    name: str
    type: str = ""
    master_types: tuple[str, ...] = ()
    parameters: dict[str, Parameter] = {}
    gates: dict[str, Gate] = {}
    given: dict[str, tuple[float, float]] = {}

    @property
    def ion(self) -> str:
        """The name of the ion that it hangs on; "" for the cell itself."""
        return self.name.rpartition(".")[0]


class Exercise(FrozenModel):
    """One exercise: a class that the student completes by filling its blanks, or a run.

    ``kind``: the class is that of a "neuron"; of a "channel", which is put alone into a neuron
    of BrainPy's class ``host``; or a "type", which is looked at and never made. A "run" is no
    class but a cell that gives ``variable`` a runner. It monitors under each name of
    ``monitors`` that state of its model, wherever the model goes. A blank is a name that the
    class gives a value to, or a method: without ``blanks`` they are the channels. ``states``
    are the model's own, which no channel holds; ``records`` are those of its own that say when
    it fires: nobody draws them, and they have no equation. ``needs`` are exercises that this
    one is made of: where one of them is wrong, the teacher's stands in for it.
    """

    id: str
    tag: str  # of its cell in the released notebook
    title: Text | None = None  # beside its checks, where there are several exercises
    kind: Literal["neuron", "channel", "type", "run"] = "neuron"
    class_name: str = ""
    base: str = ""
    host: str = ""
    variable: str = ""
    monitors: dict[str, str] = {}
    needs: tuple[str, ...] = ()
    related_bases: tuple[str, ...] = ()  # not what was asked, but close to it
    blanks: tuple[str, ...] = ()
    states: dict[str, Gate] = {}
    records: tuple[str, ...] = ()
    parameters: dict[str, Parameter] = {}  # of the model itself
    channels: tuple[Channel, ...] = ()
    start: dict[str, tuple[float, float]] = {}  # least and greatest of each state after reset()
    spike_threshold: float = 0.0  # mV; a spike is an upward crossing
    public_traces: str = ""  # file with the accepted models' traces for the public stimuli

    def channel(self, name: str) -> Channel:
        """Return the channel asked for at ``name``; ``KeyError`` when there is none."""
        for channel in self.channels:
            if channel.name == name:
                return channel
        raise KeyError(name)

    def is_ion(self, name: str) -> bool:
        """Return True if channels hang on what the exercise asks for at ``name``."""
        return any(channel.ion == name for channel in self.channels if channel.ion)

    @property
    def gates(self) -> dict[str, Gate]:
        """Every state with an equation but V: ``"n"`` of the model, ``"K.n"`` of a channel."""
        of_channels = {f"{c.name}.{g}": gate for c in self.channels for g, gate in c.gates.items()}
        return self.states | of_channels

    def short_name(self, state: str) -> str:
        """Return a state's name without its channel's, where no other has the same."""
        own = state.rpartition(".")[2]
        alike = [gate for gate in self.gates if gate.rpartition(".")[2] == own]
        return own if len(alike) < 2 else state

    @property
    def blank_names(self) -> tuple[str, ...]:
        """The names of its blanks: a channel that hangs on an ion belongs to the ion's."""
        channels = tuple(c.name for c in self.channels if "." not in c.name)
        return self.blanks or channels or ((self.variable,) if self.variable else ())

    @property
    def answers(self) -> bool:
        """True if its model answers stimuli."""
        return self.kind in ("neuron", "channel")

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """The range of each state but V, also of those that are ``given``, under its full name."""
        given = {f"{c.name}.{g}": ends for c in self.channels for g, ends in c.given.items()}
        return {name: gate.range for name, gate in self.gates.items()} | given

    def scale(self, variable: str) -> float:
        """Return the unit of a compared derivative: mV/ms for V, 1/ms times this for others."""
        return self.gates[variable].scale if variable in self.gates else 1.0

    def parameters_of(self, channel: str) -> dict[str, Parameter]:
        """Return the parameters of a channel, or of the model for ""; ``KeyError`` as `channel`."""
        return self.channel(channel).parameters if channel else self.parameters
