"""Build requests as Python text that goes into the kernel; ``replies`` reads what comes out."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from grader.assignment.schema import Assignment, Exercise
from grader.core.types import STEP_DIVISIONS, Array, GradedCell, ProbeRequest

MAX_FIGURES = 4 * 2**20  # bytes of saved pictures

_MODULES = {
    "reset_settings": ("settings", "reset_settings"),
    "snapshot_class": ("class_registry",),
    "describe": ("class_registry", "jit_effort", "model", "settings", "describe"),
    "simulate": ("class_registry", "jit_effort", "model", "settings", "step_loop", "simulate"),
    "read_records": ("model", "records"),
    "read_figures": ("figures",),
}
_PROGRAM = """\
import json, sys, types
package = sys.modules["_grader_inside"] = types.ModuleType("_grader_inside")
package.__path__ = []
kept = vars(sys.modules.setdefault("_grader_kept", types.ModuleType("_grader_kept")))
for name, source in json.loads(sources).items():
    module = types.ModuleType("_grader_inside." + name)
    module.__package__ = "_grader_inside"
    sys.modules[module.__name__] = module
    if source not in kept:
        kept[source] = compile(source, "<grader " + name + ">", "exec")
    exec(kept[source], module.__dict__)
reply = getattr(module, function)(namespace, json.loads(request))
reply = sys.modules["_grader_inside.arrays"].encode(reply)
for name in [name for name in sys.modules if name.startswith("_grader_inside")]:
    del sys.modules[name]
"""


def expression(function: str, request: Mapping[str, Any]) -> str:
    """Return a Python expression that calls ``function`` of the probe; its value is the reply.

    It is evaluated beside an empty cell, since IPython takes a tenth of a second to look
    at a cell of this size. The names of the notebook are left alone.
    """
    return f"{_call_with(function)}{json.dumps(request)!r}}})"


@cache
def _call_with(function: str) -> str:
    """Return the expression up to the request, which is large at times."""
    sources = json.dumps({part: _source(part) for part in ("arrays", *_MODULES[function])})
    builtins = "__import__('builtins')"
    named = f"'function': {function!r}, 'sources': {sources!r}, 'request': "
    return (
        f"(lambda own: {builtins}.exec({_PROGRAM!r}, own) or own['reply'])"
        f"({{'namespace': {builtins}.globals(), {named}"
    )


@cache
def _source(part: str) -> str:
    return resources.files("grader.untrusted.probe").joinpath(f"{part}.py").read_text("utf-8")


def description_request(
    assignment: Assignment, exercise: Exercise, cell: GradedCell, size: int
) -> dict[str, Any]:
    """Request the structure of the class that was kept for the exercise of ``cell``.

    A model of ``size`` neurons is made, and kept for the answers.
    """
    return {
        "exercise": cell.exercise,
        "kind": exercise.kind,
        "host": exercise.host,
        "class_name": cell.class_name,
        "asked": {channel.name: channel.type for channel in exercise.channels},
        "own_parameters": sorted(exercise.parameters),
        "states": [*exercise.states, *exercise.records],
        "steady": [name for name in exercise.gates if name not in exercise.start],
        "parameters": sorted({p for c in exercise.channels for p in c.parameters}),
        "size": size,
        "dt": assignment.simulation.dt,
    }


SAMPLED_NEURONS = 1536
"""Neurons sampled to check the initial state; a population is reset until that many were seen."""


def simulation_request(look: Mapping[str, Any], drawn: ProbeRequest) -> dict[str, Any]:
    """Request traces, the field, and steps from drawn states, of the same model."""
    return {
        **look,
        "resets": math.ceil(SAMPLED_NEURONS / look["size"]),
        "current": _pack(drawn.stimuli.current),
        "V0": _pack(drawn.stimuli.V0),
        "field_states": {name: _pack(array) for name, array in drawn.field_states.items()},
        "map_states": {name: _pack(array) for name, array in drawn.map_states.items()},
        "map_steps": list(drawn.map_steps),
        "finer_steps": drawn.finer_steps,
        "finer_from": drawn.finer_from_step,
        "finer": list(STEP_DIVISIONS),
    }


def _pack(array: Array) -> dict[str, Any]:
    """Column by column, and compressed: many a stimulus is constant."""
    raw = zlib.compress(array.astype("<f8").tobytes("F"), level=1)
    return {"shape": list(array.shape), "data": base64.b64encode(raw).decode()}
