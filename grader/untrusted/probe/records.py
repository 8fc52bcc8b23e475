"""What a runner of the notebook recorded, beside where the states of its model stand now."""

import brainpy.math as bm
import numpy as np

from .model import fault, named_members, words

MOST_NEURONS = 1000


def recorded(namespace, request):
    """The last row of each asked record, and what the state that it is named for is by now."""
    runner = namespace.get(request["variable"])
    reply = {"found": runner is not None and runner is not ..., "records": {}, "faults": []}
    if not reply["found"]:
        return reply
    reply["class_name"] = words(lambda: type(runner).__name__)
    for name, state in request["monitors"].items():
        try:
            series = np.asarray(bm.as_jax(runner.mon[name]), float)
            if len(series):
                reply["records"][name] = {
                    "rows": len(series),
                    "finite": bool(np.isfinite(series).all()),
                    "last": few(series[-1]),
                    "state": few(bm.as_jax(state_of(runner.target, state))),
                }
        except BaseException as error:
            reply["faults"].append(fault("record " + name, error))
    return reply


def few(values):
    """One number a neuron, of the first ones."""
    return np.asarray(values, float).ravel()[:MOST_NEURONS]


def state_of(model, full):
    """A state by its full name; ``AttributeError`` where there is none."""
    owner, _, own = full.rpartition(".")
    member = dict(named_members(model, {owner: ""})).get(owner) if owner else model
    return getattr(member, own)
