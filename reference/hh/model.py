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
    gates = {gate: _relax(state[gate], *_rates(gate, state["V"], constants)) for gate in _RATES}
    return {"V": _membrane(_currents(state, constants), current, constants), **gates}


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


def _membrane(
    currents: Mapping[str, jax.Array], current: jax.Array, k: Mapping[str, jax.Array]
) -> jax.Array:
    return (currents["IK"] + currents["INa"] + currents["IL"] + current) / k["C"]


def _relax(x: jax.Array, alpha: jax.Array, beta: jax.Array) -> jax.Array:
    return alpha * (1 - x) - beta * x


Rate = Callable[..., jax.Array]
"""A gate's alpha or beta in 1/ms, of V; with ``sign`` -1 its exponent has the other sign."""


def _alpha_n(V: jax.Array, k: Mapping[str, jax.Array], sign: int = 1) -> jax.Array:
    return sign * k["alpha_n"] * _linoid(sign * (V + 55))


def _beta_n(V: jax.Array, k: Mapping[str, jax.Array], sign: int = 1) -> jax.Array:
    return k["beta_n"] * jnp.exp(-sign * (V + 65) / 80)


def _alpha_m(V: jax.Array, k: Mapping[str, jax.Array], sign: int = 1) -> jax.Array:
    return sign * k["alpha_m"] * _linoid(sign * (V + 40))


def _beta_m(V: jax.Array, k: Mapping[str, jax.Array], sign: int = 1) -> jax.Array:
    return k["beta_m"] * jnp.exp(-sign * (V + 65) / 18)


def _alpha_h(V: jax.Array, k: Mapping[str, jax.Array], sign: int = 1) -> jax.Array:
    return k["alpha_h"] * jnp.exp(-sign * (V + 65) / 20)


def _beta_h(V: jax.Array, k: Mapping[str, jax.Array], sign: int = 1) -> jax.Array:
    return k["beta_h"] / (1 + jnp.exp(-sign * (V + 35) / 10))


_RATES: dict[str, tuple[Rate, Rate]] = {
    "IK.n": (_alpha_n, _beta_n),
    "INa.m": (_alpha_m, _beta_m),
    "INa.h": (_alpha_h, _beta_h),
}
_SHIFTS = {"IK.n": (55, 65), "INa.m": (40, 65), "INa.h": (65, 35)}  # mV added to V


def _rates(gate: str, V: jax.Array, k: Mapping[str, jax.Array]) -> tuple[jax.Array, jax.Array]:
    alpha, beta = _RATES[gate]
    return alpha(V, k), beta(V, k)


def _linoid(x: jax.Array) -> jax.Array:
    """``x / (1 - exp(-x / 10))`` in mV, and its limit 10 at x = 0."""
    near = jnp.abs(x) < 1e-6
    safe = jnp.where(near, 1.0, x)
    return jnp.where(near, 10 + x / 2, safe / -jnp.expm1(-safe / 10))


# ------------------------------------------------------------------- likely mistakes
Derivative = Callable[..., dict[str, jax.Array]]


def _flowing(flow: Callable[..., Mapping[str, jax.Array]]) -> Derivative:
    """The model with the currents that ``flow(state, constants)`` gives."""

    def wrong(state, current, constants):  # type: ignore[no-untyped-def]
        right = derivative(state, current, constants)
        return {**right, "V": _membrane(flow(state, constants), current, constants)}

    return wrong


def _times(**factors: float) -> Derivative:
    return _flowing(lambda s, k: {n: factors.get(n, 1) * c for n, c in _currents(s, k).items()})


def _powers(**powers: int) -> Derivative:
    return _flowing(partial(_currents, **powers))


def _undriven(channel: str, E: str) -> Derivative:
    """The current of ``channel`` without its driving force E - V."""
    return _flowing(lambda s, k: {**(c := _currents(s, k)), channel: c[channel] / (k[E] - s["V"])})


