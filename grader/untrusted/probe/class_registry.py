"""Identify the graded cell's class, and keep it and its instance for later requests.

A model is probed right after the graded cell, so that nothing that the notebook does later
can change its answers.
"""

import sys
import types


def snapshot_class(namespace, request):
    """Remember, right before the graded cell, which class has the name already, if any."""
    name = request["class_name"]
    setattr(_store(), "before_" + request["exercise"], namespace.get(name))


def graded_class(namespace, request):
    """Return the class that the graded cell made, or None; once found it stays the same.

    A class that was there before the cell ran is not the cell's.
    """
    store, own = _store(), "class_" + request["exercise"]
    if getattr(store, own, None) is None:
        found = namespace.get(request["class_name"])
        earlier = getattr(store, "before_" + request["exercise"], None)
        setattr(store, own, found if type in type(found).__mro__ and found is not earlier else None)
    return getattr(store, own)


def keep_model(request, model, size, x64):
    """Keep an instance made for ``size`` neurons until it is simulated."""
    setattr(_store(), "model_" + request["exercise"], (size, x64, model))


def take_model(request, size, x64):
    """Return, once, the instance kept for so many neurons in that precision, or None."""
    kept_as = vars(_store()).pop("model_" + request["exercise"], (0, False, None))
    return kept_as[2] if kept_as[:2] == (size, x64) else None


def compute_once(name, make):
    """Return the value of ``make()``, called once in a kernel."""
    store = vars(_store())
    if name not in store:
        store[name] = make()
    return store[name]


def _store():
    return sys.modules.setdefault("_grader_kept", types.ModuleType("_grader_kept"))
