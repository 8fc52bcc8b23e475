"""One instance of a student's model, and the one loop that runs all that is asked of it."""

import collections
import contextlib
import inspect

import brainpy as bp
import brainpy.math as bm
import jax
import numpy as np

from .model import CARRIER, is_a, named_members, own_states, states


def placed(array, dtype):
    """A JAX array of that type; to convert it there would be a program of its own."""
    return jax.device_put(np.asarray(array, dtype))


def follows(move, step, least):
    """Whether a state moved as its equation says: any integrator's step is shorter, not by much."""
    tells = np.abs(step) > 1e-6
    share = move[tells] / step[tells]
    return share.size > 0 and np.mean((share > least) & (share < 1.5)) > 0.95


# How much of Euler's step a state makes at least: with every channel open, V is faster than dt.
LEAST = {"V": 0.02, "gate": 0.2}

GOES_ON = 0  # a step begins where the last one ended, not at the first start, 1, or another

# A part of a run: the states that it starts from, by name, ``(size,)``; then, a row for each
# step, the injected currents, ``(T, size)``, and the lengths in ms.
Leg = collections.namedtuple("Leg", "start inputs lengths")


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

    small_steps = (1e-4, 5e-5, 2.5e-5)  # ms

    def __init__(self, model, request, size):
        self.model = model
        self.size, self.dt, self.asked = size, request["dt"], request["asked"]
        self.whole = bool(request["states"])  # its own equations move V and its gates alike
        self.states = states_by_name(model, request, size)
        self.variables = self.model.vars().unique()
        self.fresh = {k: v.value for k, v in self.variables.items()}
        self.nodes = list(self.model.nodes().subset(bp.DynamicalSystem).unique().values())
        self.loop, self.compiled = self.go, bm.jit(self.slopes)

    def compile(self):
        """From now on a loop of the same length is not looked at again."""
        self.loop = bm.jit(self.go)

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
            numbers += range(len(leg.inputs))
        dtype = self.states["V"].dtype
        rows = (
            np.asarray(begins, np.int32),
            np.asarray(numbers),
            placed(np.concatenate([leg.inputs for leg in legs]), dtype),
            np.concatenate([leg.lengths for leg in legs]).astype(dtype),
        )
        told = self.loop(rows, [self.start(start) for start in starts])
        self.begin_anew()
        ends = np.cumsum([len(leg.inputs) for leg in legs])[:-1]
        parts = {n: np.split(np.asarray(bm.as_jax(a), float), ends) for n, a in told.items()}
        return [{name: parts[name][at] for name in parts} for at in range(len(legs))]

    def begin_anew(self):
        """The state after ``reset()``."""
        for name, variable in self.variables.items():
            variable.value = self.fresh[name]
        bp.share.save(dt=self.dt, t=0.0, i=0)

    def go(self, rows, starts):
        """The loop itself; a row is where it begins, its number, its input, and its dt."""

        there = {}  # what a variable is at each start, one upon the other
        for name, fresh in self.fresh.items():
            given = [start.get(name, fresh) for start in starts]
            if any(other is not fresh for other in given):
                there[name] = jax.numpy.stack([bm.as_jax(other) for other in given])

        def step(begin, i, x, dt):
            for name, variable in self.variables.items():
                value, given = bm.as_jax(variable.value), self.fresh[name]
                if name in there:
                    at = jax.numpy.maximum(begin - 1, 0)
                    given = jax.lax.dynamic_index_in_dim(there[name], at, keepdims=False)
                variable.value = jax.lax.select_n(begin > 0, value, given)
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

        The equations are asked instead, where they can be found, in float32, which has too
        few digits for that, and for a state that takes the same step whatever dt is.
        """
        if not steps:
            return self.equations(drawn)
        found, moved = self.extrapolated(told, steps, drawn)
        if moved and (self.whole or "V" not in moved):
            equations = self.equations(drawn)
            found |= {
                name: equations[name]
                for name, move in moved.items()
                if name in equations
                and follows(move, equations[name] * self.dt, LEAST["V" if name == "V" else "gate"])
            }
        return found

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
        """From the equations themselves, as far as they can be found."""
        self.begin_anew()
        for name, value in self.start(drawn).items():
            self.variables[name].value = value
        current = placed(drawn["I"], self.states["V"].dtype)
        try:
            found = self.compiled(current)
        except BaseException:  # what can't be compiled may yet be computed
            found = self.slopes(current)
        return {n: np.asarray(bm.as_jax(value), float) for n, value in found.items()}

    def slopes(self, current):
        """What each equation gives at the present states."""
        V, found = self.states["V"].value, {}

        def add(name, equation, arguments):
            with contextlib.suppress(BaseException):  # no such method, or with other arguments
                value = bm.as_jax(equation(*arguments))
                if value.shape == (self.size,):
                    found[name] = value

        density = current * (1e-3 / getattr(self.model, "A", 1e-3))  # uA/cm2 of a neuron of an area
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
