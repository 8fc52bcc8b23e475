"""The teacher's reference model, run in float64 by the scheme that BrainPy runs.

A reference is a Python module in plain JAX, named by the rubric, with

    STATES: tuple[str, ...]          "V" first, then a name for every other state
    CONSTANTS: dict[str, float]      what a variant may change; "K.E" is the parameter E
                                     of the channel that an exercise calls K
    initial(V0)                      the state before the first step
    derivative(state, current, constants)   its time derivative, per ms
    GIVEN: tuple[str, ...]           what the library holds beside the states and `derivative`
                                     takes where a drawn state has it; optional
    AFTER: dict[str, tuple[str, ...]]   for a state those whose step it sees done already when it
                                     makes its own; optional
    MISTAKES: dict[str, derivative]  likely mistakes, by the name of their message; optional.
                                     What follows a colon in a name is no part of the message's
    PARTS: dict[str, Any]            for an exercise's id what has all of these for that exercise,
                                     where it has a model of its own; optional

all elementwise over arrays of any shape. JAX's global precision is left alone.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import itertools
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from grader.core.types import STEP_DIVISIONS, Array, RoundingError, StimulusSet
from grader.judge.metrics import all_spike_times

NEIGHBOURS = (-2, -1, 1, 2)
"""Of V0 in single precision, by how many numbers of it they lie above."""

DeviceName = Literal["auto", "cpu", "gpu"]
State = dict[str, jax.Array]
Inputs = dict[str, Array]

_loaded = itertools.count()


class ReferenceModelError(Exception):
    """The reference can't be loaded or run; the message says what to mend."""


class Model(Protocol):
    """What a reference module has at its top level."""

    STATES: tuple[str, ...]
    CONSTANTS: dict[str, float]

    def initial(self, V0: jax.Array) -> State:
        """The state before the first step, given V in mV."""
        ...

    def derivative(
        self, state: State, current: jax.Array, constants: Mapping[str, jax.Array]
    ) -> State:
        """The time derivative of every state, per ms."""
        ...


def load_model(path: Path) -> Model:
    """Import a reference module from its file, under a name that no other one has.

    Raises ``ReferenceModelError`` when there is no such file, when it fails on
    import, or when a part of a reference is missing from it.
    """
    if not path.is_file():
        raise ReferenceModelError(f"{path}: there is no such file")
    name = f"_reference_{next(_loaded)}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ReferenceModelError(f"{path}: not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ReferenceModelError(f"{path}: {type(error).__name__}: {error}") from error
    needed = ("STATES", "CONSTANTS", "initial", "derivative")
    for part, model in {"": module, **getattr(module, "PARTS", {})}.items():
        if missing := [name for name in needed if not hasattr(model, name)]:
            of = f" from part {part!r}" if part else ""
            raise ReferenceModelError(f"{path}: {', '.join(missing)} is missing{of}")
    return cast(Model, module)


def exercise_model(model: Model, exercise: str) -> Model:
    """What a reference has for an exercise: the part of its id, else the whole."""
    return cast(Model, getattr(model, "PARTS", {}).get(exercise, model))


