"""The reference of @ID@, in plain JAX: what every submission is compared with.

A membrane with one slow potassium channel. Write here what your lesson's equations say,
apart from how your notebook says it: a slip in one of them then shows in `grader verify`.

Units: mV, ms, uA/cm2, mS/cm2, uF/cm2. Every function works elementwise on arrays of
any shape and in the precision that it is given.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp

STATES = ("V", "IM.p")
"""Membrane potential in mV; the gate, as a fraction of 1: "CHANNEL.GATE"."""

CONSTANTS = {
    "C": 1.0,  # uF/cm2
    "IM.g_max": 1.0,  # mS/cm2; parameters of channels are called "CHANNEL.PARAMETER"
    "IM.E": -90.0,  # mV
    "V_half": -35.0,  # mV
    "slope": 10.0,  # mV
    "tau": 20.0,  # ms
}


def initial(V0: jax.Array) -> dict[str, jax.Array]:
    """Return the state in which a run starts: V at ``V0`` in mV, the gate at 0."""
    return {"V": V0, "IM.p": jnp.zeros_like(V0)}


def derivative(
    state: Mapping[str, jax.Array], current: jax.Array, constants: Mapping[str, jax.Array]
) -> dict[str, jax.Array]:
    """Time derivatives: of V in mV/ms, of the gate in 1/ms.

    ``current`` is the injected current in uA/cm2, depolarising when positive;
    ``constants`` has every name of `CONSTANTS`.
    """
    return _with_current(state, current, constants, 1.0)


def _with_current(
    state: Mapping[str, jax.Array],
    current: jax.Array,
    k: Mapping[str, jax.Array],
    factor: float,
) -> dict[str, jax.Array]:
    V, p = state["V"], state["IM.p"]
    flowing = factor * k["IM.g_max"] * p * (k["IM.E"] - V)
    p_inf = 1 / (1 + jnp.exp(-(V - k["V_half"]) / k["slope"]))
    return {"V": (flowing + current) / k["C"], "IM.p": (p_inf - p) / k["tau"]}


def _reversed(
    state: Mapping[str, jax.Array], current: jax.Array, constants: Mapping[str, jax.Array]
) -> dict[str, jax.Array]:
    return _with_current(state, current, constants, -1.0)


MISTAKES = {"reversed": _reversed}
"""Likely mistakes: the model with each, as `derivative`. Named as its sentence in words/."""
