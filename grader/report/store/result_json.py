"""``result.json``: the machine's copy of a report, for the teacher and other tools.

Its schema is fixed (version 1); a reader names the path of whatever is wrong. Keys that it
does not name may come after those that it does; ``grader.report.store.read`` reads them back.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from grader.core.checksum import with_checksum
from grader.core.types import CheckResult, GradeReport
from grader.core.validation_faults import describe_fault
from grader.report.outcome import normalize_outcome
from grader.report.store.schema import ProvenanceTable, ResultTable
from grader.report.text.sanitize import clean, replace_surrogates

SCHEMA_VERSION: Final = 1
_LONGEST: Final = 20_000  # characters of one text


class ResultError(ValueError):
    """A text is no ``result.json`` of version 1; the message has one fault a line."""


def result_json(report: GradeReport, pages: Mapping[str, str] | None = None) -> str:
    """Write ``result.json``. Numbers that are not finite become null.

    ``pages`` are digests of the pages that lie beside it. A report with a check that
    ended in an error is written as not graded.
    """
    report = normalize_outcome(report)
    run = report.run
    result = {
        "schema_version": SCHEMA_VERSION,
        "assignment": {
            "id": report.assignment,
            "digest": report.assignment_digest,
            "title": report.assignment_title,
            "files": report.assignment_files,
        },
        "submission": {
            "id": report.submission_id,
            "file": report.file,
            "sha256": report.sha256,
            "notes": _texts(report.notes),
            "teacher_notes": _texts(report.teacher_notes),
        },
        "outcome": report.outcome,
        "run": {
            "status": run.status,
            "failed_cell": run.failed_cell,
            "error": clean(run.error, _LONGEST),
            "seconds": run.seconds,
            "follows": report.error_is_consequence,
            "time_factor": run.time_factor,
        },
        "score": report.score,
        "max_score": report.max_score,
        "checks": [_check(check) for check in report.checks],
        "provenance": {**dict.fromkeys(ProvenanceTable.model_fields), **report.provenance},
        "language": report.language,
        "needs_look": _texts(report.needs_look),
        "diagnoses": [asdict(diagnosis) for diagnosis in report.diagnoses],
        "changes": [asdict(change) for change in report.changes],
    }
    if pages is not None:
        result["pages"] = pages
    whole = plain_json(result)
    assert isinstance(whole, dict)
    return json.dumps(with_checksum(whole), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _texts(texts: Iterable[str]) -> list[str]:
    return [clean(text, _LONGEST) for text in texts]


def _check(check: CheckResult) -> dict[str, object]:
    entry: dict[str, object] = {
        "id": check.id,
        "family": check.family,
        "visibility": check.visibility,
        "status": check.status,
        "points": check.points,
        "max_points": check.max_points,
        "message_id": check.message_id,
        "message": clean(check.message, _LONGEST),
        "detail": clean(check.detail, _LONGEST),
        "measured": {"expected": check.expected, "found": check.found},
        "title": clean(check.title, _LONGEST),
    }
    if check.cell is not None:
        entry["where"] = {"cell": check.cell, "line": check.line}
    return entry


def plain_json(value: object) -> object:
    """Return ``value`` as JSON holds it: no NaN, no lone surrogates, no scalars of NumPy's."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {replace_surrogates(str(key)): plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= 1024 else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return replace_surrogates(str(value))


def read_result(text: str) -> dict[str, Any]:
    """Parse a ``result.json``. Keys that are not known are kept.

    Raises ``ResultError`` naming every fault by its path.
    """
    try:
        result = json.loads(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"), parse_constant=_no)
    except (ValueError, RecursionError) as error:
        raise ResultError(f"result.json: not readable as JSON: {error}") from None
    try:
        table = ResultTable.model_validate(result)
    except ValidationError as error:
        faults = [describe_fault(fault) for fault in error.errors()]
    else:
        faults = list(_contradictions(table))
    if faults:
        raise ResultError("\n".join(f"result.json: {fault}" for fault in faults))
    checked: dict[str, Any] = result
    return checked


def _no(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON number")


def _contradictions(result: ResultTable) -> Iterator[str]:
    if (result.score is None) != (result.outcome == "not_graded"):
        yield f"score: {json.dumps(result.score)} does not go with {result.outcome}"
    for index, check in enumerate(result.checks):
        if check.status == "error" and result.outcome == "graded":
            yield f"checks[{index}].status: error does not go with graded"