@dataclass(frozen=True)
class ReferenceModel:
    """A reference compiled for one device, once for each shape of its arguments.

    ``device`` is "auto", which takes a GPU where there is one, "cpu" or "gpu"; a number
    counts the devices of a kind, "gpu:1" is the second. Raises ``ReferenceModelError`` for
    one that this machine hasn't.
    """

    model: Model
    device: str = "auto"

    def __post_init__(self) -> None:
        _ = self.jax_device  # fail early

    def run(
        self, stimuli: StimulusSet, constants: Mapping[str, float] | None = None
    ) -> dict[str, Array]:
        """Every state after each step, ``(T, N)``, "V" in mV; row 0 is one step after V0.

        Exponential Euler as in BrainPy (``exp_auto``): each state moves by
        ``dt * exprel(dt * J) * f``, with J its derivative with respect to itself and
        all other states at their old values. ``constants`` replace those of the model.

        Raises ``ReferenceModelError`` for a constant that the model doesn't have and
        for a trace that isn't finite.
        """
        with self._computing():
            start = self.model.initial(jnp.asarray(stimuli.V0, jnp.float64))
            found = self._steps(start, stimuli.current, stimuli.dt, constants)
        _finite(found, stimuli)
        return found

    def run_finer(
        self, stimuli: StimulusSet, steps: slice, constants: Mapping[str, float] | None = None
    ) -> dict[str, Array]:
        """Every state after each step of a run from V0 under some of the panel's ``steps``.

        ``(D, T, N)``: each step is made of as many shorter ones as `STEP_DIVISIONS` says. Raises as
        `run` does.
        """
        runs = [
            self.run(
                replace(
                    stimuli,
                    dt=stimuli.dt / parts,
                    current=np.repeat(stimuli.current[steps], parts, axis=0),
                ),
                constants,
            )
            for parts in STEP_DIVISIONS
        ]
        return {
            name: np.stack(
                [run[name][d - 1 :: d] for run, d in zip(runs, STEP_DIVISIONS, strict=True)]
            )
            for name in self.model.STATES
        }

    def run_with_rounding(
        self,
        stimuli: StimulusSet,
        constants: Mapping[str, float] | None = None,
        *,
        single: bool,
        threshold: float,
    ) -> tuple[dict[str, Array], RoundingError]:
        """What `run` gives, and how far it goes from it where single precision rounds.

        Every step where the model computes in ``single`` precision, else its constants. V that
        rises through ``threshold``, in mV, is a spike. Raises as `run` does.
        """
        if single:
            traces = self.run(stimuli, constants)
            others = self._by_steps(stimuli, constants)
        else:
            runs = self._by_constants(stimuli, constants)
            traces = {name: of_each[0] for name, of_each in runs.items()}
            others = {name: of_each[1:] for name, of_each in runs.items()}
            _finite(traces, stimuli)
        sound = np.all([np.isfinite(each).all(axis=(1, 2)) for each in others.values()], axis=0)
        so_far = np.arange(1, len(stimuli.current) + 1)[:, None]
        apart = {}
        for name, expected in traces.items():
            apart[name] = np.zeros_like(expected)
            for trace in others[name][sound]:
                squares = np.cumsum(np.square(trace - expected), axis=0)
                np.maximum(apart[name], np.sqrt(squares / so_far), out=apart[name])
        spikes = [all_spike_times(stimuli.time, V, threshold) for V in others["V"][sound]]
        return traces, RoundingError(distance=apart, spikes=tuple(tuple(each) for each in spikes))

    def _by_steps(
        self, stimuli: StimulusSet, constants: Mapping[str, float] | None
    ) -> dict[str, Array]:
        """Every step made in single precision, ``(R, T, N)``, from `NEIGHBOURS` of V0."""
        runs = len(NEIGHBOURS)
        with self._computing(double=False):
            V0 = np.concatenate([_neighbour(stimuli.V0, number) for number in NEIGHBOURS])
            start = self.model.initial(jnp.asarray(V0))
            found = self._steps(start, np.tile(stimuli.current, (1, runs)), stimuli.dt, constants)
        split = {name: np.split(trace, runs, axis=1) for name, trace in found.items()}
        return {name: np.asarray(np.stack(each), np.float64) for name, each in split.items()}

    def _by_constants(
        self, stimuli: StimulusSet, constants: Mapping[str, float] | None
    ) -> dict[str, Array]:
        """With the constants as they are, with all rounded, and with each alone, ``(R, T, N)``."""
        exact = self._constants(constants)
        if not exact:
            return {name: trace[None] for name, trace in self.run(stimuli).items()}
        off: Inputs = {
            name: value.astype(np.float32).astype(np.float64) for name, value in exact.items()
        }
        each = [exact | {name: off[name]} for name, value in exact.items() if off[name] != value]
        given = {name: np.array([run[name] for run in (exact, off, *each)]) for name in exact}
        with self._computing():
            start = self.model.initial(jnp.asarray(stimuli.V0, jnp.float64))
            current, dt = (
                np.asarray(stimuli.current, np.float64),
                np.asarray(stimuli.dt, np.float64),
            )
            traces = self._solve_each(start, current, dt, given)
        return {name: np.asarray(traces[name]) for name in self.model.STATES}

    def maps(
        self,
        states: Mapping[str, Array],
        steps: int,
        dt: float,
        constants: Mapping[str, float] | None = None,
    ) -> dict[str, Array]:
        """Every state after each of ``steps`` steps from ``states``, ``(steps, K)``.

        ``states`` and the errors raised are those of `field`; "I" flows throughout. States
        that depend on one that is NaN are NaN themselves.
        """
        with self._computing():
            start, _, _ = self._arguments(states, constants)
            return self._steps(start, np.tile(states["I"], (steps, 1)), dt, constants)

    def _steps(
        self,
        start: Mapping[str, Any],
        current: Array,
        dt: float,
        constants: Mapping[str, float] | None,
    ) -> dict[str, Array]:
        given = self._constants(constants)
        traces = self._solve(
            start, np.asarray(current, np.float64), np.asarray(dt, np.float64), given
        )
        return {name: np.asarray(traces[name]) for name in self.model.STATES}

    def _complete(self, states: Mapping[str, Array]) -> None:
        if missing := [name for name in ("I", *self.model.STATES) if name not in states]:
            raise ReferenceModelError(f"the field needs a value of {', '.join(missing)}")

    def field(
        self, states: Mapping[str, Array], constants: Mapping[str, float] | None = None
    ) -> dict[str, Array]:
        """The time derivative of every state per ms at ``states``, ``(K,)`` each.

        ``states`` has "I", the current in uA/cm2, and every state of the model. A state
        that is NaN makes NaN of the derivatives that depend on it, and of no others.

        Raises ``ReferenceModelError`` for an unknown constant or a missing state.
        """
        with self._computing():
            rates = self._derivative(*self._arguments(states, constants))
            return {name: np.asarray(rates[name]) for name in self.model.STATES}

    def sensitivity(
        self, states: Mapping[str, Array], constants: Mapping[str, float]
    ) -> tuple[Array, dict[str, Array]]:
        """dV/dt at ``states``, ``(K,)`` in mV/ms, and its slope against each constant.

        ``states`` and the errors raised are those of `field`; ``constants`` are the values
        at which the slopes are taken.
        """
        with self._computing():
            rate, slopes = self._slopes(*self._arguments(states, constants))
            return np.asarray(rate), {name: np.asarray(slope) for name, slope in slopes.items()}

    @property
    def further_inputs(self) -> tuple[str, ...]:
        """What a drawn state may hold beside the states."""
        return cast(tuple[str, ...], getattr(self.model, "GIVEN", ()))

    def _arguments(
        self, states: Mapping[str, Array], constants: Mapping[str, float] | None
    ) -> tuple[Inputs, Array, Inputs]:
        self._complete(states)
        beside = [name for name in self.further_inputs if name in states]
        given = _float64(states, ("I", *self.model.STATES, *beside))
        current = given.pop("I")
        return given, current, self._constants(constants)

    def _constants(self, changed: Mapping[str, float] | None) -> Inputs:
        known = self.model.CONSTANTS
        for name in changed or {}:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ReferenceModelError(f"the reference has no constant {name!r}{hint}")
        return _float64({**known, **(changed or {})}, known)

    @contextlib.contextmanager
    def _computing(self, *, double: bool = True) -> Iterator[None]:
        """Within it JAX computes in float64, or in float32, and on this device.

        NumPy's arrays are handed to it as they are: placing each of a reference's constants
        takes longer than the field itself.
        """
        with jax.enable_x64(double), jax.default_device(self.jax_device):
            yield

    @property
    def platform(self) -> str:
        """Where it runs: "cpu" or "gpu"."""
        return str(self.jax_device.platform)

    @cached_property
    def jax_device(self) -> jax.Device:
        """The device itself."""
        kind, _, number = self.device.partition(":")
        for one in ("gpu", "cpu") if kind == "auto" else (kind,):
            try:
                devices = jax.local_devices(backend=one)
            except RuntimeError:  # no such backend here
                continue
            if int(number or 0) < len(devices):
                return devices[int(number or 0)]
            raise ReferenceModelError(f"no {self.device}: JAX sees {len(devices)} of that kind")
        raise ReferenceModelError(
            "JAX sees no GPU on this machine; use the CPU (--device cpu), or install JAX with "
            "CUDA and look at `grader doctor`"
        )

    @cached_property
    def _solve(self) -> Callable[[Mapping[str, Any], Array, Array, Inputs], State]:
        model, after = self.model, getattr(self.model, "AFTER", {})
        order = sorted(model.STATES, key=lambda name: _depth(name, after))

        def solve(start: State, current: jax.Array, dt: jax.Array, constants: State) -> State:
            def step(state: State, now: jax.Array) -> tuple[State, State]:
                new: State = {}
                for name in order:
                    seen = {**state, **{other: new[other] for other in after.get(name, ())}}
                    new[name] = _advance(model, name, seen, now, dt, constants)
                return new, new

            if start.keys() == set(model.STATES):
                return jax.lax.scan(step, start, current)[1]
            first, _ = step(start, current[0])  # what is given beside the states holds for this one
            later = jax.lax.scan(step, first, current[1:])[1]
            return {name: jnp.concatenate([first[name][None], later[name]]) for name in later}

        return jax.jit(solve)

    @cached_property
    def _solve_each(self) -> Callable[[Mapping[str, Any], Array, Array, Inputs], State]:
        """The same once for each number of constants."""
        return jax.jit(jax.vmap(self._solve, in_axes=(None, None, None, 0)))

    @cached_property
    def _derivative(self) -> Callable[[Inputs, Array, Inputs], State]:
        return jax.jit(self.model.derivative)

    def mistaken_fields(
        self, states: Mapping[str, Array], constants: Mapping[str, float]
    ) -> dict[str, dict[str, Array]]:
        """The `field` at ``states`` of the model with each likely mistake, by its name."""
        with self._computing():
            fields = self._mistaken(*self._arguments(states, constants))
            return {
                name: {state: np.asarray(rate) for state, rate in field.items()}
                for name, field in fields.items()
            }

    @cached_property
    def _mistaken(self) -> Callable[[Inputs, Array, Inputs], dict[str, State]]:
        known: dict[str, Callable[..., State]] = getattr(self.model, "MISTAKES", {})
        return jax.jit(lambda *at: {name: wrong(*at) for name, wrong in known.items()})

    @cached_property
    def _slopes(self) -> Callable[[Inputs, Array, Inputs], tuple[jax.Array, State]]:
        model = self.model

        def slopes(state: State, current: jax.Array, constants: State) -> tuple[jax.Array, State]:
            def rate(constants: State) -> jax.Array:
                return model.derivative(state, current, constants)["V"]

            return rate(constants), jax.jacfwd(rate)(constants)

        return jax.jit(slopes)


