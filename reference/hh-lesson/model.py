"""What each part of the Hodgkin-Huxley lesson asks for, in plain JAX.

A. L. Hodgkin and A. F. Huxley, "A quantitative description of membrane current and
its application to conduction and excitation in nerve", J. Physiol. 117:500 (1952),
Parts II and III, equations 6 to 26 and table 3 (p. 520), with V in today's sign and the
resting potential at -65 mV. The lesson has it in these forms:

- `HH_COMPOSED`, of BrainPy's own channels: ``bp.dyn.IK_HH1952`` has g_max 10 mS/cm2 and
  E -90 mV unless told otherwise (for 36 and -77), alpha_m is 0.1 and every gate starts
  where it is steady at V0;
- `IK`, `INa` and `IL`, the student's channels, each alone in a neuron of 1 uF/cm2;
- the last part, the model of all three, which stands at the top level of this module. Its
  alpha_m is 0.11, its g_L 0.03 mS/cm2 and its gates start at 0.

Units: mV, ms, uA/cm2, mS/cm2, uF/cm2. Every function works elementwise on arrays of
any shape and in the precision that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp

Values = Mapping[str, jax.Array]
State = dict[str, jax.Array]
Move = Callable[[jax.Array, jax.Array, jax.Array], jax.Array]
"""What a gate does, of its rates of opening and closing and of itself."""

RATES = {
    "alpha_n": 0.01,  # 1/(mV ms)
    "beta_n": 0.125,  # 1/ms
    "alpha_m": 0.11,  # 1/(mV ms)
    "beta_m": 4.0,  # 1/ms
    "alpha_h": 0.07,  # 1/ms
    "beta_h": 1.0,  # 1/ms
}
RATES_OF = {"n": ("alpha_n", "beta_n"), "m": ("alpha_m", "beta_m"), "h": ("alpha_h", "beta_h")}
CHANNELS = {"IK": {"n": 4}, "INa": {"m": 3, "h": 1}, "IL": {}}
"""The powers of the gates that each current is multiplied by."""

NOTHING: Mapping[str, Any] = MappingProxyType({})
WRONG_POWERS = {"n_cubed": ("n", 3), "m_squared": ("m", 2), "h_missing": ("h", 0)}
WRONG_MOVES: dict[str, Move] = {
    "exchanged": lambda alpha, beta, x: beta * (1 - x) - alpha * x,
    "alpha_alone": lambda alpha, beta, x: alpha - beta * x,
    "beta_alone": lambda alpha, beta, x: alpha * (1 - x) - beta,
    "plus": lambda alpha, beta, x: alpha * (1 - x) + beta * x,
    "reversed": lambda alpha, beta, x: beta * x - alpha * (1 - x),
}
K = {"g_max": 36.0, "E": -77.0}  # mS/cm2, mV
NA = {"g_max": 120.0, "E": 50.0}
LEAK = {"g_max": 0.03, "E": -54.39}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A reference: a neuron with some of the three channels.

    ``gates`` says which state plays a gate ("n", "m", "h") and ``start`` whether gates
    start "closed", at 0, or "steady" at V0.
    """

    gates: Mapping[str, str]
    CONSTANTS: Mapping[str, float]
    start: str = "closed"

    @property
    def STATES(self) -> tuple[str, ...]:
        """Membrane potential in mV, and the gates, fractions of 1."""
        return ("V", *self.gates.values())

    def initial(self, V0: jax.Array) -> State:
        """The state in which a run starts: V at ``V0`` in mV, the gates closed or steady."""
        if self.start == "closed":
            return {name: V0 if name == "V" else jnp.zeros_like(V0) for name in self.STATES}
        k = {name: jnp.asarray(value, V0.dtype) for name, value in self.CONSTANTS.items()}
        rates = {gate: _rates(gate, V0, k) for gate in self.gates}
        return {"V": V0} | {self.gates[g]: a / (a + b) for g, (a, b) in rates.items()}

    def derivative(self, state: Values, current: jax.Array, constants: Values) -> State:
        """Time derivatives: of V in mV/ms, of the gates in 1/ms.

        ``current`` is the injected current in uA/cm2, depolarising when positive;
        ``constants`` has every name of `CONSTANTS`.
        """
        return self._changed(state, current, constants)

    @property
    def MISTAKES(self) -> dict[str, Callable[..., State]]:
        """Likely mistakes in the currents and gates that it has: the model with each."""
        of_gates = {
            f"{name}:{gate}": partial(self._changed, moves={gate: move})
            for gate in self.gates
            for name, move in WRONG_MOVES.items()
        }
        of_currents = {
            f"current_reversed:{name}": partial(self._changed, flows={name: -1.0})
            for name in CHANNELS
            if f"{name}.E" in self.CONSTANTS
        }
        of_powers = {
            name: partial(self._changed, powers={gate: power})
            for name, (gate, power) in WRONG_POWERS.items()
            if gate in self.gates
        }
        return {**of_powers, **of_currents, **of_gates}

    def _changed(
        self,
        state: Values,
        current: jax.Array,
        k: Values,
        powers: Mapping[str, int] = NOTHING,
        flows: Mapping[str, float] = NOTHING,
        moves: Mapping[str, Move] = NOTHING,
    ) -> State:
        """The derivative with other powers of gates, currents times a factor, other equations."""
        V = state["V"]
        total = current
        for name, gates in CHANNELS.items():
            if f"{name}.E" in self.CONSTANTS:
                flow = flows.get(name, 1.0) * k[f"{name}.g_max"] * (k[f"{name}.E"] - V)
                for gate, power in gates.items():
                    flow = flow * state[self.gates[gate]] ** powers.get(gate, power)
                total = total + flow
        found = {"V": total / k["C"]}
        for gate, own in self.gates.items():
            found[own] = moves.get(gate, _move)(*_rates(gate, V, k), state[own])
        return found


