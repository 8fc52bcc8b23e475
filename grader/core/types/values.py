"""The small values that all stages speak in: arrays, statuses, remarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import PlainSerializer, PlainValidator, SerializationInfo, ValidationInfo


def _store(array: npt.NDArray[np.float64], info: SerializationInfo) -> dict[str, str]:
    """Put an array aside while a value is made plain; see ``grader.core.evidence_store``."""
    arrays: dict[str, Any] = info.context["arrays"]  # type: ignore[index]  # the store gives one
    name = f"a{len(arrays)}"
    arrays[name] = array
    return {"array": name}


def _fetch(plain: Any, info: ValidationInfo) -> npt.NDArray[np.float64]:
    """Return the array that was put aside. Raises ``ValueError`` when there is none."""
    arrays = (info.context or {}).get("arrays", {})
    name = plain.get("array") if isinstance(plain, dict) else None
    if name not in arrays:
        raise ValueError("there is no such array")
    return np.asarray(arrays[name], np.float64)


Array = Annotated[npt.NDArray[np.float64], PlainValidator(_fetch), PlainSerializer(_store)]

Status = Literal["pass", "partial", "fail", "skipped", "error"]
Outcome = Literal["graded", "not_graded"]
RunStatus = Literal["ok", "cell_error", "timeout", "memory", "kernel_died", "unreadable"]
CellStatus = Literal["ok", "error", "timeout", "died", "not_run"]
Visibility = Literal["public", "hidden"]
Precision = Literal["float64", "float32"]
Value = str | int | float | bool | None
Values = Mapping[str, Value]

CUT_OFF = ("timeout", "memory", "kernel_died")
"""Statuses of runs that did not come to their own end."""

LARGEST_TEXT = 200_000
"""Characters that are kept of one output of a cell, and of what it prints on either stream."""

LARGEST_PICTURE = 4_000_000
"""Characters of one picture in base64."""

STEP_DIVISIONS = (2, 4)
"""Into how many shorter steps one is divided, to see where a model goes as dt goes to 0."""


def output_limits(most: int) -> dict[str, int]:
    """Limits that an honest kernel keeps by itself.

    `grader.untrusted.box.output_limit` names them so, too.

    ``most`` is the size in bytes at which a run is ended. Half of it is left for answers.
    """
    return {"text": LARGEST_TEXT, "picture": LARGEST_PICTURE, "everything": most // 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A remark about a submission: a message of the catalogue and what it speaks of."""

    message_id: str
    """The message of the catalogue."""
    values: Values = field(default_factory=dict)
    """The values that the message names."""
    for_student: bool = True
    """False for what only a teacher should read."""
