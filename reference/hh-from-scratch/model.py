"""The Hodgkin-Huxley model written as one class, in plain JAX.

A. L. Hodgkin and A. F. Huxley, "A quantitative description of membrane current and
its application to conduction and excitation in nerve", J. Physiol. 117:500 (1952),
Parts II and III: the rates of n, m and h are equations 12, 13, 20, 21, 23 and 24, dV/dt is
equation 26 and the values are those of table 3 (p. 520), with V in today's sign and the
resting potential at -65 mV; phi is the factor by which rates grow from 6.3 degrees on, three
for every ten. The exercise changes it:

- g_L is 0.03 mS/cm2, a tenth of 0.3, so that the model rests at -70.68 mV;
- every state starts at rest, V included.

BrainPy's ``exp_auto`` of a ``JointEq`` moves each state by its own equation from the old
values of all of them, which is the scheme of `grader.judge.reference.model`.

Units: mV, ms, uA/cm2, mS/cm2, uF/cm2, degrees Celsius. Every function works elementwise
on arrays of any shape and in the precision that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import jax
import jax.numpy as jnp

STATES = ("V", "m", "h", "n")
"""Membrane potential in mV; gates, fractions of 1."""

START = {"V": -70.68, "m": 0.0266, "h": 0.772, "n": 0.235}
"""What the exercise asks the states to start at: rest, to the digits that it prints."""

CONSTANTS = {
    "C": 1.0,  # uF/cm2
    "gNa": 120.0,  # mS/cm2
    "ENa": 50.0,  # mV
    "gK": 36.0,
    "EK": -77.0,
    "gL": 0.03,
    "EL": -54.387,
    "T": 6.3,  # degrees Celsius, of the factor phi = 3^((T - 6.3) / 10)
    "alpha_n": 0.01,  # 1/(mV ms)
    "beta_n": 0.125,  # 1/ms
    "alpha_m": 0.1,  # 1/(mV ms)
    "beta_m": 4.0,  # 1/ms
    "alpha_h": 0.07,  # 1/ms
    "beta_h": 1.0,  # 1/ms
}


def initial(V0: jax.Array) -> dict[str, jax.Array]:
    """The state in which a run starts: V at ``V0`` in mV, the gates at rest."""
    return {name: V0 if name == "V" else jnp.full_like(V0, x) for name, x in START.items()}


def derivative(
    state: Mapping[str, jax.Array], current: jax.Array, constants: Mapping[str, jax.Array]
) -> dict[str, jax.Array]:
    """Time derivatives: of V in mV/ms, of the gates in 1/ms.

    ``current`` is the injected current in uA/cm2, depolarising when positive;
    ``constants`` has every name of `CONSTANTS`.
    """
    return _with_currents(_currents(state, constants), state, current, constants)


def _currents(
    state: Mapping[str, jax.Array], k: Mapping[str, jax.Array], n: int = 4, m: int = 3, h: int = 1
) -> dict[str, jax.Array]:
    """The current of each channel, outward when positive; the powers of the gates."""
    V = state["V"]
    return {
        "Na": k["gNa"] * state["m"] ** m * state["h"] ** h * (V - k["ENa"]),
        "K": k["gK"] * state["n"] ** n * (V - k["EK"]),
        "L": k["gL"] * (V - k["EL"]),
    }


def _with_currents(
    currents: Mapping[str, jax.Array],
    state: Mapping[str, jax.Array],
    current: jax.Array,
    k: Mapping[str, jax.Array],
) -> dict[str, jax.Array]:
    V, m, h, n = (state[name] for name in STATES)
    phi = 3.0 ** ((k["T"] - 6.3) / 10)
    alpha_m = k["alpha_m"] * _linoid(V + 40)
    beta_m = k["beta_m"] * jnp.exp(-(V + 65) / 18)
    alpha_h = k["alpha_h"] * jnp.exp(-(V + 65) / 20)
    beta_h = k["beta_h"] / (1 + jnp.exp(-(V + 35) / 10))
    alpha_n = k["alpha_n"] * _linoid(V + 55)
    beta_n = k["beta_n"] * jnp.exp(-(V + 65) / 80)
    return {
        "V": (current - currents["Na"] - currents["K"] - currents["L"]) / k["C"],
        "m": phi * (alpha_m * (1 - m) - beta_m * m),
        "h": phi * (alpha_h * (1 - h) - beta_h * h),
        "n": phi * (alpha_n * (1 - n) - beta_n * n),
    }


def _linoid(x: jax.Array) -> jax.Array:
    """``x / (1 - exp(-x / 10))`` in mV, and its limit 10 at x = 0."""
    near = jnp.abs(x) < 1e-6
    safe = jnp.where(near, 1.0, x)
    return jnp.where(near, 10 + x / 2, safe / -jnp.expm1(-safe / 10))


def _powers(
    state: Mapping[str, jax.Array],
    current: jax.Array,
    constants: Mapping[str, jax.Array],
    **powers: int,
) -> dict[str, jax.Array]:
    return _with_currents(_currents(state, constants, **powers), state, current, constants)


def _times(
    state: Mapping[str, jax.Array],
    current: jax.Array,
    constants: Mapping[str, jax.Array],
    **factors: float,
) -> dict[str, jax.Array]:
    flowing = {n: factors.get(n, 1.0) * c for n, c in _currents(state, constants).items()}
    return _with_currents(flowing, state, current, constants)


MISTAKES: dict[str, Callable[..., dict[str, jax.Array]]] = {
    "n_cubed": partial(_powers, n=3),
    "m_squared": partial(_powers, m=2),
    "h_missing": partial(_powers, h=0),
    "leak_missing": partial(_times, L=0.0),
    "all_reversed": partial(_times, Na=-1.0, K=-1.0, L=-1.0),
}
"""Likely mistakes: the model with each, as `derivative`. A message of the assignment names it."""
