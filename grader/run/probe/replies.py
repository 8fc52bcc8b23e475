"""Read the replies that come out of the kernel.

The kernel belongs to the student: its replies are read like a message from a
stranger. Only a line of JSON comes out, and a line of base64 for the float64 values of
each array; size, keys and shape are checked here, and nothing is ever unpickled.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from grader.core.types import (
    STEP_DIVISIONS,
    Answers,
    Array,
    ChannelProbe,
    Fault,
    Figure,
    ModelProbe,
    ProbeRequest,
    RecordedState,
)

MAX_REPLY = 32 * 2**20  # characters
MAX_ROW = 1000  # neurons of a record
MOST_ARRAYS = 1000


class BadReply(Exception):
    """The kernel answered something that is no reply of the probe."""


_Short = Annotated[str, Field(max_length=300)]
_Long = Annotated[str, Field(max_length=8000)]
_Names = Annotated[tuple[_Short, ...], Field(max_length=200)]


def _finite(numbers: dict[str, float | None]) -> dict[str, float | None]:
    return {n: v if v is not None and math.isfinite(v) else None for n, v in numbers.items()}


_Numbers = Annotated[dict[_Short, float | None], AfterValidator(_finite)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Fault(_Message):
    stage: _Short = ""
    error_name: _Short = ""
    error_text: _Long = ""
    traceback: _Long = ""


class _Channel(_Message):
    name: _Short
    kind: Literal["channel", "blank", "other"]
    type_name: _Short = ""
    from_notebook: bool = False
    lineage: _Names = ()
    master_types: _Names = ()
    parameters: _Numbers = {}
    measured: _Numbers = {}
    states: _Names = ()
    integrated: bool = False
    integrators: _Names = ()


class _Description(_Message):
    found: bool
    class_name: _Short = ""
    lineage: _Names = ()
    channels: Annotated[list[_Channel], Field(max_length=100)] = []
    integrator: _Short = ""
    states: _Names = ()
    parameters: _Numbers = {}
    population: Annotated[int, Field(ge=0, le=10**6)] = 0
    faults: Annotated[list[_Fault], Field(max_length=100)] = []


class _Array(_Message):
    shape: Annotated[list[Annotated[int, Field(ge=0, le=10**6)]], Field(min_length=1, max_length=2)]
    line: Annotated[int, Field(ge=1, le=MOST_ARRAYS)]


_Arrays = Annotated[dict[_Short, _Array], Field(max_length=MOST_ARRAYS)]


class _Simulation(_Message):
    traces: _Arrays = {}
    field: _Arrays = {}
    maps: _Arrays = {}
    finer: _Arrays = {}
    resets: Annotated[int, Field(ge=0, le=10**6)] = 0
    start: dict[_Short, Annotated[list[float], Field(min_length=2, max_length=2)]] = {}
    precision: Literal["float64", "float32"] = "float64"
    one_by_one: bool = False
    faults: Annotated[list[_Fault], Field(max_length=100)] = []


class _Record(_Message):
    rows: Annotated[int, Field(ge=1, le=10**9)]
    finite: bool
    last: _Array
    state: _Array


class _Records(_Message):
    found: bool
    class_name: _Short = ""
    records: Annotated[dict[_Short, _Record], Field(max_length=100)] = {}
    faults: Annotated[list[_Fault], Field(max_length=100)] = []


class _Figure(_Message):
    name: _Short
    mime: Literal["image/png", "image/jpeg"]
    modified: float
    data: str


class _Figures(_Message):
    figures: Annotated[list[_Figure], Field(max_length=20)] = []
    others: Annotated[list[float], Field(max_length=20)] = []


def reply_text(reply: Mapping[str, Any]) -> str:
    """Return the probe's lines of an ``execute_reply`` with our user expression.

    Raises ``BadReply`` when it is not there.
    """
    try:
        shown = reply["content"]["user_expressions"]["reply"]["data"]["text/plain"]
    except (KeyError, TypeError):
        raise BadReply(f"the kernel gave no reply to the probe ({_error(reply)})") from None
    if not isinstance(shown, str) or len(shown) > MAX_REPLY:
        raise BadReply("the kernel's reply to the probe is too large")
    if not shown:
        raise BadReply("the kernel's reply to the probe is empty")
    return shown


def _error(reply: Mapping[str, Any]) -> str:
    """Return the error that a reply without a value tells of."""
    told: object = reply.get("content")
    for part in ("user_expressions", "reply"):
        told = told.get(part, told) if isinstance(told, dict) else {}
    told = told if isinstance(told, dict) else {}
    return f"{told.get('ename', '')}: {told.get('evalue', '')}"[:500]


def read_description(text: str) -> ModelProbe:
    """Read the structure of a model out of the probe's JSON. Raises ``BadReply``."""
    message, _ = _validated(_Description, text)
    if len({c.name for c in message.channels}) < len(message.channels):
        raise BadReply("the kernel's reply names a channel twice")
    channels = tuple(ChannelProbe(**dict(channel)) for channel in message.channels)
    plain = {**dict(message), "channels": channels, "faults": _faults(message.faults)}
    return ModelProbe(**plain)


