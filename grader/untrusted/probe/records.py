"""Read what a runner of the notebook recorded, and the present states of its model."""

import brainpy.math as bm
import numpy as np

from .model import fault, named_members, safe_text

MOST_NEURONS = 1000


def read_records(namespace, request):
    """Return the last row of each requested record, and the present value of its state."""
    runner = namespace.get(request["variable"])
    reply = {"found": runner is not None and runner is not ..., "records": {}, "faults": []}
    if not reply["found"]:
        return reply
    reply["class_name"] = safe_text(lambda: type(runner).__name__)
    for name, state in request["monitors"].items():
        try:
            series = np.asarray(bm.as_jax(runner.mon[name]), float)
            if len(series):
                reply["records"][name] = {
                    "rows": len(series),
                    "finite": bool(np.isfinite(series).all()),
                    "last": first_neurons(series[-1]),
                    "state": first_neurons(bm.as_jax(state_of(runner.target, state))),
                }
        except BaseException as error:
            reply["faults"].append(fault("record " + name, error))
    return reply


def first_neurons(values):
    """Return one number for each of the first neurons."""
    return np.asarray(values, float).ravel()[:MOST_NEURONS]


def state_of(model, full):
    """Return a state by its full name. Raises ``AttributeError`` where there is none."""
    owner, _, own = full.rpartition(".")
    member = dict(named_members(model, {owner: ""})).get(owner) if owner else model
    return getattr(member, own)
