"""One instance of a student's model, and the one loop that runs all that is asked of it."""

import collections
import contextlib
import inspect

import brainpy as bp
import brainpy.math as bm
import jax
import numpy as np

from .jit_effort import quickly
from .model import CARRIER, carriers, is_a, named_members, own_states, states


def placed(array, dtype):
    """A JAX array of that type; to convert it there would be a program of its own."""
    return jax.device_put(np.asarray(array, dtype))


def follows(move, rate, slope, dt):
    """Whether a state moved as its equation says in a step of ``dt``, by one of BrainPy's methods.

    ``rate`` is what the equation gives and ``slope`` how that changes with the state itself;
    a gate's equation is linear in the gate.
    """
    z = dt * slope
    whole = np.where(np.abs(z) > 1e-8, np.expm1(z) / np.where(z == 0, 1.0, z), 1.0)
    methods = (whole, 1.0, 1 + z / 2, 1 + z / 2 + z**2 / 6 + z**3 / 24)
    return any(off(move, dt * rate * share) <= 1e-3 for share in methods)


def off(found, expected, least=1e-9):
    """How far numbers are off, relative to what is expected: what 95 % of them keep to."""
    apart = np.abs(found - expected) / np.maximum(least, np.abs(expected))
    return np.quantile(apart, 0.95) if np.isfinite(apart).all() else np.inf


GOES_ON = 0  # a step begins where the last one ended, not at the first start, 1, or another

# A part of a run: the states that it starts from, by name, ``(size,)``; then, a row for each
# step, the injected currents, ``(T, size)``, and the lengths in ms; and its first step's number.
Leg = collections.namedtuple("Leg", "start inputs lengths first", defaults=(0,))


def states_by_name(model, request, size):
    """The Variables of V, of the model's asked states and of every channel's, by full name."""
    found = {"V": model.V, **dict(own_states(model, request["states"], size))}
    for name, member in named_members(model, request["asked"]):
        if is_a(member, CARRIER):
            for state, variable in states(member, size):
                found[f"{name}.{state}"] = variable
    return found


