"""Stimuli and states drawn for one submission, from one seed.

A seed belongs to a submission (`seed_for`): the same one always gets the same
stimuli, and nobody without the secret can know them. Every stimulus and every
state draws from a generator of its own, keyed by the seed and its name, so that
adding, removing or reordering the others changes nothing for it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from grader.assignment.schema import Assignment, FieldDraw, Gate, Stimulus
from grader.core.types import Array, ProbeRequest, StimulusSet

CLEAR_OF_START = 1e-3
"""mV that a V0 keeps from each of `Simulation.avoid_V`."""

CLEAR_OF_FIELD = 0.05
"""mV that a state of the vector field keeps from each of `Simulation.avoid_V`."""


def seed_for(secret: bytes, submission_sha256: str, assignment_digest: str) -> int:
    """Return the seed of a submission: 63 bits of an HMAC-SHA256 keyed by ``secret``.

    Raises ``ValueError`` for an empty secret, under which anybody could compute it.
    """
    if not secret:
        raise ValueError("the secret of the seeds is empty")
    message = f"{submission_sha256}\0{assignment_digest}".encode()
    return int.from_bytes(hmac.digest(secret, message, "sha256")[:8], "big") >> 1


def draw_stimuli(assignment: Assignment, seed: int, hidden: bool) -> StimulusSet:
    """Return the stimuli of one run: the public ones and, with ``hidden``, the rubric's too.

    Public stimuli come first and are the same for every seed, noise included.
    Hidden ones are scaled as a whole by up to ``jitter`` and start up to
    ``V0_jitter`` off. The current of a step is its value at the step's start.

    Raises ``ValueError`` for a negative seed, for ``hidden`` without a rubric and
    for an assignment with no stimulus at all.
    """
    further: tuple[Stimulus, ...] = ()
    if hidden:
        if assignment.rubric is None:
            raise ValueError(f"assignment {assignment.id!r} has no rubric here, so none is hidden")
        further = assignment.rubric.stimuli
    stimuli = assignment.stimuli + further
    if not stimuli:
        raise ValueError(f"assignment {assignment.id!r} has no stimuli")
    dt = assignment.simulation.dt
    steps = round(assignment.simulation.duration / dt)
    currents: list[Array] = []
    starts: list[float] = []
    for position, stimulus in enumerate(stimuli):
        public = position < len(assignment.stimuli)
        generator = _generator("stimulus", stimulus.name, 0 if public else seed)
        scale, shift = generator.uniform(-1.0, 1.0, size=2) * (0.0 if public else 1.0)
        wave = _within(stimulus, _wave(stimulus, steps, dt, generator), dt)
        currents.append((1.0 + scale * stimulus.jitter) * wave)
        starts.append(stimulus.V0 + shift * stimulus.V0_jitter)
    return StimulusSet(
        names=tuple(stimulus.name for stimulus in stimuli),
        dt=dt,
        current=np.stack(currents, axis=1),
        V0=_clear_of(assignment.simulation.avoid_V, np.array(starts), CLEAR_OF_START),
        public=len(assignment.stimuli),
    )


POPULATION = 64
"""Neurons that a model is made of, if no more stimuli are asked; more cost time each step."""


def population_size(assignment: Assignment, hidden: bool, seeds: int = 1) -> int:
    """Return the number of a model's neurons: one for each stimulus, and enough for the field."""
    further = len(assignment.rubric.stimuli) if assignment.rubric and hidden else 0
    return max((len(assignment.stimuli) + further) * seeds, POPULATION)


def join_stimuli(panels: Sequence[StimulusSet]) -> StimulusSet:
    """Return one set with the stimuli of several, in their order; ``public`` is the first's."""
    first = panels[0]
    return StimulusSet(
        names=tuple(name for stimuli in panels for name in stimuli.names),
        dt=first.dt,
        current=np.concatenate([stimuli.current for stimuli in panels], axis=1),
        V0=np.concatenate([stimuli.V0 for stimuli in panels]),
        public=first.public,
    )


RequestDrawer = Callable[[Assignment, tuple[str, ...], tuple[int, ...], bool], ProbeRequest]
"""The type of `draw_request`, and of what remembers its requests."""


def draw_request(
    assignment: Assignment, states: Sequence[str], seeds: Sequence[int], hidden: bool
) -> ProbeRequest:
    """All that a model with such ``states`` is asked, with several seeds side by side.

    Raises ``ValueError`` as `draw_stimuli` does.
    """
    further = assignment.checks if hidden else assignment.public_checks
    at = {
        purpose: [draw_states(assignment, states, seed, purpose) for seed in seeds]
        for purpose in ("field", "map")
    }
    joined = {
        purpose: {name: np.concatenate([one[name] for one in drawn]) for name in drawn[0]}
        for purpose, drawn in at.items()
    }
    return ProbeRequest(
        stimuli=join_stimuli([draw_stimuli(assignment, seed, hidden) for seed in seeds]),
        field_states=joined["field"],
        map_states=joined["map"],
        map_steps=tuple(sorted({c.steps for c in further if c.kind == "map"})),
        finer_steps=finer_steps(assignment),
        finer_from_step=_finer_from(assignment, seeds[0]) if hidden else 0,
    )


