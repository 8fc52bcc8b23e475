"""What a model answers to stimuli: traces of a panel, and its vector field."""

import contextlib
import inspect

import brainpy as bp
import brainpy.math as bm
import jax
import numpy as np

from .arrays import pack, unpack
from .keep import kept, take_model
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
                tidy(request["dt"], x64)
                size = request["size"] if together else 1
                model = take_model(request, size, x64)
                try:
                    found = run_all(model or build(cls, size), request, size, current, V0, drawn)
                except BaseException:
                    if model is None:
                        raise
                    # it was looked at before; a new one knows nothing of that
                    tidy(request["dt"], x64)
                    found = run_all(build(cls, size), request, size, current, V0, drawn)
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


def run_all(model, request, size, current, V0, drawn):
    """Every stimulus and every drawn state, in one population or one after the other."""
    count, number = V0.size, drawn["V"].size
    subject = Subject(model, request, size)
    steps = subject.small_steps if jax.config.jax_enable_x64 else ()
    parts = [
        {name: fill(array[i : i + size], size) for name, array in drawn.items()}
        for i in range(0, number, size)
    ]
    if size > 1:
        told = subject.run(steps, parts, fill(current, size), fill(V0, size))
        small = len(steps) * len(parts)
        traces = {name: values[small:] for name, values in told.items()}
    else:
        subject.compile()
        alone = [subject.run(steps, [part]) for part in parts if steps]
        told = {name: np.concatenate([t[name] for t in alone]) for name in subject.states if alone}
        runs = [subject.run((), [], current[:, i : i + 1], V0[i : i + 1]) for i in range(count)]
        traces = {name: np.concatenate([run[name] for run in runs], axis=1) for name in runs[0]}
    slopes = []
    for i, part in enumerate(parts):
        rows = slice(i * len(steps), (i + 1) * len(steps))
        small = {name: values[rows] for name, values in told.items()}
        slopes.append(subject.slope(small, steps, part))
    return {
        "start": subject.reset_range(),
        "traces": {name: pack(trace[:, :count]) for name, trace in traces.items()},
        "field": {n: pack(np.concatenate([s[n] for s in slopes])[:number]) for n in slopes[0]},
    }


def fill(array, size):
    """Repeat the last column until there are ``size`` of them."""
    missing = size - array.shape[-1]
    return np.concatenate([array] + [array[..., -1:]] * missing, axis=-1) if missing else array


def placed(array, dtype):
    """A JAX array of that type; to convert it there would be a program of its own."""
    return jax.device_put(np.asarray(array, dtype))


def follows(move, step):
    """Whether a state moved as its equation says: any integrator's step is shorter, not by much."""
    tells = np.abs(step) > 1e-6
    share = move[tells] / step[tells]
    return share.size > 0 and np.mean((share > 0.2) & (share < 1.5)) > 0.95


GOES_ON = 0  # a step begins where the last one ended, not at the first start, 1, or another


class Subject:
    """An instance as after ``reset()``, its states by name, and one loop to run it.

    To find out what a model does in a step takes far longer than the steps themselves.
    So one loop makes all of them: the small ones that tell the vector field, each from
    the drawn states, and then the panel from V0 on.
    """

    small_steps = (1e-4, 5e-5, 2.5e-5)  # ms

    def __init__(self, model, request, size):
        self.model = model
        self.size, self.dt, self.asked = size, request["dt"], request["asked"]
        self.states = {"V": self.model.V}
        for name, member in named_members(self.model, request["asked"]):
            if is_a(member, bp.dyn.IonChannel):
                for state, variable in states(member, size):
                    self.states[f"{name}.{state}"] = variable
        self.variables = self.model.vars().unique()
        self.fresh = {k: v.value for k, v in self.variables.items()}
        self.nodes = list(self.model.nodes().subset(bp.DynamicalSystem).unique().values())
        self.loop, self.compiled = self.go, bm.jit(self.slopes)

    def compile(self):
        """From now on a loop of the same length is not looked at again."""
        self.loop = bm.jit(self.go)

    def reset_range(self):
        """``{state: [least, greatest]}`` right after ``reset()``."""
        values = {
            state: np.asarray(self.fresh[name], float)
            for state, own in self.states.items()
            for name, variable in self.variables.items()
            if variable is own
        }
        return {n: [float(v.min()), float(v.max())] for n, v in values.items()}

    def start(self, values):
        """The given values where a run begins, by variable."""
        return {
            name: placed(values[state], own.dtype)
            for name, variable in self.variables.items()
            for state, own in self.states.items()
            if own is variable and state in values
        }

    def run(self, steps, parts, current=None, V0=None):
        """``{state: (len(parts) * len(steps) + T, size)}`` after each step.

        First come steps of the lengths ``steps`` from each of the ``parts`` of the drawn
        states; then ``current``, ``(T, size)``, is injected from ``V0`` on.
        """
        starts = [self.start(part) for part in parts] if steps else []
        begins = [1 + at for at in range(len(starts)) for _ in steps]
        inputs = [part["I"][None] for part in parts for _ in steps]
        numbers, lengths = [0] * len(begins), list(steps) * len(starts)
        if current is not None:
            starts.append(self.start({"V": V0}))
            begins += [len(starts)] + [GOES_ON] * (len(current) - 1)
            inputs.append(current)
            numbers += range(len(current))
            lengths += [self.dt] * len(current)
        rows = (
            np.asarray(begins, np.int32),
            np.asarray(numbers),
            placed(np.concatenate(inputs), self.states["V"].dtype),
            np.asarray(lengths, self.states["V"].dtype),
        )
        told = self.loop(rows, starts)
        self.begin_anew()
        return {name: np.asarray(bm.as_jax(value), float) for name, value in told.items()}

    def begin_anew(self):
        """The state after ``reset()``."""
        for name, variable in self.variables.items():
            variable.value = self.fresh[name]
        bp.share.save(dt=self.dt, t=0.0, i=0)

    def go(self, rows, starts):
        """The loop itself; a row is where it begins, its number, its input, and its dt."""

        def step(begin, i, x, dt):
            for name, variable in self.variables.items():
                value, fresh = bm.as_jax(variable.value), self.fresh[name]
                given = [start.get(name, fresh) for start in starts]
                if all(other is fresh for other in given):
                    variable.value = jax.lax.select_n(begin > 0, value, fresh)
                else:
                    variable.value = jax.lax.select_n(begin, value, *given)
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
        if moved and "V" not in moved:
            equations = self.equations(drawn)
            found |= {
                name: equations[name]
                for name, move in moved.items()
                if name in equations and follows(move, equations[name] * self.dt)
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
            {n: (told[n][row] - before[n]) / dt for n in before} for row, dt in enumerate(steps)
        )
        fixed = [n for n in one if np.abs(two[n]).sum() > 1.5 * np.abs(one[n]).sum()]
        moved = {n: told[n][0] - before[n] for n in fixed}
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

        add("V", getattr(self.model, "derivative", None), (V, 0.0, current))
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
                            add(f"{name}.{arguments[0]}", equation, [given[a] for a in arguments])
        return found


def flat(equation):
    """The single equations of a joint one."""
    parts = getattr(equation, "eqs", None)
    return [equation] if parts is None else [e for part in parts for e in flat(part)]
