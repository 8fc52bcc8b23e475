"""Exponential Euler, the scheme by which BrainPy runs a model (``exp_auto``).

Each state moves by ``dt * exprel(dt * J) * f``, with f its derivative, J the derivative of f with
respect to the state itself, and all other states at their old values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from grader.core.types import Array
from grader.judge.reference.load_model import Model, State

Solver = Callable[[Mapping[str, Any], Array, Array, dict[str, Array]], State]
"""Every state after each step, from the state before, the currents, dt and the constants."""


def compile_solver(model: Model) -> Solver:
    """Compile the steps of ``model``."""
    after = getattr(model, "AFTER", {})
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


def _advance(
    model: Model, name: str, state: State, current: jax.Array, dt: jax.Array, constants: State
) -> jax.Array:
    """Advance one state by one step of exponential Euler, the others held."""

    def rate(x: jax.Array) -> jax.Array:
        return model.derivative({**state, name: x}, current, constants)[name]

    x = state[name]
    f, J = jax.jvp(rate, (x,), (jnp.ones_like(x),))
    new: jax.Array = x + dt * _exprel(dt * J) * f
    return new


def _depth(name: str, after: Mapping[str, tuple[str, ...]]) -> int:
    """Count the steps of others that a state's own step waits for, one upon the other."""
    return max((1 + _depth(other, after) for other in after.get(name, ())), default=0)


def _exprel(z: jax.Array) -> jax.Array:
    """``(exp(z) - 1) / z``, 1 at z = 0."""
    near = jnp.abs(z) < 1e-8
    safe = jnp.where(near, 1.0, z)
    return jnp.where(near, 1 + z / 2, jnp.expm1(safe) / safe)