def finer_steps(assignment: Assignment) -> int:
    """Return the number of steps of a run that are made once more of shorter ones."""
    return round(assignment.simulation.finer_ms / assignment.simulation.dt)


def _finer_from(assignment: Assignment, seed: int) -> int:
    """Return a step of the later half of a run, so that what begins late in it can't hide there."""
    steps = round(assignment.simulation.duration / assignment.simulation.dt)
    last = max(0, steps - finer_steps(assignment))
    return int(_generator("finer", "from", seed).integers(min(steps // 2, last), last + 1))


def draw_states(
    assignment: Assignment,
    states: Sequence[str],
    seed: int,
    purpose: Literal["field", "map"] = "field",
) -> dict[str, Array]:
    """Draw the states at which the vector field is sampled, or steps begin, ``(K,)`` each.

    "V" is in mV, "I" in uA/cm2. They are uniform in the rubric's ranges (the defaults of
    `FieldDraw` without a rubric), the states in those of the exercises' gates. All values
    are exact in float32, so that a model in single precision is asked about the same states.

    Raises ``ValueError`` for a negative seed.
    """
    draw = assignment.rubric.field if assignment.rubric else FieldDraw()
    count = draw.count if purpose == "field" else draw.map_count
    ranges = {name: Gate().range for name in states}
    for exercise in assignment.exercises:
        ranges |= {name: ends for name, ends in exercise.ranges.items() if name in ranges}
    ranges |= {"V": draw.V, "I": draw.current}
    drawn = {
        name: _generator(purpose, name, seed).uniform(low, high, count)
        for name, (low, high) in ranges.items()
    }
    drawn["V"] = _clear_of(assignment.simulation.avoid_V, drawn["V"], CLEAR_OF_FIELD)
    return {name: values.astype(np.float32).astype(np.float64) for name, values in drawn.items()}


def _generator(purpose: str, name: str, seed: int) -> np.random.Generator:
    key = hashlib.sha256(f"{purpose}\0{name}".encode()).digest()
    return np.random.default_rng(np.random.SeedSequence([seed, *key]))


def _wave(stimulus: Stimulus, steps: int, dt: float, generator: np.random.Generator) -> Array:
    """One stimulus before jitter, ``(steps,)`` in uA/cm2."""
    match stimulus.kind:
        case "step":
            return np.full(steps, stimulus.amplitude)
        case "ramp":
            return np.linspace(stimulus.amplitude, stimulus.end, steps)
        case "sine":
            time = dt * np.arange(steps)
            cycles = stimulus.frequency * time / 1000.0
            return np.asarray(stimulus.amplitude + stimulus.sd * np.sin(2 * np.pi * cycles))
        case "pulses":
            return _pulses(stimulus, steps, dt)
        case "noise":
            return _ornstein_uhlenbeck(stimulus, steps, dt, generator)


def _within(stimulus: Stimulus, wave: Array, dt: float) -> Array:
    """``wave`` with nothing before the stimulus starts and after it stops."""
    step = np.arange(len(wave))
    ends = np.inf if stimulus.stop is None else round(stimulus.stop / dt)
    return np.where((step >= round(stimulus.start / dt)) & (step < ends), wave, 0.0)


def _pulses(stimulus: Stimulus, steps: int, dt: float) -> Array:
    """``count`` pulses over nothing, the first a quarter of their period after the start."""
    wave = np.zeros(steps)
    width = max(1, round(stimulus.width / dt))
    for pulse in range(stimulus.count):
        first = round((pulse + 0.25) * steps / stimulus.count)
        wave[first : first + width] = stimulus.amplitude
    return wave


def _ornstein_uhlenbeck(
    stimulus: Stimulus, steps: int, dt: float, generator: np.random.Generator
) -> Array:
    """Return the stationary process sampled every ``dt``, by its exact transition.

    See Gillespie 1996, Phys. Rev. E 54:2084: x(t + dt) given x(t) is normal around
    mean + (x - mean) exp(-dt / tau) with variance sd^2 (1 - exp(-2 dt / tau)).
    """
    decay = np.exp(-dt / stimulus.tau)
    spread = np.sqrt(-np.expm1(-2 * dt / stimulus.tau))
    kicks = generator.standard_normal(steps)
    deviation = np.empty(steps)
    value = kicks[0]
    for step in range(steps):
        if step:
            value = decay * value + spread * kicks[step]
        deviation[step] = value
    return np.asarray(stimulus.amplitude + stimulus.sd * deviation)


def _clear_of(avoided: Sequence[float], V: Array, distance: float) -> Array:
    """``V`` with every value nearer than ``distance`` to an avoided one moved away."""
    for singular in avoided:
        offset = V - singular
        # A tenth more than asked for keeps the distance through rounding.
        moved = singular + np.copysign(1.1 * distance + np.abs(offset), offset)
        V = np.where(np.abs(offset) < 1.1 * distance, moved, V)
    return V
