"""A thalamocortical relay cell that bursts, in plain JAX.

The cell is the high-threshold bursting one of G. Li, C. S. Henriquez and F. Froehlich,
"Unified thalamic model generates multiple distinct oscillations with state-dependent
entrainment by stimulation", PLoS Comput. Biol. 13:e1005797 (2017), in Methods, as it is
built of BrainPy's own channels, with V_sh -45 mV for the two channels of the spike.
Each function below is one class of ``bp.dyn``; its docstring names the source of the rates.

What BrainPy 2.8 does, and this does likewise:

- An inward current is positive there, and calcium enters by ``max(-I, 0)``: the calcium
  currents never raise [Ca]. It decays to C_rest, and rises only where the outward
  K current that it opens is larger than the calcium currents, which no run reaches.
- That K current counts among the calcium currents too (``MixIons`` adds it to both ions).
- In a step, V and the gates move from the old values; [Ca] sees the gates of its own
  channels after, and the K channel that it opens sees [Ca] after (`AFTER`).
- The injected current is in nA; ``1e-3 / A`` makes uA/cm2 of it.

Units: mV, ms, mS/cm2, uF/cm2, cm2, mM, nA. Every function works elementwise on arrays of
any shape and in the precision that it is given.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp

Values = Mapping[str, jax.Array]
State = dict[str, jax.Array]

STATES = (
    "V",
    "INa.p",
    "INa.q",
    "Ih.p",
    "Ca.C",
    "Ca.ICaL.p",
    "Ca.ICaL.q",
    "Ca.ICaN.p",
    "Ca.ICaT.p",
    "Ca.ICaT.q",
    "Ca.ICaHT.p",
    "Ca.ICaHT.q",
    "K.IKDR.p",
    "KCa.IAHP.p",
)
"""Membrane potential in mV; [Ca] in mM; gates, fractions of 1."""

CALCIUM_GATES = tuple(name for name in STATES if name.startswith("Ca.I"))

AFTER = {"Ca.C": CALCIUM_GATES, "KCa.IAHP.p": ("Ca.C",)}
"""The states that have made their step already when a state makes its own."""

GIVEN = ("Ca.E",)
"""What BrainPy holds beside the states, and `derivative` takes where it is given.

