"""The schema of ``result.json``, version 1. Keys that are not named here may stand beside these."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from grader.core.types import Outcome, RunStatus, Status, Visibility


def _verify_scalar(value: object) -> object:
    if isinstance(value, (dict, list)) or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError("expected a text, a finite number, true, false or null")
    return value


Scalar = Annotated[Any, AfterValidator(_verify_scalar)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class AssignmentTable(_Table):
    """The assignment that was graded."""

    id: str
    digest: str


class SubmissionTable(_Table):
    """The file that was graded, and remarks for everyone."""

    id: str
    file: str
    sha256: str
    notes: list[str]


class RunTable(_Table):
    """The run of the notebook; cells are counted from 0."""

    status: RunStatus
    failed_cell: int | None
    error: str
    seconds: float | None


class MeasuredTable(_Table):
    """The values that a check compared."""

    expected: Scalar
    found: Scalar


class CheckTable(_Table):
    """One check with its points; ``detail`` is for the teacher."""

    id: str
    family: str
    visibility: Visibility
    status: Status
    points: float
    max_points: float
    message_id: str
    message: str
    detail: str
    measured: MeasuredTable


class ProvenanceTable(_Table):
    """The versions and the machine that graded it."""

    grader: Scalar
    brainpy: Scalar
    jax: Scalar
    python: Scalar
    device: Scalar
    sandbox: Scalar
    seed: Scalar


class ResultTable(_Table):
    """The whole of ``result.json``."""

    schema_version: Literal[1]
    assignment: AssignmentTable
    submission: SubmissionTable
    outcome: Outcome
    run: RunTable
    score: float | None
    max_score: float
    checks: list[CheckTable]
    provenance: ProvenanceTable