def _moving(gate: str, rate: Rate) -> Derivative:
    """The model in which ``gate`` moves by ``rate(x, V, constants)``, in 1/ms."""

    def wrong(state, current, constants):  # type: ignore[no-untyped-def]
        right = derivative(state, current, constants)
        return {**right, gate: rate(state[gate], state["V"], constants)}

    return wrong


def _gate_mistakes(gate: str) -> dict[str, Derivative]:
    alpha, beta = _RATES[gate]
    to_alpha, to_beta = _SHIFTS[gate]
    combined: dict[str, Callable[..., jax.Array]] = {  # of the gate x and its rates a and b
        "exchanged": lambda x, a, b: _relax(x, b, a),
        "parts_exchanged": lambda x, a, b: a * x - b * (1 - x),
        "alpha_alone": lambda x, a, b: a - b * x,
        "beta_alone": lambda x, a, b: a * (1 - x) - b,
        "plus": lambda x, a, b: a * (1 - x) + b * x,
        "reversed": lambda x, a, b: -_relax(x, a, b),
        "alpha_negative": lambda x, a, b: _relax(x, -a, b),
        "alpha_tenfold": lambda x, a, b: _relax(x, 10 * a, b),
        "alpha_tenth": lambda x, a, b: _relax(x, a / 10, b),
        "beta_tenfold": lambda x, a, b: _relax(x, a, 10 * b),
        "beta_tenth": lambda x, a, b: _relax(x, a, b / 10),
    }
    rated: dict[str, Callable[..., tuple[jax.Array, jax.Array]]] = {  # of V and the constants
        "alpha_exponent": lambda V, k: (alpha(V, k, -1), beta(V, k)),
        "beta_exponent": lambda V, k: (alpha(V, k), beta(V, k, -1)),
        "alpha_unshifted": lambda V, k: (alpha(V - to_alpha, k), beta(V, k)),
        "beta_unshifted": lambda V, k: (alpha(V, k), beta(V - to_beta, k)),
        "both_unshifted": lambda V, k: (alpha(V - to_alpha, k), beta(V - to_beta, k)),
        "alpha_shift_sign": lambda V, k: (alpha(V - 2 * to_alpha, k), beta(V, k)),
        "beta_shift_sign": lambda V, k: (alpha(V, k), beta(V - 2 * to_beta, k)),
        "both_shift_sign": lambda V, k: (alpha(V - 2 * to_alpha, k), beta(V - 2 * to_beta, k)),
        "V_sh_zero": lambda V, k: (alpha(V - 45, k), beta(V - 45, k)),
        **{
            f"of_{other.split('.')[1]}": partial(_rates, other) for other in _RATES if other != gate
        },
    }
    rates: dict[str, Rate] = {
        name: lambda x, V, k, form=form: form(x, *_rates(gate, V, k))
        for name, form in combined.items()
    }
    rates |= {
        name: lambda x, V, k, form=form: _relax(x, *form(V, k)) for name, form in rated.items()
    }
    return {f"{name}:{gate}": _moving(gate, rate) for name, rate in rates.items()}


MISTAKES: dict[str, Derivative] = {
    "n_cubed": _powers(n=3),
    "m_squared": _powers(m=2),
    "m_fourth": _powers(m=4),
    "m_and_h_exchanged": _powers(m=1, h=3),
    "h_missing": _powers(h=0),
    "leak_twice": _times(IL=2),
    "leak_missing": _times(IL=0),
    "potassium_missing": _times(IK=0),
    "sodium_missing": _times(INa=0),
    "potassium_reversed": _times(IK=-1),
    "sodium_reversed": _times(INa=-1),
    "leak_reversed": _times(IL=-1),
    "all_reversed": _times(IK=-1, INa=-1, IL=-1),
    "potassium_undriven": _undriven("IK", "IK.E"),
    "sodium_undriven": _undriven("INa", "INa.E"),
    **_gate_mistakes("IK.n"),
    **_gate_mistakes("INa.m"),
    **_gate_mistakes("INa.h"),
}
"""Likely mistakes: the model with each, as `derivative`. A message of the assignment names it.

Names that differ after a colon share the message that is named before it.
"""
