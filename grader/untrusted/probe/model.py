"""Build instances of the student's class and find their members.

Types are read off ``type(value).__mro__``: an object's own ``__class__`` may lie.
"""

import functools
import sys
import traceback

import brainpy as bp
import brainpy.math as bm
import numpy as np

MOST_CHANNELS = 90  # that a reply describes
MOST_LETTERS = 200  # of a name


def fault(stage, error):
    """Return an exception as plain data; long texts are cut."""
    return {
        "stage": stage,
        "error_name": safe_text(lambda: type(error).__name__, 200),
        "error_text": safe_text(lambda: str(error), 2000),
        "traceback": safe_text(lambda: "".join(traceback.format_exception(error))[-6000:], 6000),
    }


def safe_text(make, most=MOST_LETTERS):
    """Return the text that ``make`` returns, cut, and fit for JSON whatever is in it."""
    try:
        text = make()
        return text[:most].encode("utf-8", "replace").decode("utf-8")
    except BaseException:
        return "?"


def class_name(kind):
    """Return a class's name; "__main__." precedes that of a class of the notebook."""
    name = safe_text(lambda: kind.__name__ if hasattr(kind, "__name__") else repr(kind))
    module = safe_text(lambda: kind.__module__)
    is_known = module != "__main__" and getattr(sys.modules.get(module), name, None) is kind
    return name if is_known or is_from_library(kind) else "__main__." + name


def is_from_library(kind):
    """Return True if a class is one of BrainPy's, whatever its attributes are."""
    return id(kind) in library_ids()


@functools.cache
def library_ids():
    """Return the ``id`` of every value in BrainPy's modules, which are never unloaded."""
    return {
        id(value)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == "brainpy"
        for value in list(vars(module).values())
    }


def is_a(value, kind):
    """Do as ``isinstance``, but without ``__class__``, which may lie."""
    return kind in type(value).__mro__


def is_about_precision(error):
    """Return True if the text of an exception names both float32 and float64."""
    text = safe_text(lambda: str(error), 10_000)
    return "float32" in text and "float64" in text


def build(cls, request, size):
    """Build and reset an instance of ``size`` neurons; a channel is put into its host."""
    model = (host_class(cls, request) if request["host"] else cls)(size)
    model.reset()
    return model


def host_class(cls, request):
    """Return a neuron of BrainPy's whose only channel is of class ``cls``, at the requested name.

    A current that is left blank counts as 0, so that the rest of the channel can be described.
    """

    class Host(getattr(bp.dyn, request["host"])):
        def __init__(self, size):
            super().__init__(size)
            channel = cls(size)
            current = channel.current
            vars(channel)["current"] = lambda *given, **named: or_zero(current(*given, **named))
            setattr(self, next(iter(request["asked"])), channel)

    return Host


def or_zero(value):
    """Return ``value``, or 0 where a method was left blank."""
    return 0.0 if value is None or value is ... else value


CARRIER = bp.dyn.IonChannel.__mro__[1]  # IonChaDyn: ions and channels, what BrainPy looks for


def carriers(model):
    """Return the ions and channels that the model integrates and sums, as BrainPy finds them."""
    nodes = model.nodes(level=1, include_self=False).subset(CARRIER).unique()
    return list(nodes.values())


def ion_channels(member, name, types):
    """Return ``(name, channel)`` of each channel of an ion; an unnamed one is named by its type.

    ``types`` maps the requested names to the requested classes.
    """
    own = [(as_name(k), v) for k, v in dict(getattr(member, "children", None) or {}).items()]
    own = [(f"{name}.{child}", value) for child, value in own if is_a(value, CARRIER)]
    taken = {child for child, _ in own}
    free = {kind: full for full, kind in types.items() if full.startswith(f"{name}.")}
    free = {kind: full for kind, full in free.items() if full not in taken}
    kinds = [type(value).__name__ for _, value in own]
    return [
        (free.get(kind, child) if child not in types and kinds.count(kind) == 1 else child, value)
        for (child, value), kind in zip(own, kinds, strict=True)
    ]


def named_members(model, types):
    """Return ``(name, object)`` for each attribute, child and member of a container or an ion.

    Requested names come first, then the rest; an object is listed once, under the first name
    found for it, unless another of its names is requested. ``types`` maps the requested names to
    the requested classes.
    """
    asked = list(types)
    attributes = {k: v for k, v in vars(model).items() if not k.startswith("_")}
    attributes.pop("children", None)
    found = []
    for source in (attributes, dict(getattr(model, "children", None) or {})):
        for name, value in source.items():
            found.append((as_name(name), value))
            members = ()
            if is_a(value, dict):
                members = list(value.items())[:MOST_CHANNELS]
            elif is_a(value, list) or is_a(value, tuple):
                members = [(f"{name}[{i}]", v) for i, v in enumerate(value[:MOST_CHANNELS])]
            inside = [(as_name(n), v) for n, v in members if is_a(v, CARRIER)]
            found.extend((f"{name}[{n}]" if n == name else n, v) for n, v in inside)
            if is_a(value, CARRIER):
                found.extend(ion_channels(value, as_name(name), types))
    first = {}
    for name, value in found:
        first.setdefault(name, value)
    for name in asked:  # an asked name that only attribute look-up can find
        if name not in first and hasattr(model, name):
            first[name] = getattr(model, name)
    listed, seen = [], set()
    for name in sorted(first, key=lambda n: (n not in asked,)):
        value = first[name]
        if name in asked or (is_a(value, CARRIER) and id(value) not in seen):
            listed.append((name, value))
            seen.add(id(value))
    for i, channel in enumerate(carriers(model)):
        if id(channel) not in seen:
            listed.append((f"channel {i}", channel))
    return listed[:MOST_CHANNELS]


def as_name(name):
    """Return the name of a member as a reply can carry it."""
    return safe_text(lambda: str(name))


def states(channel, size):
    """Return ``(name, Variable)`` of each state that holds one real number per neuron."""
    return [
        (as_name(name), value)
        for name, value in list(vars(channel).items())[:MOST_CHANNELS]
        if is_a(value, bm.Variable)
        and value.shape == (size,)
        and np.issubdtype(np.dtype(value.dtype), np.floating)
    ]


def own_states(model, asked, size):
    """Return ``(name, Variable)`` of each requested state of the model, one value per neuron."""
    return [
        (name, value)
        for name, value in ((name, vars(model).get(name)) for name in asked)
        if is_a(value, bm.Variable)
        and value.shape == (size,)
        and np.dtype(value.dtype).kind in "fiub"
    ]


def scalar(value):
    """Return a parameter as one float, or None when it is not one number for all neurons."""
    try:
        numbers = np.asarray(bm.as_jax(value) if hasattr(value, "value") else value)
        numbers = numbers.astype(float).ravel()
    except BaseException:
        return None
    if numbers.size == 0 or not np.all(numbers == numbers[0]):
        return None
    return float(numbers[0])
