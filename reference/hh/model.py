"""The Hodgkin-Huxley model of the handout, in plain JAX.

A. L. Hodgkin and A. F. Huxley, "A quantitative description of membrane current and
its application to conduction and excitation in nerve", J. Physiol. 117:500 (1952),
with V in today's sign and the resting potential at -65 mV. The handout changes it:

- g_L is 0.03 mS/cm2 (a tenth of 0.3) and E_L -54.39 mV (for -54.387);
- alpha_m has 0.11 / (mV ms) in the handout's code. Its formula has 0.1, as in 1952;
- gates start at 0, not in their steady state.

Units: mV, ms, uA/cm2, mS/cm2, uF/cm2. Every function works elementwise on arrays of
any shape and in the precision that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import jax
import jax.numpy as jnp

STATES = ("V", "IK.n", "INa.m", "INa.h")
"""Membrane potential in mV; the gates of the two channels, fractions of 1."""

CONSTANTS = {
    "C": 1.0,  # uF/cm2
    "IK.g_max": 36.0,  # mS/cm2
    "IK.E": -77.0,  # mV
    "INa.g_max": 120.0,
    "INa.E": 50.0,
    "IL.g_max": 0.03,
    "IL.E": -54.39,
    "alpha_n": 0.01,  # 1/(mV ms)
    "beta_n": 0.125,  # 1/ms
    "alpha_m": 0.11,  # 1/(mV ms)
    "beta_m": 4.0,  # 1/ms
    "alpha_h": 0.07,  # 1/ms
    "beta_h": 1.0,  # 1/ms
}


def initial(V0: jax.Array) -> dict[str, jax.Array]:
    """The state in which a run starts: V at ``V0`` in mV, every gate at 0."""
    return {name: V0 if name == "V" else jnp.zeros_like(V0) for name in STATES}


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
    """The current of each channel, depolarising when positive; the powers of the gates."""
    V = state["V"]
    open_K = state["IK.n"] ** n
    open_Na = state["INa.m"] ** m * state["INa.h"] ** h
    return {
        "IK": k["IK.g_max"] * open_K * (k["IK.E"] - V),
        "INa": k["INa.g_max"] * open_Na * (k["INa.E"] - V),
        "IL": k["IL.g_max"] * (k["IL.E"] - V),
    }


def _with_currents(
    currents: Mapping[str, jax.Array],
    state: Mapping[str, jax.Array],
    current: jax.Array,
    k: Mapping[str, jax.Array],
) -> dict[str, jax.Array]:
    V, n, m, h = (state[name] for name in STATES)
    alpha_n = k["alpha_n"] * _linoid(V + 55)
    beta_n = k["beta_n"] * jnp.exp(-(V + 65) / 80)
    alpha_m = k["alpha_m"] * _linoid(V + 40)
    beta_m = k["beta_m"] * jnp.exp(-(V + 65) / 18)
    alpha_h = k["alpha_h"] * jnp.exp(-(V + 65) / 20)
    beta_h = k["beta_h"] / (1 + jnp.exp(-(V + 35) / 10))
    return {
        "V": (currents["IK"] + currents["INa"] + currents["IL"] + current) / k["C"],
        "IK.n": alpha_n * (1 - n) - beta_n * n,
        "INa.m": alpha_m * (1 - m) - beta_m * m,
        "INa.h": alpha_h * (1 - h) - beta_h * h,
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
    "leak_twice": partial(_times, IL=2.0),
    "leak_missing": partial(_times, IL=0.0),
    "potassium_reversed": partial(_times, IK=-1.0),
    "sodium_reversed": partial(_times, INa=-1.0),
    "leak_reversed": partial(_times, IL=-1.0),
    "all_reversed": partial(_times, IK=-1.0, INa=-1.0, IL=-1.0),
}
"""Likely mistakes: the model with each, as `derivative`. A message of the assignment names it."""