It follows from [Ca] at the end of each step. Drawn states have it as a value of its own.
"""

CONSTANTS = {
    "A": 2.9e-4,  # cm2
    "C": 1.0,  # uF/cm2
    "IL.g_max": 0.01,  # mS/cm2
    "IL.E": -70.0,  # mV
    "INa.g_max": 90.0,
    "INa.E": 50.0,
    "INa.V_sh": -45.0,
    "Ih.g_max": 0.01,
    "Ih.E": -43.0,
    "Ca.C_rest": 5e-5,  # mM
    "Ca.tau": 10.0,  # ms
    "Ca.d": 0.5,  # um
    "Ca.C0": 2.0,  # mM
    "Ca.T": 36.0,  # degrees Celsius
    "Ca.ICaL.g_max": 0.5,
    "Ca.ICaN.g_max": 0.5,
    "Ca.ICaN.E": 10.0,
    "Ca.ICaT.g_max": 2.1,
    "Ca.ICaT.V_sh": -3.0,
    "Ca.ICaHT.g_max": 3.0,
    "Ca.ICaHT.V_sh": 25.0,
    "K.E": -90.0,
    "K.IKDR.g_max": 10.0,
    "K.IKDR.V_sh": -45.0,
    "K.IKDR.phi": 0.25,
    "K.IKL.g_max": 0.01,
    "KCa.IAHP.g_max": 0.3,
    "KCa.IAHP.alpha": 48.0,  # 1/(mM2 ms)
    "KCa.IAHP.beta": 0.09,  # 1/ms
}

START_C = 2.4e-4  # mM, BrainPy's default, whatever C_rest is
GAS, FARADAY = 8.31441, 96.489  # J/(mol K), C/mmol; as BrainPy writes them


def initial(V0: jax.Array) -> State:
    """The state in which a run starts: V at ``V0`` in mV, [Ca] at 2.4e-4 mM, gates steady."""
    k = {name: jnp.asarray(value, V0.dtype) for name, value in CONSTANTS.items()}
    C = jnp.full_like(V0, START_C)
    steady = {name: target for name, (target, _) in _kinetics(V0, C, k).items()}
    return {"V": V0, "Ca.C": C} | steady


def derivative(state: Values, current: jax.Array, constants: Values) -> State:
    """Time derivatives: of V in mV/ms, of [Ca] in mM/ms, of the gates in 1/ms.

    ``current`` is the injected current in nA, depolarising when positive;
    ``constants`` has every name of `CONSTANTS`.
    """
    V, C, k = state["V"], state["Ca.C"], constants
    outside, calcium, ahp = _currents(state, k)
    into = jnp.maximum(-(calcium + ahp) / (2 * FARADAY * k["Ca.d"]), 0.0)
    moves = {
        "V": (current * (1e-3 / k["A"]) + outside + calcium + ahp) / k["C"],
        "Ca.C": into + (k["Ca.C_rest"] - C) / k["Ca.tau"],
    }
    for name, (target, rate) in _kinetics(V, C, k).items():
        moves[name] = (target - state[name]) * rate
    return moves


def _currents(state: Values, k: Values) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Currents in uA/cm2, inward when positive: without Ca, of Ca channels, of the K it opens."""
    V, C = state["V"], state["Ca.C"]
    E_Ca, E_K = state.get("Ca.E", _nernst(C, k)), k["K.E"]
    outside = (
        k["IL.g_max"] * (k["IL.E"] - V)
        + k["INa.g_max"] * state["INa.p"] ** 3 * state["INa.q"] * (k["INa.E"] - V)
        + k["Ih.g_max"] * state["Ih.p"] * (k["Ih.E"] - V)
        + k["K.IKDR.g_max"] * state["K.IKDR.p"] ** 4 * (E_K - V)
        + k["K.IKL.g_max"] * (E_K - V)
    )
    calcium = (k["Ca.ICaN.g_max"] * (C / (C + 0.2)) * state["Ca.ICaN.p"]) * (k["Ca.ICaN.E"] - V)
    for name in ("Ca.ICaL", "Ca.ICaT", "Ca.ICaHT"):
        p, q = state[f"{name}.p"], state[f"{name}.q"]
        calcium = calcium + k[f"{name}.g_max"] * p**2 * q * (E_Ca - V)
    ahp = k["KCa.IAHP.g_max"] * state["KCa.IAHP.p"] ** 2 * (E_K - V)
    return outside, calcium, ahp


def _nernst(C: jax.Array, k: Values) -> jax.Array:
    """The reversal potential of calcium, mV."""
    factor = GAS / (2 * FARADAY) * (273.15 + k["Ca.T"])
    return factor * jnp.log(k["Ca.C0"] / C)


def _kinetics(V: jax.Array, C: jax.Array, k: Values) -> dict[str, tuple[jax.Array, jax.Array]]:
    """Of each gate the value that it goes to, and how fast, in 1/ms."""
    binds = k["KCa.IAHP.alpha"] * C**2
    to_T, to_HT = (_calcium_T(V - k[f"Ca.{name}.V_sh"]) for name in ("ICaT", "ICaHT"))
    return {
        **{f"INa.{g}": x for g, x in _sodium(V - k["INa.V_sh"]).items()},
        "Ih.p": _hyperpolarised(V),
        **{f"Ca.ICaL.{g}": x for g, x in _calcium_L(V).items()},
        "Ca.ICaN.p": _nonselective(V),
        **{f"Ca.ICaT.{g}": x for g, x in to_T.items()},
        **{f"Ca.ICaHT.{g}": x for g, x in to_HT.items()},
        "K.IKDR.p": _delayed(V - k["K.IKDR.V_sh"], k["K.IKDR.phi"]),
        "KCa.IAHP.p": (binds / (binds + k["KCa.IAHP.beta"]), binds + k["KCa.IAHP.beta"]),
    }