def read_simulation(text: str, drawn: ProbeRequest) -> Answers:
    """Read a model's answers; each array must have the requested shape.

    Raises ``BadReply``.
    """
    message, lines = _validated(_Simulation, text)
    if message.traces and "V" not in message.traces:
        raise BadReply("the kernel's reply has traces, but none of V")
    field = drawn.field_states["V"].shape
    after = (len(drawn.map_steps), *drawn.map_states["V"].shape)
    stimuli = drawn.stimuli.current.shape[1]
    fine = (len(STEP_DIVISIONS), drawn.finer_steps, stimuli)
    flat = (fine[0] * fine[1], stimuli)
    return Answers(
        traces={
            n: _unpack(a, drawn.stimuli.current.shape, lines) for n, a in message.traces.items()
        },
        field_states=drawn.field_states,
        field={n: _unpack(a, field, lines) for n, a in message.field.items()},
        map_states=drawn.map_states,
        map_steps=drawn.map_steps,
        maps={n: _unpack(a, after, lines) for n, a in message.maps.items()},
        finer_traces={n: _unpack(a, flat, lines).reshape(fine) for n, a in message.finer.items()},
        finer_from_step=drawn.finer_from_step,
        resets=message.resets,
        start={n: (least, greatest) for n, (least, greatest) in message.start.items()},
        precision=message.precision,
        single_neuron=message.one_by_one,
        faults=_faults(message.faults),
    )


def read_records(text: str) -> tuple[ModelProbe, Answers]:
    """Read a runner, and the ends of what it recorded. Raises ``BadReply``."""
    message, lines = _validated(_Records, text)
    records = {
        name: RecordedState(
            rows=r.rows, finite=r.finite, last=_row(r.last, lines), state=_row(r.state, lines)
        )
        for name, r in message.records.items()
    }
    probe = ModelProbe(
        found=message.found,
        class_name=message.class_name,
        population=int(message.found),
        faults=_faults(message.faults),
    )
    return probe, Answers(records=records)


def _row(array: _Array, lines: list[str]) -> Array:
    (length, *others) = array.shape
    if others or length > MAX_ROW:
        raise BadReply(f"the kernel's reply has a row of shape {array.shape}")
    return _unpack(array, (length,), lines)


def read_figures(text: str) -> list[tuple[Figure, float]]:
    """Read saved pictures and when each was last written; vector graphics without data.

    Raises ``BadReply``.
    """
    message, _ = _validated(_Figures, text)
    bitmaps = [
        (Figure(cell=None, name=f.name, mime=f.mime, data=f.data), f.modified)
        for f in message.figures
    ]
    vectors = [(Figure(cell=None, name="", mime="", data=""), when) for when in message.others]
    return bitmaps + vectors


_AnyMessage = Any


def _validated(model: type[_AnyMessage], text: str) -> tuple[_AnyMessage, list[str]]:
    """Return the message of the first line, and all lines."""
    lines = text.split("\n", MOST_ARRAYS)
    try:
        return model.model_validate_json(lines[0]), lines
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise BadReply(
            f"the kernel's reply has a fault at {first['loc']}: {first['msg']}"
        ) from None


def _faults(faults: Sequence[_Fault]) -> tuple[Fault, ...]:
    return tuple(Fault(**fault.model_dump()) for fault in faults)


def _unpack(array: _Array, shape: tuple[int, ...], lines: list[str]) -> Array:
    """Take the values out of a line, which may be those of one array only."""
    if tuple(array.shape) != shape:
        raise BadReply(f"the kernel's reply has an array of shape {array.shape}, asked: {shape}")
    try:
        line, lines[array.line] = lines[array.line], ""
        raw = base64.b64decode(line, validate=True)
    except IndexError:
        raise BadReply("the kernel's reply has an array without its values") from None
    except ValueError:
        raise BadReply("the kernel's reply has an array that is no base64") from None
    if len(raw) != 8 * math.prod(shape):
        raise BadReply("the kernel's reply has an array of another length than it says")
    return np.frombuffer(raw, "<f8").reshape(shape).astype(np.float64)
