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

from grader.core.checksum import with_checksum
from grader.core.types import CheckResult, GradeReport
from grader.report.outcome import normalize_outcome
from grader.report.text.sanitize import clean, replace_surrogates

SCHEMA_VERSION: Final = 1
_PROVENANCE: Final = ("grader", "brainpy", "jax", "python", "device", "sandbox", "seed")
_LONGEST: Final = 20_000  # characters of one text

_NUMBER: Final = (int, float)
_MAYBE: Final = (str, int, float, bool, type(None))
# A type or types, a set of permitted texts, a table of keys, or a list of one shape.
_CHECK: Final = {
    "id": str,
    "family": str,
    "visibility": {"public", "hidden"},
    "status": {"pass", "partial", "fail", "skipped", "error"},
    "points": _NUMBER,
    "max_points": _NUMBER,
    "message_id": str,
    "message": str,
    "detail": str,
    "measured": {"expected": _MAYBE, "found": _MAYBE},
}
_RESULT: Final = {
    "schema_version": int,
    "assignment": {"id": str, "digest": str},
    "submission": {"id": str, "file": str, "sha256": str, "notes": [str]},
    "outcome": {"graded", "not_graded"},
    "run": {
        "status": {"ok", "cell_error", "timeout", "memory", "kernel_died", "unreadable"},
        "failed_cell": (int, type(None)),
        "error": str,
        "seconds": (int, float, type(None)),
    },
    "score": (int, float, type(None)),
    "max_score": _NUMBER,
    "checks": [_CHECK],
    "provenance": dict.fromkeys(_PROVENANCE, _MAYBE),
}


class ResultError(ValueError):
    """A text is no ``result.json`` of version 1; the message has one fault a line."""


def result_json(report: GradeReport, pages: Mapping[str, str] | None = None) -> str:
    """The text of ``result.json``. Numbers that are not finite become null.

    ``pages`` are digests of the pages that lie beside it. A report with a check that
    ended in an error is written as not graded.
    """
    report = normalize_outcome(report)
    run = report.run
    order = [*_PROVENANCE, *(key for key in report.provenance if key not in _PROVENANCE)]
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
        "provenance": {key: report.provenance.get(key) for key in order},
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
    """``value`` as JSON can hold it: no NaN, no lone surrogates, NumPy's scalars unwrapped."""
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
    faults = list(_faults(result, _RESULT, ""))
    if not faults:
        faults = list(_contradictions(result))
    if faults:
        raise ResultError("\n".join(f"result.json: {fault}" for fault in faults))
    checked: dict[str, Any] = result
    return checked


def _no(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON number")


def _faults(value: object, shape: object, path: str) -> Iterator[str]:
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f"{path or 'top level'}: expected an object"
            return
        for key, inner in shape.items():
            name = f"{path}.{key}" if path else key
            if key not in value:
                yield f"{name}: is missing"
            else:
                yield from _faults(value[key], inner, name)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{path}: expected a list"
            return
        for index, item in enumerate(value):
            yield from _faults(item, shape[0], f"{path}[{index}]")
    elif isinstance(shape, set):
        if not isinstance(value, str) or value not in shape:
            yield f"{path}: expected one of {', '.join(sorted(shape))}, got {_shown(value)}"
    else:
        types = shape if isinstance(shape, tuple) else (shape,)
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            names = " or ".join("null" if t is type(None) else t.__name__ for t in types)
            yield f"{path}: expected {names}, got {_shown(value)}"
        elif isinstance(value, float) and not math.isfinite(value):
            yield f"{path}: expected a finite number"


def _contradictions(result: Mapping[str, Any]) -> Iterator[str]:
    if result["schema_version"] != SCHEMA_VERSION:
        yield f"schema_version: expected {SCHEMA_VERSION}, got {result['schema_version']}"
    if (result["score"] is None) != (result["outcome"] == "not_graded"):
        yield f"score: {_shown(result['score'])} does not go with {result['outcome']}"
    if result["outcome"] == "graded":
        for index, check in enumerate(result["checks"]):
            if check["status"] == "error":
                yield f"checks[{index}].status: error does not go with graded"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "\N{HORIZONTAL ELLIPSIS}"