def _advance(
    model: Model, name: str, state: State, current: jax.Array, dt: jax.Array, constants: State
) -> jax.Array:
    """One state after one step of exponential Euler, the others held."""

    def rate(x: jax.Array) -> jax.Array:
        return model.derivative({**state, name: x}, current, constants)[name]

    x = state[name]
    f, J = jax.jvp(rate, (x,), (jnp.ones_like(x),))
    new: jax.Array = x + dt * _exprel(dt * J) * f
    return new


def _finite(traces: Mapping[str, Array], stimuli: StimulusSet) -> None:
    """Raises ``ReferenceModelError`` for traces that aren't numbers throughout."""
    for name, trace in traces.items():
        if not np.isfinite(trace).all():
            where = stimuli.names[int(np.argmin(np.isfinite(trace).all(axis=0)))]
            raise ReferenceModelError(
                f"the reference's {name} isn't finite for stimulus {where!r}; change that one"
            )


def _depth(name: str, after: Mapping[str, tuple[str, ...]]) -> int:
    """How many steps of others a state's own step waits for, one upon the other."""
    return max((1 + _depth(other, after) for other in after.get(name, ())), default=0)


def _neighbour(V0: Array, number: int) -> npt.NDArray[np.float32]:
    """The number of single precision so many above (below, where negative) each of ``V0``."""
    found, towards = V0.astype(np.float32), np.float32(math.copysign(math.inf, number))
    for _ in range(abs(number)):
        found = np.nextafter(found, towards)
    return found


def _exprel(z: jax.Array) -> jax.Array:
    """``(exp(z) - 1) / z``, 1 at z = 0."""
    near = jnp.abs(z) < 1e-8
    safe = jnp.where(near, 1.0, z)
    return jnp.where(near, 1 + z / 2, jnp.expm1(safe) / safe)


def _float64(values: Mapping[str, Array | float], names: Iterable[str]) -> Inputs:
    return {name: np.asarray(values[name], np.float64) for name in names}
