"""What a model answers to stimuli: traces of a panel, and its vector field."""

import brainpy.math as bm
import jax
import numpy as np

from .arrays import pack, unpack
from .keep import kept, take_model
from .model import about_precision, build, fault
from .settings import put_back, tidy
from .subject import Leg, Subject, states_by_name


def answer(namespace, request):
    """Simulate the panel and sample the field; arrays come back as base64 float64."""
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
    start = reset_ranges(model, request, size)
    subject = Subject(model, request, size)
    lengths = subject.small_steps if jax.config.jax_enable_x64 else ()
    if lengths and any(state.dtype == np.float32 for state in subject.states.values()):
        raise TypeError("a state is float32 where float64 was asked for")  # then all in float32
    states, from_there = (in_parts(drawn[kind], size) for kind in ("field_states", "map_states"))
    small = [Leg(part, part["I"][None], [dt]) for part in states for dt in lengths]
    steps = request["map_steps"]
    held = [subject.leg(part, [part["I"]] * steps) for part in from_there if steps]
    runs = in_parts({"V": V0, "I": current.T}, size)
    panel = [subject.leg({"V": part["V"]}, part["I"].T) for part in runs]
    groups = [small + held + panel]
    if size == 1:  # one loop for each kind, compiled once
        subject.compile()
        each = len(lengths)
        groups = [small[i * each : (i + 1) * each] for i in range(len(states)) if each]
        groups += [[leg] for leg in held + panel]
    told = [states for group in groups for states in subject.run(group)]
    first, last = len(small), len(told) - len(panel)
    slopes = [
        subject.slope(told[i * len(lengths) : (i + 1) * len(lengths)], lengths, part)
        for i, part in enumerate(states)
    ]
    return {
        "start": start,
        "traces": {n: pack(side_by_side(told[last:], n)[:, : V0.size]) for n in subject.states},
        "maps": {
            n: pack(side_by_side(told[first:last], n)[:, : drawn["map_states"]["V"].size])
            for n in subject.states
            if held
        },
        "field": {
            n: pack(np.concatenate([s[n] for s in slopes])[: drawn["field_states"]["V"].size])
            for n in slopes[0]
        },
    }


def reset_ranges(model, request, size):
    """``{state: [least, greatest]}`` right after ``reset()``, over as many as asked for."""
    found = {}
    for _ in range(request["resets"]):
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
