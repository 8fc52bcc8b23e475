"""One instance of a student's model, and the single loop that makes all its steps."""

import collections
import contextlib
import inspect

import brainpy as bp
import brainpy.math as bm
import jax
import numpy as np

from .jit_effort import jit_quickly
from .model import CARRIER, carriers, is_a, named_members, own_states, states


def to_device(array, dtype):
    """Return a JAX array of ``dtype``, converted before: to convert it there compiles a program."""
    return jax.device_put(np.asarray(array, dtype))


def is_known_step(move, rate, slope, dt):
    """Return True if a state moved by its equation in a step of ``dt``, by a method of BrainPy's.

    ``rate`` is the value of the equation and ``slope`` its derivative by the state itself; a gate's
    equation is linear in the gate.
    """
    z = dt * slope
    whole = np.where(np.abs(z) > 1e-8, np.expm1(z) / np.where(z == 0, 1.0, z), 1.0)
    methods = (whole, 1.0, 1 + z / 2, 1 + z / 2 + z**2 / 6 + z**3 / 24)
    return any(relative_error(move, dt * rate * share) <= 1e-3 for share in methods)


def relative_error(found, expected, least=1e-9):
    """Return the 95 % quantile of the relative error; infinite where a value is not finite."""
    apart = np.abs(found - expected) / np.maximum(least, np.abs(expected))
    return np.quantile(apart, 0.95) if np.isfinite(apart).all() else np.inf


CONTINUES = 0  # a step begins where the last one ended, not at the first start, 1, or another

# A part of a run: the states that it starts from, by name, ``(size,)``; then, a row for each
# step, the injected currents, ``(T, size)``, and the lengths in ms; and its first step's number.
Segment = collections.namedtuple("Segment", "start inputs lengths first", defaults=(0,))


def states_by_name(model, request, size):
    """Return the Variables of V, of the requested states and of every channel, by full name."""
    found = {"V": model.V, **dict(own_states(model, request["states"], size))}
    for name, member in named_members(model, request["asked"]):
        if is_a(member, CARRIER):
            for state, variable in states(member, size):
                found[f"{name}.{state}"] = variable
    return found


