"""Making a new instance of the student's class under known conditions."""

import contextlib
import traceback

import brainpy as bp
import brainpy.math as bm
import jax
import numpy as np


def tidy(dt, x64):
    """Undo what a notebook may have left behind: dt, mode, precision, platform, names."""
    for option, value in (
        ("jax_platform_name", "cpu"),
        ("jax_disable_jit", False),
        ("jax_debug_nans", False),
        ("jax_debug_infs", False),
        ("jax_default_device", None),
        ("jax_numpy_dtype_promotion", "standard"),
    ):
        with contextlib.suppress(Exception):  # an option that this JAX has not
            jax.config.update(option, value)
    bm.enable_x64() if x64 else bm.disable_x64()
    bm.set_mode(bm.nonbatching_mode)
    bm.set_dt(dt)
    bp.share.save(dt=dt, t=0.0, i=0)
    bm.clear_name_cache()


def fault(stage, error):
    """An exception as plain data; long texts are cut."""
    return {
        "stage": stage,
        "error_name": type(error).__name__[:200],
        "error_text": str(error)[:2000],
        "traceback": "".join(traceback.format_exception(error))[-6000:],
    }


def about_precision(error):
    """Whether an exception says that float32 met float64."""
    text = str(error)
    return "float32" in text and "float64" in text


def build(cls, size):
    """A new, reset instance of ``size`` neurons."""
    model = cls(size)
    model.reset()
    return model


def ion_channels(model):
    """What the model itself integrates and sums, as BrainPy finds it."""
    kind = bp.dyn.IonChannel.__mro__[1]  # IonChaDyn, the base that BrainPy looks for
    nodes = model.nodes(level=1, include_self=False).subset(kind).unique()
    return list(nodes.values())


def named_members(model, asked):
    """``(name, object)`` for each attribute, child and member of a container.

    Asked names come first, then the rest; an object is listed once, under the
    first name found for it, unless another name was asked for.
    """
    attributes = {k: v for k, v in vars(model).items() if not k.startswith("_")}
    attributes.pop("children", None)
    found = []
    for source in (attributes, dict(getattr(model, "children", None) or {})):
        for name, value in source.items():
            found.append((str(name), value))
            members = ()
            if isinstance(value, dict):
                members = value.items()
            elif isinstance(value, (list, tuple)):
                members = ((f"{name}[{i}]", v) for i, v in enumerate(value[:100]))
            found.extend((str(n), v) for n, v in members if isinstance(v, bp.dyn.IonChannel))
    first = {}
    for name, value in found:
        first.setdefault(name, value)
    for name in asked:  # an asked name that only attribute look-up can find
        if name not in first and hasattr(model, name):
            first[name] = getattr(model, name)
    listed, seen = [], set()
    for name in sorted(first, key=lambda n: (n not in asked,)):
        value = first[name]
        if name in asked or (isinstance(value, bp.dyn.IonChannel) and id(value) not in seen):
            listed.append((name, value))
            seen.add(id(value))
    for i, channel in enumerate(ion_channels(model)):
        if id(channel) not in seen:
            listed.append((f"channel {i}", channel))
    return listed


def states(channel, size):
    """``(name, Variable)`` of each state that holds one real number a neuron."""
    return [
        (name, value)
        for name, value in vars(channel).items()
        if isinstance(value, bm.Variable)
        and value.shape == (size,)
        and np.issubdtype(np.dtype(value.dtype), np.floating)
    ]


def scalar(value):
    """A parameter as one float, or None when it is not one number for all neurons."""
    try:
        numbers = np.asarray(bm.as_jax(value) if hasattr(value, "value") else value)
        numbers = numbers.astype(float).ravel()
    except Exception:
        return None
    if numbers.size == 0 or not np.all(numbers == numbers[0]):
        return None
    return float(numbers[0])
