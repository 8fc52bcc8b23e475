"""Evidence on disk: enough to judge again without running any student's code.

``probe.json`` holds all but the arrays, ``evidence.npz`` the arrays (never pickled),
``executed.ipynb`` the notebook with its outputs. Written by the disposable process
that spoke with the student's kernel, so it is read back strictly. ``probe.json`` comes
last, says out of what the evidence was made, and holds digests of the others.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from grader.core.atomic import write_atomic
from grader.core.checksum import verify_checksum, with_checksum
from grader.core.types import Evidence

PROBE, ARRAYS, NOTEBOOK = "probe.json", "evidence.npz", "executed.ipynb"
MAX_ARRAYS = 256 * 2**20  # bytes, unpacked
SCHEMA_VERSION = 2  # of the fields of `Evidence` and all below it

_EVIDENCE = TypeAdapter(Evidence)


class BadEvidence(Exception):
    """Stored evidence is missing or not what it should be."""


class OtherVersion(BadEvidence):
    """Stored evidence is whole, and another version of grader wrote it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredEvidence:
    """Stored evidence by what it was made out of. ``digest`` is that of its ``probe.json``."""

    made: Mapping[str, Any]
    digest: str
    sha256: str  # the submission's
    seed: int
    sandbox: str
    versions: Mapping[str, str]
    status: str
    repeated: bool
    harness_error: str
    had_failure: bool


def save_evidence(evidence: Evidence, folder: Path, made: Mapping[str, Any] | None = None) -> None:
    """Write ``evidence`` into ``folder``, each file whole or not at all.

    ``made`` is what decided the run and is not in the evidence itself, as JSON can hold it.
    """
    arrays: dict[str, npt.NDArray[np.float64]] = {}
    table = _EVIDENCE.dump_python(evidence, mode="json", context={"arrays": arrays})
    notebook = table["executed"].pop("notebook")
    packed = io.BytesIO()
    # Not compressed: for 20 ms it would make them a fifth smaller.
    np.savez(packed, **arrays)  # type: ignore[arg-type]  # none of them is allow_pickle
    contents = {ARRAYS: packed.getvalue()}
    if notebook:
        contents[NOTEBOOK] = notebook.encode("utf-8", "replace")
    else:
        (folder / NOTEBOOK).unlink(missing_ok=True)  # of an earlier grading
    for name, content in contents.items():
        write_atomic(folder / name, content)
    whole = {
        "schema_version": SCHEMA_VERSION,
        "made": dict(made or {}),
        "files": {name: _digest(content) for name, content in contents.items()},
        "had_failure": evidence.had_failure,
        "evidence": table,
    }
    text = json.dumps(with_checksum(whole), ensure_ascii=False)
    write_atomic(folder / PROBE, text.encode("utf-8", "replace"))


def load_evidence(folder: Path) -> Evidence:
    """Read what ``save_evidence`` wrote. Raises ``BadEvidence``."""
    try:
        table = json.loads((folder / PROBE).read_text("utf-8"))
        if table.get("schema_version") != SCHEMA_VERSION:
            raise OtherVersion(f"{folder / PROBE}: written by another version of grader")
        with contextlib.suppress(FileNotFoundError):
            table["evidence"]["executed"]["notebook"] = (folder / NOTEBOOK).read_text("utf-8")
        arrays = _load_arrays(folder / ARRAYS)
        return _EVIDENCE.validate_python(table["evidence"], context={"arrays": arrays})
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, ValidationError) as error:
        raise BadEvidence(f"{folder}: {error}") from error


def read_stored(folder: Path) -> StoredEvidence | None:
    """Return what the evidence in ``folder`` was made out of; None where there is none.

    Raises ``BadEvidence`` when a file of it is not as it was written, `OtherVersion` of it
    when that was by a grader that stores other fields.
    """
    try:
        content = (folder / PROBE).read_bytes()
        table = json.loads(content)
        if not verify_checksum(table):
            raise BadEvidence(f"{folder / PROBE} is not as it was written")
        if table["schema_version"] != SCHEMA_VERSION:
            raise OtherVersion(f"{folder / PROBE}: written by another version of grader")
        for name in (ARRAYS, NOTEBOOK):
            file = folder / name
            found = _digest(file.read_bytes()) if file.exists() else None
            if found != table["files"].get(name):
                raise BadEvidence(f"{file} is not as it was written")
        evidence = table["evidence"]
        return StoredEvidence(
            made=table["made"],
            digest=_digest(content),
            sha256=evidence["submission"]["sha256"],
            status=evidence["executed"]["status"],
            had_failure=table["had_failure"],
            **{name: evidence[name] for name in _PLAIN},
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise BadEvidence(f"{folder}: {error}") from error


_PLAIN = ("seed", "sandbox", "versions", "repeated", "harness_error")


def evidence_digest(folder: Path) -> str:
    """Return the digest by which a result names the evidence that it was judged by; "" without."""
    try:
        return _digest((folder / PROBE).read_bytes())
    except OSError:
        return ""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _load_arrays(file: Path) -> dict[str, npt.NDArray[np.float64]]:
    with zipfile.ZipFile(file) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_ARRAYS:
        raise BadEvidence(f"{file}: {unpacked} bytes of arrays are more than {MAX_ARRAYS}")
    with np.load(file, allow_pickle=False) as arrays:
        return {name: np.asarray(arrays[name], np.float64) for name in arrays.files}