class Subject:
    """An instance as after ``reset()``, its states by name, and one loop to run it.

    To find out what a model does in a step takes far longer than the steps themselves.
    So one loop makes all of them: the small ones that tell the vector field and those of
    the map, each from drawn states, and then the panel from V0 on.
    """

    def __init__(self, model, request, size):
        self.model = model
        self.size, self.dt, self.asked = size, request["dt"], request["asked"]
        self.whole = bool(request["states"])  # its own equations move V and its gates alike
        self.states = states_by_name(model, request, size)
        self.variables = self.model.vars().unique()
        self.fresh = {k: v.value for k, v in self.variables.items()}
        self.nodes = list(self.model.nodes().subset(bp.DynamicalSystem).unique().values())
        self.loop, self.compiled = quickly(self.go), quickly(self.slopes)
        self.fixed = set()  # states that take the same step whatever dt is
        single = not jax.config.jax_enable_x64
        self.small_steps = tuple(dt * (50 if single else 1) for dt in (1e-4, 5e-5, 2.5e-5))  # ms

    def start(self, values):
        """The given values where a run begins, by variable."""
        return {
            name: placed(values[state], own.dtype)
            for name, variable in self.variables.items()
            for state, own in self.states.items()
            if own is variable and state in values
        }

    def leg(self, start, inputs):
        """Steps of the usual length under ``inputs``, a row for each."""
        return Leg(start, np.asarray(inputs), [self.dt] * len(inputs))

    def run(self, legs):
        """For each leg ``{state: (T, size)}`` after each of its steps."""
        starts = list({id(leg.start): leg.start for leg in legs}.values())
        place = {id(start): 1 + at for at, start in enumerate(starts)}
        begins, numbers = [], []
        for leg in legs:
            begins += [place[id(leg.start)]] + [GOES_ON] * (len(leg.inputs) - 1)
            numbers += range(leg.first, leg.first + len(leg.inputs))
        dtype = self.states["V"].dtype
        rows = (
            np.asarray(begins, np.int32),
            np.asarray(numbers),
            placed(np.concatenate([leg.inputs for leg in legs]), dtype),
            np.concatenate([leg.lengths for leg in legs]).astype(dtype),
        )
        told = self.loop(rows, self.side_by_side([self.start(start) for start in starts]))
        self.begin_anew()
        ends = np.cumsum([len(leg.inputs) for leg in legs])[:-1]
        parts = {n: np.split(np.asarray(bm.as_jax(a), float), ends) for n, a in told.items()}
        return [{name: parts[name][at] for name in parts} for at in range(len(legs))]

    def side_by_side(self, starts):
        """What each start gives a variable, ``(S, size)``, and the fresh value where nothing."""
        return {
            name: placed([np.asarray(start.get(name, fresh)) for start in starts], fresh.dtype)
            for name, fresh in self.fresh.items()
            if any(name in start for start in starts)
        }

    def begin_anew(self):
        """The state after ``reset()``."""
        for name, variable in self.variables.items():
            variable.value = self.fresh[name]
        bp.share.save(dt=self.dt, t=0.0, i=0)

    def reset_at(self, V):
        """``{state: (size,)}`` as the channels' own ``reset_state`` makes them at ``V``."""
        self.begin_anew()
        self.states["V"].value = placed(V, self.states["V"].dtype)
        for carrier in carriers(self.model):
            carrier.reset_state(self.states["V"].value)
        found = {name: np.asarray(bm.as_jax(state)) for name, state in self.states.items()}
        self.begin_anew()
        return found

    def go(self, rows, starts):
        """The loop itself; a row is where it begins, its number, its input, and its dt."""

        def step(begin, i, x, dt):
            for name, variable in self.variables.items():
                value, there = bm.as_jax(variable.value), self.fresh[name]
                if name in starts:  # a choice among them all would be a long program
                    there = jax.lax.dynamic_index_in_dim(starts[name], begin - 1, keepdims=False)
                variable.value = jax.lax.select_n(begin > 0, value, there)
            bp.share.save(t=i * dt, i=i, dt=dt)
            self.model(x)
            now = {name: state.value for name, state in self.states.items()}
            self.model.clear_input()
            for node in self.nodes:
                node.clear_input()
            return now

        return bm.for_loop(step, rows)

    def slope(self, told, steps, drawn):
        """``{state: (size,)}``: time derivatives per ms, by what the model does in a small step.

        The equations speak instead, where they can be found, for a state that takes the same
        step whatever dt is, if that step follows them; and in single precision, which has too
        few digits for that, if the steps agree with them as well as they can.
        """
        found, moved = self.extrapolated(told, steps, drawn)
        single = not jax.config.jax_enable_x64
        self.fixed |= set(moved)
        unknown = "V" in moved and not self.whole
        if unknown or not (moved or single):
            return found if not single else {n: found[n] for n in self.equations(drawn)[0]}
        rates, own = self.equations(drawn)
        stands = {
            name
            for name, rate in rates.items()
            if (name in moved and follows(moved[name], rate, own[name], self.dt))
            or (single and off(found[name], rate, 1.0) <= 0.05)
        }
        told_by = rates if single else found
        return {name: rates[name] if name in stands else found[name] for name in told_by}

    def extrapolated(self, told, steps, drawn):
        """By Richardson extrapolation of one update as dt goes to 0, good to 1e-8.

        Any way of writing the model has an update, and no integrator matters there. Also
        how far the states go that an update with half of dt moves as far.
        """
        begin = self.start(drawn)
        before = {
            state: np.asarray(begin.get(name, self.fresh[name]), float)
            for state, own in self.states.items()
            for name, variable in self.variables.items()
            if variable is own
        }
        one, two, four = (
            {n: (after[n][0] - before[n]) / dt for n in before}
            for after, dt in zip(told, steps, strict=True)
        )
        fixed = [n for n in one if np.abs(two[n]).sum() > 1.5 * np.abs(one[n]).sum()]
        moved = {n: told[0][n][0] - before[n] for n in fixed}
        return {n: (one[n] - 6 * two[n] + 8 * four[n]) / 3 for n in one}, moved

    def equations(self, drawn):
        """What the equations give, as far as they can be found, and its slope in the state."""
        self.begin_anew()
        for name, value in self.start(drawn).items():
            self.variables[name].value = value
        current = placed(drawn["I"], self.states["V"].dtype)
        try:
            found = self.compiled(current)
        except BaseException:  # what can't be compiled may yet be computed
            found = self.slopes(current)
        return tuple({n: np.asarray(both[i], float) for n, both in found.items()} for i in (0, 1))

    def slopes(self, current):
        """``{state: (rate, slope)}`` of each equation at the present states."""
        V, found = self.states["V"].value, {}

        def add(name, equation, arguments):
            def rate(x):
                return bm.as_jax(equation(x, *arguments[1:]))

            with contextlib.suppress(BaseException):  # no such method, or with other arguments
                x = bm.as_jax(arguments[0])
                value, slope = jax.jvp(rate, (x,), (jax.numpy.ones_like(x),))
                if value.shape == (self.size,):
                    found[name] = (value, slope)

        density = current  # uA/cm2; a neuron of an area gets nA
        if is_a(self.model, bp.dyn.CondNeuGroupLTC):
            density = current * (1e-3 / self.model.A)
        add("V", getattr(self.model, "derivative", None), (V, 0.0, density))
        for name, member in [("", self.model), *named_members(self.model, self.asked)]:
            if name and not is_a(member, CARRIER):
                continue
            own = {state: variable.value for state, variable in states(member, self.size)}
            given = {"t": 0.0, "V": V, **own}
            for integrator in list(vars(member).values()):
                if is_a(integrator, bp.ode.ODEIntegrator):
                    for equation in flat(integrator.f):
                        arguments = list(inspect.signature(equation).parameters)
                        others = [a for a in arguments if a not in given]
                        known = given if name or len(others) != 1 else {others[0]: density, **given}
                        if all(a in known for a in arguments) and arguments[0] in own:
                            full = f"{name}.{arguments[0]}" if name else arguments[0]
                            add(full, equation, [known[a] for a in arguments])
        return found


def flat(equation):
    """The single equations of a joint one."""
    parts = getattr(equation, "eqs", None)
    return [equation] if parts is None else [e for part in parts for e in flat(part)]
