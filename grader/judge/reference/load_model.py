"""Load a reference: the teacher's model of an assignment.

A reference is a Python module in plain JAX, named by the rubric, with

    STATES: tuple[str, ...]          "V" first, then a name for every other state
    CONSTANTS: dict[str, float]      what a variant may change; "K.E" is the parameter E
                                     of the channel that an exercise calls K
    initial(V0)                      the state before the first step
    derivative(state, current, constants)   its time derivative, per ms
    GIVEN: tuple[str, ...]           what the library holds beside the states and `derivative`
                                     takes where a drawn state has it; optional
    AFTER: dict[str, tuple[str, ...]]   for a state those whose step it sees done already when it
                                     makes its own; optional
    MISTAKES: dict[str, derivative]  likely mistakes, by the name of their message; optional.
                                     What follows a colon in a name is no part of the message's
    PARTS: dict[str, Any]            for an exercise's id what has all of these for that exercise,
                                     where it has a model of its own; optional

all elementwise over arrays of any shape.
"""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

import jax

State = dict[str, jax.Array]

_loaded = itertools.count()


class ReferenceModelError(Exception):
    """The reference can't be loaded or run; the message says what to mend."""


class Model(Protocol):
    """The names that a reference module has at its top level."""

    STATES: tuple[str, ...]
    CONSTANTS: dict[str, float]

    def initial(self, V0: jax.Array) -> State:
        """Return the state before the first step, given V in mV."""
        ...

    def derivative(
        self, state: State, current: jax.Array, constants: Mapping[str, jax.Array]
    ) -> State:
        """Return the time derivative of every state, per ms."""
        ...


def load_model(path: Path) -> Model:
    """Import a reference module from its file, under a name that no other one has.

    Raises ``ReferenceModelError`` when there is no such file, when it fails on
    import, or when a part of a reference is missing from it.
    """
    if not path.is_file():
        raise ReferenceModelError(f"{path}: there is no such file")
    name = f"_reference_{next(_loaded)}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ReferenceModelError(f"{path}: not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ReferenceModelError(f"{path}: {type(error).__name__}: {error}") from error
    needed = ("STATES", "CONSTANTS", "initial", "derivative")
    for part, model in {"": module, **getattr(module, "PARTS", {})}.items():
        if missing := [name for name in needed if not hasattr(model, name)]:
            of = f" from part {part!r}" if part else ""
            raise ReferenceModelError(f"{path}: {', '.join(missing)} is missing{of}")
    return cast(Model, module)


def exercise_model(model: Model, exercise: str) -> Model:
    """Return the reference's part for an exercise, else the whole."""
    return cast(Model, getattr(model, "PARTS", {}).get(exercise, model))
