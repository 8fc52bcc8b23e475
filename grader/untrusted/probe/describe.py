"""The structure of a model: its class, its channels, their parameters and types."""

import contextlib

import brainpy as bp
import brainpy.math as bm
import jax
import numpy as np

from .class_registry import graded_class, keep_model
from .jit_effort import jit_quickly
from .model import (
    CARRIER,
    build,
    carriers,
    class_name,
    fault,
    ion_channels,
    is_a,
    is_about_precision,
    is_from_library,
    named_members,
    own_states,
    safe_text,
    scalar,
    states,
)
from .settings import apply_settings, restored_settings

MOST_NAMES = 100  # of one kind that a channel has


def describe(namespace, request):
    """Describe a new instance of the graded cell's class, as plain data."""
    cls = graded_class(namespace, request)
    reply = {"found": cls is not None, "faults": [], "channels": [], "population": 0}
    if cls is not None:
        with restored_settings():
            try:
                reply.update(describe_model(cls, request, reply["faults"]))
            except BaseException as error:
                reply["faults"].append(fault("look", error))
    return reply


def describe_model(cls, request, faults):
    """Describe the class and one instance; for an exercise of kind "type" the class alone."""
    own = {"class_name": safe_text(lambda: cls.__name__), "lineage": lineage(cls)}
    if request["kind"] == "type":
        asked = next(iter(request["asked"]))
        return {**own, "population": 1, "channels": [describe_class(asked, cls)]}
    model, size = make_model(cls, request, faults)
    members = named_members(model, request["asked"])
    integrated = {id(carrier) for carrier in carriers(model)}
    for ion in carriers(model):
        integrated |= {id(channel) for _, channel in ion_channels(ion, "", {})}
    measured = measure_conductances([v for _, v in members if is_a(v, bp.dyn.IonChannel)], size)
    channels = []
    for name, value in members:
        try:
            described = describe_member(name, value, size, integrated, request["parameters"])
            if id(value) in measured:
                described["measured"] = measured[id(value)]
        except BaseException as error:
            faults.append(fault("describe " + name, error))
            described = {"name": name, "kind": "other", "type_name": own_name(value)}
        channels.append(described)
    return {
        **own,
        "population": size,
        "integrator": own_name(getattr(model, "integral", None)),
        "parameters": {p: scalar(getattr(model, p, None)) for p in request["own_parameters"]},
        "states": [name for name, _ in own_states(model, request["states"], size)],
        "channels": channels,
    }


def own_name(value):
    """Return the name of a value's class."""
    return safe_text(lambda: type(value).__name__)


def lineage(cls):
    """Return the names of a class's bases, nearest first."""
    return [class_name(base) for base in cls.__mro__[1:MOST_NAMES]]


def make_model(cls, request, faults):
    """Make an instance of a whole population, or else of one neuron; return ``(model, size)``."""
    size = request["size"]
    for x64 in (True, False):
        apply_settings(request["dt"], x64)
        try:
            model = build(cls, request, size)
            keep_model(request, model, size, x64)
            return model, size
        except BaseException as error:
            faults.append(fault("make population", error))
            if not is_about_precision(error):
                break
    apply_settings(request["dt"], x64)
    return build(cls, request, 1), 1


def describe_member(name, value, size, integrated, parameters):
    """Describe one member of the model as plain data."""
    if value is ... or value is None or value is NotImplemented or is_a(value, str):
        return {"name": name, "kind": "blank"}
    found = {**describe_class(name, type(value)), "integrated": id(value) in integrated}
    if found["kind"] != "channel":
        return found
    own = states(value, size) or states(value, 1)  # made for one neuron, whatever the size
    found["states"] = [state for state, _ in own]
    found["master_types"] = master_types(getattr(value, "master_type", None))
    found["parameters"] = {p: scalar(getattr(value, p, None)) for p in parameters}
    integrators = [v for v in vars(value).values() if is_a(v, bp.ode.ODEIntegrator)]
    found["integrators"] = sorted(own_name(v) for v in integrators[:MOST_NAMES])
    return found


def describe_class(name, kind):
    """Describe the class of a channel, or of another member."""
    is_channel = CARRIER in kind.__mro__
    return {
        "name": name,
        "kind": "channel" if is_channel else "other",
        "type_name": safe_text(lambda: kind.__name__),
        "from_notebook": kind.__module__ == "__main__" and not is_from_library(kind),
        "lineage": lineage(kind),
        "master_types": master_types(getattr(kind, "master_type", None)) if is_channel else [],
    }


def master_types(kind):
    """Return the names of a ``master_type``; several for a joint type."""
    joint = getattr(kind, "__args__", None)
    if joint:
        return [class_name(part) for part in joint[:MOST_NAMES]]
    return [] if kind is None or kind is ... else [class_name(kind)]


def measure_conductances(channels, size):
    """Measure ``{id: {"E", "g_max"}}`` from the currents with every gate open: I = g_max (E - V).

    One program computes all currents, since each program takes time to compile.
    """
    gates = [own for channel in channels for _, own in states(channel, size)]
    before = [state.value for state in gates]
    variables = {id(v): v for c in channels for v in c.vars().unique().values()}.values()
    values = [variable.value for variable in variables]
    attributes = [dict(vars(channel)) for channel in channels]

    def currents(V):
        found = {}
        for number, channel in enumerate(channels):
            with contextlib.suppress(BaseException):  # it needs more than V, or is unfinished
                current = bm.as_jax(channel.current(V))
                found[number] = jax.numpy.broadcast_to(current, (size,))[0]
        return found

    try:
        for state in gates:
            state.value = jax.device_put(np.ones(size, state.dtype))
        compiled = jit_quickly(currents, jax.jit)
        at = {V: compiled(np.full(size, V)) for V in (-100.0, -20.0, 60.0)}
    except BaseException:
        return {}
    finally:
        for state, value in zip(gates, before, strict=True):
            state.value = value
        for variable, value in zip(variables, values, strict=True):
            variable.value = value
        for channel, own in zip(channels, attributes, strict=True):
            vars(channel).clear()
            vars(channel).update(own)
    return {
        id(channels[number]): conductance({V: float(found[number]) for V, found in at.items()})
        for number in at[60.0]
    }


def conductance(at):
    """Return E and g_max of the line through the currents ``at`` three V; {} when it bends."""
    slope = (at[60.0] - at[-100.0]) / 160.0
    middle = at[-100.0] + slope * 80.0
    if slope == 0 or abs(middle - at[-20.0]) > 1e-6 * (abs(at[60.0]) + abs(at[-100.0])):
        return {}
    return {"g_max": -slope, "E": 60.0 - at[60.0] / slope}
