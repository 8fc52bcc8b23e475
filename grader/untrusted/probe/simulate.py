"""Simulate a model under stimuli: voltage traces, and samples of its vector field."""

import brainpy.math as bm
import jax
import numpy as np

from .arrays import unpack
from .class_registry import graded_class, take_model
from .model import build, fault, is_about_precision
from .settings import apply_settings, restored_settings
from .step_loop import Segment, SteppedModel, states_by_name


def simulate(namespace, request):
    """Simulate all stimuli and sample the vector field; arrays are float64.

    Tried in turn: double and single precision, a population and one neuron at a time.
    """
    cls = graded_class(namespace, request)
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
            with restored_settings():
                apply_settings(request["dt"], x64)
                size = request["size"] if together else 1
                model = take_model(request, size, x64)
                try:
                    found = run_stimuli(cls, model, request, size, current, V0, drawn)
                except BaseException:
                    # the kept instance was described and reset often: try a new one
                    apply_settings(request["dt"], x64)
                    once = {**request, "resets": 1}
                    found = run_stimuli(cls, None, once, size, current, V0, drawn)
        except BaseException as error:
            stage = "population" if together else "single"
            if not (faults and faults[-1]["stage"] == stage):
                faults.append(fault(stage, error))
            if x64 and not is_about_precision(error):
                # float32 would not help: straight on to one neuron at a time
                attempts[:] = [a for a in attempts if a != (False, together)]
            continue
        found.update(
            precision="float64" if x64 else "float32", one_by_one=not together, faults=faults
        )
        return found
    return {"traces": {}, "field": {}, "faults": faults}


def run_stimuli(cls, model, request, size, current, V0, drawn):
    """Run every stimulus and every drawn state, in one population or one after the other."""
    model = model or build(cls, request, size)
    start = reset_ranges(model, request, size)
    stepped = SteppedModel(model, request, size)
    if jax.config.jax_enable_x64 and any(s.dtype == np.float32 for s in stepped.states.values()):
        raise TypeError("a state is float32 where float64 was asked for")  # then all in float32
    states, map_starts = (batches(drawn[kind], size) for kind in ("field_states", "map_states"))
    runs = batches({"V": V0, "I": current.T}, size)
    if request["steady"]:
        runs = [{**stepped.reset_at(part["V"]), **part} for part in runs]
    lengths, after = stepped.small_steps, request["map_steps"]
    shorter = slice(request["finer_from"], request["finer_from"] + request["finer_steps"])
    segments = {
        "small": [Segment(part, part["I"][None], [dt]) for part in states for dt in lengths],
        "maps": [stepped.segment(part, [part["I"]] * max(after)) for part in map_starts if after],
        "traces": [stepped.segment(part, part["I"].T) for part in runs],
    }
    segments |= {d: finer_segments(stepped, runs, shorter, d) for d in request["finer"]}
    results = run_segments(stepped, segments)
    each = len(lengths)
    slopes = [
        stepped.time_derivatives(results["small"][i * each : (i + 1) * each], lengths, part)
        for i, part in enumerate(states)
    ]
    if stepped.ignores_dt:  # such a state may go by the dt that was set when the model was made
        x64 = jax.config.jax_enable_x64
        for d in request["finer"]:
            apply_settings(stepped.dt / d, x64)
            own = SteppedModel(build(cls, request, size), {**request, "dt": stepped.dt / d}, size)
            results |= run_segments(own, {d: segments[d]})
        apply_settings(stepped.dt, x64)
    fine = {
        name: [side_by_side(results[d], name)[d - 1 :: d, : V0.size] for d in request["finer"]]
        for name in stepped.states
    }
    maps = {n: side_by_side(results["maps"], n) for n in stepped.states if results["maps"]}
    rows = [steps - 1 for steps in after]
    field = {n: np.concatenate([s[n] for s in slopes]) for n in slopes[0]}
    return {
        "start": start,
        "resets": request["resets"] * size,
        "traces": {n: side_by_side(results["traces"], n)[:, : V0.size] for n in stepped.states},
        "finer": {n: np.concatenate(parts) for n, parts in fine.items() if parts},
        "maps": {n: m[rows, : drawn["map_states"]["V"].size] for n, m in maps.items()},
        "field": {n: rate[: drawn["field_states"]["V"].size] for n, rate in field.items()},
    }


def finer_segments(stepped, runs, steps, divisions):
    """Return runs from V0 under the inputs of ``steps``, each step divided into ``divisions``."""
    return [
        Segment(part, inputs, [stepped.dt / divisions] * len(inputs), steps.start * divisions)
        for part in runs
        for inputs in [np.repeat(part["I"].T[steps], divisions, axis=0)]
    ]


def run_segments(stepped, segments):
    """Return the results of each segment, under the same names.

    A population runs all segments in one loop.
    """
    if stepped.size == 1:  # a loop for each length, compiled once
        each = len(stepped.small_steps)
        small = segments.get("small", [])
        groups = [small[i : i + each] for i in range(0, len(small), each)]
        groups += [
            [segment] for name, own in segments.items() if name != "small" for segment in own
        ]
    else:
        groups = [[segment for own in segments.values() for segment in own]]
    results = iter([states for group in groups for states in stepped.run_segments(group)])
    return {name: [next(results) for _ in own] for name, own in segments.items()}


def reset_ranges(model, request, size):
    """Return ``{state: [least, greatest]}`` right after ``reset()``, over all requested resets.

    The first reset took place when the model was built.
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


def batches(drawn, size):
    """Split drawn states into batches of ``size``, the last one padded with its last state."""
    count = len(drawn["V"])
    return [
        {name: pad(array[i : i + size], size) for name, array in drawn.items()}
        for i in range(0, count, size)
    ]


def side_by_side(results, name):
    """Return one state of several segments of equal length, their neurons side by side."""
    return np.concatenate([states[name] for states in results], axis=1)


def pad(array, size):
    """Repeat the last row until there are ``size`` of them."""
    missing = size - len(array)
    return np.concatenate([array] + [array[-1:]] * missing) if missing else array
