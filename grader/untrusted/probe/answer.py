"""What a model answers to stimuli: traces of a panel, and its vector field."""

import brainpy.math as bm
import jax
import numpy as np

from .arrays import unpack
from .class_registry import kept, take_model
from .model import about_precision, build, fault
from .settings import put_back, tidy
from .simulate import Leg, Subject, states_by_name


def answer(namespace, request):
    """Simulate the panel and sample the field; arrays are float64."""
    cls = kept(namespace, request)
    current = unpack(request["current"])
    V0 = unpack(request["V0"])
    drawn = {
        kind: {name: unpack(array) for name, array in request[kind].items()}
        for kind in ("field_states", "map_states")
    }
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
                    found = run_all(cls, model, request, size, current, V0, drawn)
                except BaseException:
                    # it was looked at and reset often; a new one knows nothing of that
                    tidy(request["dt"], x64)
                    once = {**request, "resets": 1}
                    found = run_all(cls, None, once, size, current, V0, drawn)
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


def run_all(cls, model, request, size, current, V0, drawn):
    """Every stimulus and every drawn state, in one population or one after the other."""
    model = model or build(cls, request, size)
    start = reset_ranges(model, request, size)
    subject = Subject(model, request, size)
    if jax.config.jax_enable_x64 and any(s.dtype == np.float32 for s in subject.states.values()):
        raise TypeError("a state is float32 where float64 was asked for")  # then all in float32
    states, from_there = (in_parts(drawn[kind], size) for kind in ("field_states", "map_states"))
    runs = in_parts({"V": V0, "I": current.T}, size)
    if request["steady"]:
        runs = [{**subject.reset_at(part["V"]), **part} for part in runs]
    lengths, after = subject.small_steps, request["map_steps"]
    shorter = slice(request["finer_from"], request["finer_from"] + request["finer_steps"])
    legs = {
        "small": [Leg(part, part["I"][None], [dt]) for part in states for dt in lengths],
        "maps": [subject.leg(part, [part["I"]] * max(after)) for part in from_there if after],
        "traces": [subject.leg(part, part["I"].T) for part in runs],
    }
    legs |= {d: finer(subject, runs, shorter, d) for d in request["finer"]}
    told = run_legs(subject, legs)
    each = len(lengths)
    slopes = [
        subject.slope(told["small"][i * each : (i + 1) * each], lengths, part)
        for i, part in enumerate(states)
    ]
    if subject.fixed:  # such a state may go by the dt that was set when the model was made
        x64 = jax.config.jax_enable_x64
        for d in request["finer"]:
            tidy(subject.dt / d, x64)
            own = Subject(build(cls, request, size), {**request, "dt": subject.dt / d}, size)
            told |= run_legs(own, {d: legs[d]})
        tidy(subject.dt, x64)
    fine = {
        name: [side_by_side(told[d], name)[d - 1 :: d, : V0.size] for d in request["finer"]]
        for name in subject.states
    }
    maps = {n: side_by_side(told["maps"], n) for n in subject.states if told["maps"]}
    rows = [steps - 1 for steps in after]
    field = {n: np.concatenate([s[n] for s in slopes]) for n in slopes[0]}
    return {
        "start": start,
        "resets": request["resets"] * size,
        "traces": {n: side_by_side(told["traces"], n)[:, : V0.size] for n in subject.states},
        "finer": {n: np.concatenate(parts) for n, parts in fine.items() if parts},
        "maps": {n: m[rows, : drawn["map_states"]["V"].size] for n, m in maps.items()},
        "field": {n: rate[: drawn["field_states"]["V"].size] for n, rate in field.items()},
    }


def finer(subject, runs, steps, divisions):
    """A run from V0 under the inputs of these steps, each step in so many parts."""
    return [
        Leg(part, inputs, [subject.dt / divisions] * len(inputs), steps.start * divisions)
        for part in runs
        for inputs in [np.repeat(part["I"].T[steps], divisions, axis=0)]
    ]


def run_legs(subject, legs):
    """What each leg told, under the same names: all in one loop, if there are many neurons."""
    if subject.size == 1:  # a loop for each length, compiled once
        each = len(subject.small_steps)
        small = legs.get("small", [])
        groups = [small[i : i + each] for i in range(0, len(small), each)]
        groups += [[leg] for name, own in legs.items() if name != "small" for leg in own]
    else:
        groups = [[leg for own in legs.values() for leg in own]]
    told = iter([states for group in groups for states in subject.run(group)])
    return {name: [next(told) for _ in own] for name, own in legs.items()}


def reset_ranges(model, request, size):
    """``{state: [least, greatest]}`` right after ``reset()``, over as many as asked for.

    One was made already, when the model was.
    """
    found = {}
    for further in range(request["resets"]):
        if further:
            model.reset()
        for name, own in states_by_name(model, request, size).items():
            values = np.asarray(bm.as_jax(own), float)
            least, greatest = found.get(name, (np.inf, -np.inf))
            found[name] = [
                float(np.minimum(least, values.min())),  # NaN stays
                float(np.maximum(greatest, values.max())),
            ]
    return found


def in_parts(drawn, size):
    """Drawn states, ``size`` at a time; the last ones again until there are enough."""
    count = len(drawn["V"])
    return [
        {name: fill(array[i : i + size], size) for name, array in drawn.items()}
        for i in range(0, count, size)
    ]


def side_by_side(told, name):
    """One state of several legs of equal length, their neurons side by side."""
    return np.concatenate([states[name] for states in told], axis=1)


def fill(array, size):
    """Repeat the last row until there are ``size`` of them."""
    missing = size - len(array)
    return np.concatenate([array] + [array[-1:]] * missing) if missing else array
