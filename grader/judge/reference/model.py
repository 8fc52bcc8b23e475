"""The reference model of one exercise, compiled by JAX and run in float64.

JAX's global precision is left alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np

from grader.core.types import STEP_DIVISIONS, Array, RoundingError, StimulusSet
from grader.core.validation_faults import suggest_name
from grader.judge.reference.exponential_euler import Solver, compile_solver
from grader.judge.reference.load_model import Model, ReferenceModelError, State
from grader.judge.reference.rounding import (
    NEIGHBOURS,
    neighbours,
    rounded_constants,
    rounding_error,
)

Inputs = dict[str, Array]


@dataclass(frozen=True)
class ReferenceModel:
    """A reference compiled for one device, once for each shape of its arguments.

    Raises ``ReferenceModelError`` for a device that this machine hasn't.
    """

    model: Model
    device: str = "auto"
    """"auto" takes a GPU where there is one, else "cpu" or "gpu"; "gpu:1" is the second GPU."""

    def __post_init__(self) -> None:
        _ = self.jax_device  # fail early

    def run(
        self, stimuli: StimulusSet, constants: Mapping[str, float] | None = None
    ) -> dict[str, Array]:
        """Return every state after each step, ``(T, N)``, "V" in mV; row 0 is one step after V0.

        ``constants`` replace those of the model. Raises ``ReferenceModelError`` for a constant
        that the model doesn't have and for a trace that isn't finite.
        """
        with self._computing():
            start = self.model.initial(jnp.asarray(stimuli.V0, jnp.float64))
            traces = self._steps(start, stimuli.current, stimuli.dt, constants)
        _require_finite(traces, stimuli)
        return traces

    def run_finer(
        self, stimuli: StimulusSet, steps: slice, constants: Mapping[str, float] | None = None
    ) -> dict[str, Array]:
        """Return every state after each step of a run from V0 under some ``steps`` of the stimuli.

        ``(D, T, N)``: each step is made of as many shorter ones as `STEP_DIVISIONS` says. Raises as
        `run` does.
        """
        runs = []
        for parts in STEP_DIVISIONS:
            current = np.repeat(stimuli.current[steps], parts, axis=0)
            finer = replace(stimuli, dt=stimuli.dt / parts, current=current)
            traces = self.run(finer, constants)
            runs.append({name: trace[parts - 1 :: parts] for name, trace in traces.items()})
        return {name: np.stack([run[name] for run in runs]) for name in self.model.STATES}

    def run_with_rounding(
        self,
        stimuli: StimulusSet,
        constants: Mapping[str, float] | None = None,
        *,
        single: bool,
        threshold: float,
    ) -> tuple[dict[str, Array], RoundingError]:
        """Return what `run` does, and how far it goes from it where single precision rounds.

        Every step where the model computes in ``single`` precision, else its constants. V that
        rises through ``threshold``, in mV, is a spike. Raises as `run` does.
        """
        if single:
            traces = self.run(stimuli, constants)
            perturbed = self._run_in_single_precision(stimuli, constants)
        else:
            runs = self._run_with_rounded_constants(stimuli, constants)
            traces = {name: states[0] for name, states in runs.items()}
            perturbed = {name: states[1:] for name, states in runs.items()}
            _require_finite(traces, stimuli)
        return traces, rounding_error(traces, perturbed, stimuli.time, threshold)

    def _run_in_single_precision(
        self, stimuli: StimulusSet, constants: Mapping[str, float] | None
    ) -> dict[str, Array]:
        """Make every step in single precision, from `NEIGHBOURS` of V0, ``(R, T, N)``."""
        runs = len(NEIGHBOURS)
        with self._computing(double=False):
            start = self.model.initial(jnp.asarray(neighbours(stimuli.V0)))
            traces = self._steps(start, np.tile(stimuli.current, (1, runs)), stimuli.dt, constants)
        return {
            name: np.stack(np.split(trace.astype(np.float64), runs, axis=1))
            for name, trace in traces.items()
        }

    def _run_with_rounded_constants(
        self, stimuli: StimulusSet, constants: Mapping[str, float] | None
    ) -> dict[str, Array]:
        """Run with each of `rounded_constants`, ``(R, T, N)``."""
        exact = self._constants(constants)
        if not exact:
            return {name: trace[None] for name, trace in self.run(stimuli).items()}
        with self._computing():
            start = self.model.initial(jnp.asarray(stimuli.V0, jnp.float64))
            current, dt = np.asarray(stimuli.current, np.float64), np.asarray(stimuli.dt)
            traces = self._solve_each(start, current, dt, rounded_constants(exact))
        return {name: np.asarray(traces[name]) for name in self.model.STATES}

    def maps(
        self,
        states: Mapping[str, Array],
        steps: int,
        dt: float,
        constants: Mapping[str, float] | None = None,
    ) -> dict[str, Array]:
        """Return every state after each of ``steps`` steps from ``states``, ``(steps, K)``.

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
        traces = self._solve(
            start,
            np.asarray(current, np.float64),
            np.asarray(dt, np.float64),
            self._constants(constants),
        )
        return {name: np.asarray(traces[name]) for name in self.model.STATES}

    def field(
        self, states: Mapping[str, Array], constants: Mapping[str, float] | None = None
    ) -> dict[str, Array]:
        """Return the time derivative of every state per ms at ``states``, ``(K,)`` each.

        ``states`` has "I", the current in uA/cm2, and every state of the model. A state
        that is NaN makes NaN of the derivatives that depend on it, and of no others.

        Raises ``ReferenceModelError`` for an unknown constant or a missing state.
        """
        with self._computing():
            rates = self._derivative(*self._arguments(states, constants))
            return {name: np.asarray(rates[name]) for name in self.model.STATES}

    def mistaken_fields(
        self, states: Mapping[str, Array], constants: Mapping[str, float]
    ) -> dict[str, dict[str, Array]]:
        """Return the `field` at ``states`` of the model with each likely mistake, by its name."""
        with self._computing():
            fields = self._mistaken_derivatives(*self._arguments(states, constants))
            return {
                name: {state: np.asarray(rate) for state, rate in field.items()}
                for name, field in fields.items()
            }

    def sensitivity(
        self, states: Mapping[str, Array], constants: Mapping[str, float]
    ) -> tuple[Array, dict[str, Array]]:
        """Return dV/dt at ``states``, ``(K,)`` in mV/ms, and its slope against each constant.

        ``states`` and the errors raised are those of `field`; ``constants`` are the values
        at which the slopes are taken.
        """
        with self._computing():
            rate, slopes = self._slopes(*self._arguments(states, constants))
            return np.asarray(rate), {name: np.asarray(slope) for name, slope in slopes.items()}

    @property
    def further_inputs(self) -> tuple[str, ...]:
        """The names that a drawn state may hold beside the states: the model's ``GIVEN``."""
        return cast(tuple[str, ...], getattr(self.model, "GIVEN", ()))

    def _arguments(
        self, states: Mapping[str, Array], constants: Mapping[str, float] | None
    ) -> tuple[Inputs, Array, Inputs]:
        """Return the arguments of a derivative: the states, the current, the constants."""
        needed = ("I", *self.model.STATES)
        if missing := [name for name in needed if name not in states]:
            raise ReferenceModelError(f"the field needs a value of {', '.join(missing)}")
        further = [name for name in self.further_inputs if name in states]
        inputs = _float64(states, (*needed, *further))
        return inputs, inputs.pop("I"), self._constants(constants)

    def _constants(self, changed: Mapping[str, float] | None) -> Inputs:
        known = self.model.CONSTANTS
        for name in changed or {}:
            if name not in known:
                hint = suggest_name(name, known)
                raise ReferenceModelError(f"the reference has no constant {name!r}{hint}")
        return _float64({**known, **(changed or {})}, known)

    @contextlib.contextmanager
    def _computing(self, *, double: bool = True) -> Iterator[None]:
        """Have JAX compute in float64, or in float32, and on this device.

        NumPy's arrays are handed to it as they are: placing each of a reference's constants
        takes longer than the field itself.
        """
        with jax.enable_x64(double), jax.default_device(self.jax_device):
            yield

    @property
    def platform(self) -> str:
        """The kind of device that it runs on: "cpu" or "gpu"."""
        return str(self.jax_device.platform)

    @cached_property
    def jax_device(self) -> jax.Device:
        """The device that it runs on."""
        kind, _, number = self.device.partition(":")
        for backend in ("gpu", "cpu") if kind == "auto" else (kind,):
            try:
                devices = jax.local_devices(backend=backend)
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
    def _solve(self) -> Solver:
        return compile_solver(self.model)

    @cached_property
    def _solve_each(self) -> Solver:
        """Solver for several values of each constant at once."""
        return jax.jit(jax.vmap(self._solve, in_axes=(None, None, None, 0)))

    @cached_property
    def _derivative(self) -> Callable[[Inputs, Array, Inputs], State]:
        return jax.jit(self.model.derivative)

    @cached_property
    def _mistaken_derivatives(self) -> Callable[[Inputs, Array, Inputs], dict[str, State]]:
        mistakes: dict[str, Callable[..., State]] = getattr(self.model, "MISTAKES", {})
        return jax.jit(lambda *at: {name: wrong(*at) for name, wrong in mistakes.items()})

    @cached_property
    def _slopes(self) -> Callable[[Inputs, Array, Inputs], tuple[jax.Array, State]]:
        def slopes(state: State, current: jax.Array, constants: State) -> tuple[jax.Array, State]:
            def rate(constants: State) -> jax.Array:
                return self.model.derivative(state, current, constants)["V"]

            return rate(constants), jax.jacfwd(rate)(constants)

        return jax.jit(slopes)


def _require_finite(traces: Mapping[str, Array], stimuli: StimulusSet) -> None:
    """Raise ``ReferenceModelError`` for traces that aren't numbers throughout."""
    for name, trace in traces.items():
        if not np.isfinite(trace).all():
            stimulus = stimuli.names[int(np.argmin(np.isfinite(trace).all(axis=0)))]
            raise ReferenceModelError(
                f"the reference's {name} isn't finite for stimulus {stimulus!r}; change that one"
            )


def _float64(values: Mapping[str, Array | float], names: Iterable[str]) -> Inputs:
    return {name: np.asarray(values[name], np.float64) for name in names}