def _move(alpha: jax.Array, beta: jax.Array, x: jax.Array) -> jax.Array:
    """What a gate does, 1/ms: equations 7, 15 and 16 of 1952."""
    return alpha * (1 - x) - beta * x


def _rates(gate: str, V: jax.Array, k: Values) -> tuple[jax.Array, jax.Array]:
    """How fast a gate opens and closes, 1/ms: equations 12, 13, 20, 21, 23 and 24 of 1952."""
    opens, closes = (k[name] for name in RATES_OF[gate])
    if gate == "n":
        return opens * _linoid(V + 55), closes * jnp.exp(-(V + 65) / 80)
    if gate == "m":
        return opens * _linoid(V + 40), closes * jnp.exp(-(V + 65) / 18)
    return opens * jnp.exp(-(V + 65) / 20), closes / (1 + jnp.exp(-(V + 35) / 10))


def _linoid(x: jax.Array) -> jax.Array:
    """``x / (1 - exp(-x / 10))`` in mV, and its limit 10 at x = 0."""
    near = jnp.abs(x) < 1e-6
    safe = jnp.where(near, 1.0, x)
    return jnp.where(near, 10 + x / 2, safe / -jnp.expm1(-safe / 10))


def _constants(gates: str, **channels: Mapping[str, float]) -> Mapping[str, float]:
    """C, the parameters of each channel and the rates of its gates, under their full names."""
    found = {"C": 1.0}
    for name, parameters in channels.items():
        found |= {f"{name}.{parameter}": value for parameter, value in parameters.items()}
    found |= {rate: RATES[rate] for gate in gates for rate in RATES_OF[gate]}
    return MappingProxyType(found)


HH = Part(
    gates={"n": "IK.n", "m": "INa.m", "h": "INa.h"},
    CONSTANTS=_constants("nmh", IK=K, INa=NA, IL=LEAK),
)
HH_COMPOSED = Part(
    gates={"n": "IK.p", "m": "INa.p", "h": "INa.q"},
    CONSTANTS={
        **_constants("nmh", IK={"g_max": 10.0, "E": -90.0}, INa=NA, IL=LEAK | {"E": -54.387}),
        "alpha_m": 0.1,
    },
    start="steady",
)
IK = Part(gates={"n": "IK.n"}, CONSTANTS=_constants("n", IK=K))
INa = Part(gates={"m": "INa.m", "h": "INa.h"}, CONSTANTS=_constants("mh", INa=NA))
IL = Part(gates={}, CONSTANTS=_constants("", IL=LEAK))

PARTS = {"HH": HH, "HH-composed": HH_COMPOSED, "IK": IK, "INa": INa, "IL": IL}
"""The reference of each exercise that has one, by the exercise's id."""

STATES, CONSTANTS, initial, derivative = HH.STATES, HH.CONSTANTS, HH.initial, HH.derivative