def _sodium(x: jax.Array) -> dict[str, tuple[jax.Array, jax.Array]]:
    """``INa_Ba2002``: Bazhenov et al. 2002, J. Neurosci. 22:8691, at 36 degrees (phi 1)."""
    return {
        "p": _two_way(1.28 * _linoid(x - 13, 4), 1.4 * _linoid(40 - x, 5)),
        "q": _two_way(0.128 * jnp.exp(-(x - 17) / 18), 4 / (1 + jnp.exp(-(x - 40) / 5))),
    }


def _delayed(x: jax.Array, phi: jax.Array) -> tuple[jax.Array, jax.Array]:
    """``IKDR_Ba2002v2``: Bazhenov et al. 2002, J. Neurosci. 22:8691."""
    target, rate = _two_way(0.16 * _linoid(x - 15, 5), 0.5 * jnp.exp(-(x - 10) / 40))
    return target, phi * rate


def _hyperpolarised(V: jax.Array) -> tuple[jax.Array, jax.Array]:
    """``Ih_HM1992``: Huguenard and McCormick 1992, J. Neurophysiol. 68:1373."""
    target = 1 / (1 + jnp.exp((V + 75) / 5.5))
    return target, jnp.exp(-0.086 * V - 14.59) + jnp.exp(0.0701 * V - 1.87)


def _calcium_L(V: jax.Array) -> dict[str, tuple[jax.Array, jax.Array]]:
    """``ICaL_IS2008``: Inoue and Strowbridge 2008, J. Neurophysiol. 99:187."""
    slow = jnp.exp((V + 40) / 9.5) + jnp.exp(-(V + 40) / 9.5)
    fast = jnp.exp(-(V + 5) / 15) + jnp.exp((V + 5) / 15)
    return {
        "p": (1 / (1 + jnp.exp(-(V + 10) / 4)), _factor(3.55) / (0.4 + 0.7 / fast)),
        "q": (1 / (1 + jnp.exp((V + 25) / 2)), _factor(3.0) / (300 + 100 / slow)),
    }


def _nonselective(V: jax.Array) -> tuple[jax.Array, jax.Array]:
    """``ICaN_IS2008``: Inoue and Strowbridge 2008, J. Neurophysiol. 99:187."""
    width = jnp.exp(-(V + 55) / 15) + jnp.exp((V + 55) / 15)
    return 1 / (1 + jnp.exp(-(V + 43) / 5.2)), 1 / (2.7 / width + 1.6)


def _calcium_T(x: jax.Array) -> dict[str, tuple[jax.Array, jax.Array]]:
    """``ICaT_HM1992`` and ``ICaHT_HM1992``: Huguenard and McCormick 1992, 68:1373.

    They differ by their shift alone.
    """
    tau_p = 1 / (jnp.exp(-(x + 132) / 16.7) + jnp.exp((x + 16.8) / 18.2)) + 0.612
    falls, rises = jnp.exp(-(x + 22) / 10.5) + 28, jnp.exp((x + 467) / 66.6)
    return {
        "p": (1 / (1 + jnp.exp(-(x + 59) / 6.2)), _factor(3.55) / tau_p),
        "q": (1 / (1 + jnp.exp((x + 83) / 4)), _factor(3.0) / jnp.where(x >= -80, falls, rises)),
    }


def _factor(q10: float) -> float:
    """How much faster a gate is at 36 degrees than at 24, where it was measured."""
    return float(q10**1.2)


def _two_way(opens: jax.Array, closes: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Target and rate of a gate that opens and closes at these rates, 1/ms."""
    return opens / (opens + closes), opens + closes


def _linoid(x: jax.Array, slope: float) -> jax.Array:
    """``(x / slope) / (1 - exp(-x / slope))``, and its limit 1 at x = 0."""
    z = x / slope
    near = jnp.abs(z) < 1e-7
    safe = jnp.where(near, 1.0, z)
    return jnp.where(near, 1 + z / 2, safe / -jnp.expm1(-safe))
