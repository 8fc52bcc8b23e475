"""What a model answers to stimuli: traces of a panel, and its vector field."""

import contextlib
import inspect

import brainpy as bp
import brainpy.math as bm
import jax
import numpy as np

from .arrays import pack, unpack
from .keep import kept
from .model import about_precision, build, fault, is_a, named_members, states
from .settings import put_back, tidy


def answer(namespace, request):
    """Simulate the panel and sample the field; arrays come back as base64 float64."""
    cls = kept(namespace, request)
    current = unpack(request["current"])
    V0 = unpack(request["V0"])
    drawn = {name: unpack(array) for name, array in request["field_states"].items()}
    faults = []
    attempts = [(True, True), (False, True), (True, False), (False, False)]
    for x64, together in attempts:
        if not together and not faults:
            break
        try:
            with put_back():
                found = run_all(cls, request, current, V0, drawn, x64, together)
        except BaseException as error:
            stage = "population" if together else "single"
            if not (faults and faults[-1]["stage"] == stage):
                faults.append(fault(stage, error))
            if x64 and not about_precision(error):
                # float32 would not help: straight on to one neuron at a time
                attempts[:] = [a for a in attempts if a != (False, together)]
            continue
        found.update(
            precision="float64" if x64 else "float32", one_by_one=not together, faults=faults
        )
        return found
    return {"traces": {}, "field": {}, "faults": faults}


def run_all(cls, request, current, V0, drawn, x64, together):
    """Every stimulus and every drawn state, in one population or one after the other."""
    tidy(request["dt"], x64)
    count, number = V0.size, drawn["V"].size
    size = max(count, number) if together else 1
    subject = Subject(cls, request, size)
    traces, slopes = [], []
    for start in range(0, count, size):
        part = slice(start, start + size)
        traces.append(subject.trace(fill(current[:, part], size), fill(V0[part], size)))
    for start in range(0, number, size):
        part = {name: fill(array[start : start + size], size) for name, array in drawn.items()}
        slopes.append(subject.slope(part, x64))
    return {
        "start": subject.reset_range(),
        "traces": {
            n: pack(np.concatenate([t[n] for t in traces], 1)[:, :count]) for n in traces[0]
        },
        "field": {n: pack(np.concatenate([s[n] for s in slopes])[:number]) for n in slopes[0]},
    }


def fill(array, size):
    """Repeat the last column until there are ``size`` of them."""
    missing = size - array.shape[-1]
    return np.concatenate([array] + [array[..., -1:]] * missing, axis=-1) if missing else array


class Subject:
    """A new instance, its states by name, and compiled ways to run it."""

    def __init__(self, cls, request, size):
        self.model = build(cls, size)
        self.size, self.dt, self.asked = size, request["dt"], request["asked"]
        self.states = {"V": self.model.V}
        for name, member in named_members(self.model, request["asked"]):
            if is_a(member, bp.dyn.IonChannel):
                for state, variable in states(member, size):
                    self.states[f"{name}.{state}"] = variable
        self.fresh = {k: v.value for k, v in self.model.vars().unique().items()}

        def step(i, x, dt):
            bp.share.save(t=i * dt, i=i, dt=dt)
            self.model(x)
            now = {name: state.value for name, state in self.states.items()}
            self.model.clear_input()
            for node in self.model.nodes().subset(bp.DynamicalSystem).unique().values():
                node.clear_input()
            return now

        self.simulate = bm.jit(
            lambda steps, xs: bm.for_loop(lambda i, x: step(i, x, self.dt), (steps, xs))
        )
        self.advance = bm.jit(lambda x, dt: step(0, x, dt))

    def reset_range(self):
        """``{state: [least, greatest]}`` right after ``reset()``."""
        variables = self.model.vars().unique()
        values = {
            state: np.asarray(self.fresh[name], float)
            for state, own in self.states.items()
            for name, variable in variables.items()
            if variable is own
        }
        return {n: [float(v.min()), float(v.max())] for n, v in values.items()}

    def start(self, values):
        """Back to the state after ``reset()``, then the given values on top."""
        for name, variable in self.model.vars().unique().items():
            variable.value = self.fresh[name]
        for name, value in values.items():
            if name in self.states:
                state = self.states[name]
                state.value = jax.numpy.asarray(value, state.dtype)
        bp.share.save(dt=self.dt, t=0.0, i=0)

    def trace(self, current, V0):
        """``{state: (T, size)}`` after each step."""
        self.start({"V": V0})
        dtype = self.states["V"].dtype
        steps = np.arange(current.shape[0])
        found = self.simulate(steps, jax.numpy.asarray(current, dtype))
        return {name: np.asarray(bm.as_jax(value)) for name, value in found.items()}

    def slope(self, drawn, x64):
        """``{state: (size,)}``: time derivatives per ms.

        They come from the equations where those can be found and one small update
        agrees with them; where it does not, the update counts, since it is what the
        model does. float32 has too few digits to extrapolate an update.
        """
        equations = self.equations(drawn)
        if not x64:
            return equations
        found = self.extrapolated(drawn)
        for name, exact in equations.items():
            if np.all(np.abs(exact - found[name]) <= 1e-4 * np.maximum(1.0, np.abs(found[name]))):
                found[name] = exact
        return found

    def extrapolated(self, drawn):
        """The same by Richardson extrapolation of one update as dt goes to 0.

        Any way of writing the model has an update, and no integrator matters there.
        """
        h, x = 1e-4, jax.numpy.asarray(drawn["I"], self.states["V"].dtype)
        quotients = []
        for dt in (h, h / 2, h / 4):
            self.start(drawn)
            before = {name: np.asarray(state.value, float) for name, state in self.states.items()}
            after = self.advance(x, dt)
            quotients.append(
                {n: (np.asarray(bm.as_jax(after[n]), float) - before[n]) / dt for n in before}
            )
        bp.share.save(dt=self.dt, t=0.0, i=0)
        one, two, four = quotients
        return {n: (one[n] - 6 * two[n] + 8 * four[n]) / 3 for n in one}

    def equations(self, drawn):
        """The same from the equations themselves, as far as they can be found."""
        self.start(drawn)
        V, current = self.states["V"].value, jax.numpy.asarray(drawn["I"], self.states["V"].dtype)
        found = {}
        with contextlib.suppress(BaseException):  # no such method, or with other arguments
            found["V"] = self.model.derivative(V, 0.0, current)
        for name, member in named_members(self.model, self.asked):
            if not is_a(member, bp.dyn.IonChannel):
                continue
            own = {state: variable.value for state, variable in states(member, self.size)}
            for integrator in vars(member).values():
                if is_a(integrator, bp.ode.ODEIntegrator):
                    for equation in flat(integrator.f):
                        arguments = list(inspect.signature(equation).parameters)
                        given = {"t": 0.0, "V": V, **own}
                        if all(a in given for a in arguments) and arguments[0] in own:
                            try:
                                slope = equation(*[given[a] for a in arguments])
                            except BaseException:
                                continue
                            found[f"{name}.{arguments[0]}"] = slope
        full = (self.size,)
        arrays = {n: np.asarray(bm.as_jax(value), float) for n, value in found.items()}
        return {n: array for n, array in arrays.items() if array.shape == full}


def flat(equation):
    """The single equations of a joint one."""
    parts = getattr(equation, "eqs", None)
    return [equation] if parts is None else [e for part in parts for e in flat(part)]
