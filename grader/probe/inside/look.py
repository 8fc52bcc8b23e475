"""The structure of a model: its class, its channels, their parameters and types."""

import brainpy as bp
import brainpy.math as bm
import numpy as np

from .keep import restore
from .model import about_precision, build, fault, ion_channels, named_members, scalar, states, tidy


def look(namespace, request):
    """Describe a new instance of the kept class. Answers with plain data only."""
    kept = restore(namespace, request["exercise"])
    cls = (kept or {}).get(request["class_name"])
    reply = {"found": isinstance(cls, type), "faults": [], "channels": [], "population": 0}
    if not reply["found"]:
        return reply
    reply["class_name"] = cls.__name__
    reply["lineage"] = [base.__name__ for base in cls.__mro__[1:]]
    try:
        model, size = make(cls, request, reply["faults"])
    except Exception as error:
        reply["faults"].append(fault("make", error))
        return reply
    reply["population"] = size
    reply["integrator"] = type(getattr(model, "integral", None)).__name__
    integrated = {id(channel) for channel in ion_channels(model)}
    parameters = request["parameters"]
    for name, value in named_members(model, request["asked"]):
        try:
            described = describe(name, value, size, integrated, parameters)
        except Exception as error:
            reply["faults"].append(fault("describe " + name, error))
            described = {"name": name, "kind": "other", "type_name": type(value).__name__}
        reply["channels"].append(described)
    return reply


def make(cls, request, faults):
    """An instance of a whole population, or else of one neuron; ``(model, size)``."""
    size = request["size"]
    for x64 in (True, False):
        tidy(request["dt"], x64)
        try:
            return build(cls, size), size
        except Exception as error:
            faults.append(fault("make population", error))
            if not about_precision(error):
                break
    tidy(request["dt"], x64)
    return build(cls, 1), 1


def describe(name, value, size, integrated, parameters):
    """One member of the model as plain data."""
    if value is ... or value is None or value is NotImplemented or isinstance(value, str):
        return {"name": name, "kind": "blank"}
    is_channel = isinstance(value, bp.dyn.IonChannel)
    found = {
        "name": name,
        "kind": "channel" if is_channel else "other",
        "type_name": type(value).__name__,
        "from_notebook": type(value).__module__ == "__main__",
        "lineage": [base.__name__ for base in type(value).__mro__[1:]],
        "integrated": id(value) in integrated,
    }
    if not is_channel:
        return found
    own = states(value, size) or states(value, 1)  # made for one neuron, whatever the size
    found["states"] = [state for state, _ in own]
    found["master_types"] = master_types(getattr(value, "master_type", None))
    found["parameters"] = {p: scalar(getattr(value, p, None)) for p in parameters}
    found["measured"] = measure(value, [v for _, v in own], size)
    found["integrators"] = sorted(
        type(v).__name__ for v in vars(value).values() if isinstance(v, bp.ode.ODEIntegrator)
    )
    return found


def master_types(kind):
    """The names of a ``master_type``; more than one for a joint type."""
    joint = getattr(kind, "__args__", None)
    if joint:
        return [getattr(part, "__name__", repr(part)) for part in joint]
    return [] if kind is None else [getattr(kind, "__name__", repr(kind))]


def measure(channel, own, size):
    """E and g_max read off the current with every gate open: I = g_max (E - V)."""
    before = [state.value for state in own]
    try:
        for state in own:
            state.value = bm.as_jax(bm.ones_like(state))
        at = {}
        for V in (-100.0, -20.0, 60.0):
            current = np.asarray(bm.as_jax(channel.current(bm.as_jax(bm.ones(size)) * V)))
            at[V] = float(np.broadcast_to(current, (size,))[0])
    except Exception:
        return {}
    finally:
        for state, value in zip(own, before, strict=True):
            state.value = value
    slope = (at[60.0] - at[-100.0]) / 160.0
    middle = at[-100.0] + slope * 80.0
    if slope == 0 or abs(middle - at[-20.0]) > 1e-6 * (abs(at[60.0]) + abs(at[-100.0])):
        return {}
    return {"g_max": -slope, "E": 60.0 - at[60.0] / slope}
