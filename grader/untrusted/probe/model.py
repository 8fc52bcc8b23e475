"""Making a new instance of the student's class, and looking at it without being told.

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
    """An exception as plain data; long texts are cut."""
    return {
        "stage": stage,
        "error_name": words(lambda: type(error).__name__, 200),
        "error_text": words(lambda: str(error), 2000),
        "traceback": words(lambda: "".join(traceback.format_exception(error))[-6000:], 6000),
    }


def words(make, most=MOST_LETTERS):
    """The text that ``make`` returns, cut, and fit for JSON whatever is in it."""
    try:
        text = make()
        return text[:most].encode("utf-8", "replace").decode("utf-8")
    except BaseException:
        return "?"


def class_name(kind):
    """A class's name; one of the notebook's own says so, whatever it is called."""
    name = words(lambda: kind.__name__ if hasattr(kind, "__name__") else repr(kind))
    module = words(lambda: kind.__module__)
    is_known = module != "__main__" and getattr(sys.modules.get(module), name, None) is kind
    return name if is_known or of_library(kind) else "__main__." + name


def of_library(kind):
    """Whether a class is one of BrainPy's, whatever it says of itself."""
    return id(kind) in library()


@functools.cache
def library():
    """What stands in BrainPy's modules, by ``id``; nothing of it is taken out of memory."""
    return {
        id(value)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == "brainpy"
        for value in list(vars(module).values())
    }


def is_a(value, kind):
    """``isinstance`` that no ``__class__`` can deceive."""
    return kind in type(value).__mro__


def about_precision(error):
    """Whether an exception says that float32 met float64."""
    text = words(lambda: str(error), 10_000)
    return "float32" in text and "float64" in text


def build(cls, request, size):
    """A new, reset instance of ``size`` neurons; for a channel they are its host's."""
    model = (hosting(cls, request) if request["host"] else cls)(size)
    model.reset()
    return model


def hosting(cls, request):
    """A neuron of BrainPy's with a channel of this class and no other, at the name asked for.

    A current that is left blank is none: what else the channel has can be looked at all the same.
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
    """What a method returned, or 0 where it says nothing yet."""
    return 0.0 if value is None or value is ... else value


CARRIER = bp.dyn.IonChannel.__mro__[1]  # IonChaDyn: ions and channels, what BrainPy looks for


def carriers(model):
    """The ions and channels that the model itself integrates and sums, as BrainPy finds them."""
    nodes = model.nodes(level=1, include_self=False).subset(CARRIER).unique()
    return list(nodes.values())


def hanging(member, name, types):
    """``(name, channel)`` of what hangs on an ion; one without a name takes the one of its type.

    ``types`` maps the asked names to the classes asked for there.
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
    """``(name, object)`` for each attribute, child and member of a container or an ion.

    Asked names come first, then the rest; an object is listed once, under the
    first name found for it, unless another name was asked for. ``types`` maps the asked
    names to the classes asked for there.
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
                found.extend(hanging(value, as_name(name), types))
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
    """The name of a member as a reply can carry it."""
    return words(lambda: str(name))


def states(channel, size):
    """``(name, Variable)`` of each state that holds one real number a neuron."""
    return [
        (as_name(name), value)
        for name, value in list(vars(channel).items())[:MOST_CHANNELS]
        if is_a(value, bm.Variable)
        and value.shape == (size,)
        and np.issubdtype(np.dtype(value.dtype), np.floating)
    ]


def own_states(model, asked, size):
    """``(name, Variable)`` of each asked state of the model itself, one value a neuron."""
    return [
        (name, value)
        for name, value in ((name, vars(model).get(name)) for name in asked)
        if is_a(value, bm.Variable)
        and value.shape == (size,)
        and np.dtype(value.dtype).kind in "fiub"
    ]


def scalar(value):
    """A parameter as one float, or None when it is not one number for all neurons."""
    try:
        numbers = np.asarray(bm.as_jax(value) if hasattr(value, "value") else value)
        numbers = numbers.astype(float).ravel()
    except BaseException:
        return None
    if numbers.size == 0 or not np.all(numbers == numbers[0]):
        return None
    return float(numbers[0])