class SteppedModel:
    """A model as after ``reset()``, its states by name, and one loop to run it.

    Tracing and compiling a step takes far longer than the steps themselves. So one loop makes
    all of them: the small steps for the vector field and those of the map, each from drawn
    states, and then the stimuli from V0.
    """

    def __init__(self, model, request, size):
        self.model = model
        self.size, self.dt, self.asked = size, request["dt"], request["asked"]
        self.has_own_equations = bool(request["states"])  # they move V and the gates alike
        self.states = states_by_name(model, request, size)
        self.variables = self.model.vars().unique()
        self.reset_values = {k: v.value for k, v in self.variables.items()}
        self.nodes = list(self.model.nodes().subset(bp.DynamicalSystem).unique().values())
        self.loop, self.compiled = jit_quickly(self.run_loop), jit_quickly(self.slopes)
        self.ignores_dt = set()  # states that take the same step whatever dt is
        single = not jax.config.jax_enable_x64
        self.small_steps = tuple(dt * (50 if single else 1) for dt in (1e-4, 5e-5, 2.5e-5))  # ms

    def values_by_variable(self, values):
        """Return the initial values of a run by variable."""
        return {
            name: to_device(values[state], own.dtype)
            for name, variable in self.variables.items()
            for state, own in self.states.items()
            if own is variable and state in values
        }

    def segment(self, start, inputs):
        """Return steps of the usual length under ``inputs``, a row for each."""
        return Segment(start, np.asarray(inputs), [self.dt] * len(inputs))

    def run_segments(self, segments):
        """Return for each segment ``{state: (T, size)}`` after each of its steps."""
        starts = list({id(segment.start): segment.start for segment in segments}.values())
        place = {id(start): 1 + at for at, start in enumerate(starts)}
        begins, numbers = [], []
        for segment in segments:
            begins += [place[id(segment.start)]] + [CONTINUES] * (len(segment.inputs) - 1)
            numbers += range(segment.first, segment.first + len(segment.inputs))
        dtype = self.states["V"].dtype
        rows = (
            np.asarray(begins, np.int32),
            np.asarray(numbers),
            to_device(np.concatenate([segment.inputs for segment in segments]), dtype),
            np.concatenate([segment.lengths for segment in segments]).astype(dtype),
        )
        results = self.loop(
            rows, self.stack_starts([self.values_by_variable(start) for start in starts])
        )
        self.restore_reset_state()
        ends = np.cumsum([len(segment.inputs) for segment in segments])[:-1]
        parts = {n: np.split(np.asarray(bm.as_jax(a), float), ends) for n, a in results.items()}
        return [{name: parts[name][at] for name in parts} for at in range(len(segments))]

    def stack_starts(self, starts):
        """Return each variable's initial values, ``(S, size)``; after reset where none is given."""
        return {
            name: to_device([np.asarray(start.get(name, fresh)) for start in starts], fresh.dtype)
            for name, fresh in self.reset_values.items()
            if any(name in start for start in starts)
        }

    def restore_reset_state(self):
        """Restore the state after ``reset()``."""
        for name, variable in self.variables.items():
            variable.value = self.reset_values[name]
        bp.share.save(dt=self.dt, t=0.0, i=0)

    def reset_at(self, V):
        """Return ``{state: (size,)}`` as the channels' own ``reset_state`` makes them at ``V``."""
        self.restore_reset_state()
        self.states["V"].value = to_device(V, self.states["V"].dtype)
        for carrier in carriers(self.model):
            carrier.reset_state(self.states["V"].value)
        found = {name: np.asarray(bm.as_jax(state)) for name, state in self.states.items()}
        self.restore_reset_state()
        return found

    def run_loop(self, rows, starts):
        """Make all steps; a row holds where it begins, its number, its input and its dt."""

        def step(begin, i, x, dt):
            for name, variable in self.variables.items():
                value, there = bm.as_jax(variable.value), self.reset_values[name]
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

    def time_derivatives(self, results, steps, drawn):
        """Return ``{state: (size,)}``: time derivatives per ms, from the model's small steps.

        The equations are used instead, where they can be found, for a state that takes the same
        step whatever dt is, if that step follows them; and in single precision, which has too few
        digits for small steps, if the steps agree with them.
        """
        found, moved = self.extrapolate(results, steps, drawn)
        single = not jax.config.jax_enable_x64
        self.ignores_dt |= set(moved)
        unknown = "V" in moved and not self.has_own_equations
        if unknown or not (moved or single):
            return found if not single else {n: found[n] for n in self.equations(drawn)[0]}
        rates, own = self.equations(drawn)
        confirmed = {
            name
            for name, rate in rates.items()
            if (name in moved and is_known_step(moved[name], rate, own[name], self.dt))
            or (single and relative_error(found[name], rate, 1.0) <= 0.05)
        }
        names = rates if single else found
        return {name: rates[name] if name in confirmed else found[name] for name in names}

    def extrapolate(self, results, steps, drawn):
        """Return Richardson extrapolations of one update as dt goes to 0, accurate to 1e-8.

        Every model has an update, and its integrator does not matter in this limit. Also return
        the steps of the states that an update with half of dt moves as far.
        """
        begin = self.values_by_variable(drawn)
        before = {
            state: np.asarray(begin.get(name, self.reset_values[name]), float)
            for state, own in self.states.items()
            for name, variable in self.variables.items()
            if variable is own
        }
        one, two, four = (
            {n: (after[n][0] - before[n]) / dt for n in before}
            for after, dt in zip(results, steps, strict=True)
        )
        fixed = [n for n in one if np.abs(two[n]).sum() > 1.5 * np.abs(one[n]).sum()]
        moved = {n: results[0][n][0] - before[n] for n in fixed}
        return {n: (one[n] - 6 * two[n] + 8 * four[n]) / 3 for n in one}, moved

    def equations(self, drawn):
        """Return the rates of the equations that can be found, and their slopes in the state."""
        self.restore_reset_state()
        for name, value in self.values_by_variable(drawn).items():
            self.variables[name].value = value
        current = to_device(drawn["I"], self.states["V"].dtype)
        try:
            found = self.compiled(current)
        except BaseException:  # what can't be compiled may yet be computed
            found = self.slopes(current)
        return tuple({n: np.asarray(both[i], float) for n, both in found.items()} for i in (0, 1))

    def slopes(self, current):
        """Return ``{state: (rate, slope)}`` of each equation at the present states."""
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
                    for equation in single_equations(integrator.f):
                        arguments = list(inspect.signature(equation).parameters)
                        others = [a for a in arguments if a not in given]
                        known = given if name or len(others) != 1 else {others[0]: density, **given}
                        if all(a in known for a in arguments) and arguments[0] in own:
                            full = f"{name}.{arguments[0]}" if name else arguments[0]
                            add(full, equation, [known[a] for a in arguments])
        return found


def single_equations(equation):
    """Return the single equations of a joint one."""
    parts = getattr(equation, "eqs", None)
    return [equation] if parts is None else [e for part in parts for e in single_equations(part)]
