"""Evidence on disk: enough to judge again without running any student's code.

``probe.json`` holds all but the arrays, ``evidence.npz`` the arrays (never pickled),
``executed.ipynb`` the notebook with its outputs. Written by the disposable process
that spoke with the student's kernel, so it is read back strictly.
"""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from grader.files import write_whole
from grader.stages import Evidence

PROBE, ARRAYS, NOTEBOOK = "probe.json", "evidence.npz", "executed.ipynb"
MAX_ARRAYS = 256 * 2**20  # bytes, unpacked
SCHEMA_VERSION = 1

_EVIDENCE = TypeAdapter(Evidence)


class BadEvidence(Exception):
    """Stored evidence is missing or not what it should be."""


def save_evidence(evidence: Evidence, folder: Path) -> None:
    """Write ``evidence`` into ``folder``, each file whole or not at all."""
    arrays: dict[str, npt.NDArray[np.float64]] = {}
    table = _EVIDENCE.dump_python(evidence, mode="json", context={"arrays": arrays})
    notebook = table["executed"].pop("notebook")
    packed = io.BytesIO()
    # Not compressed: for 20 ms it would make them a fifth smaller.
    np.savez(packed, **arrays)  # type: ignore[arg-type]
    write_whole(folder / ARRAYS, packed.getvalue())
    if notebook:
        write_whole(folder / NOTEBOOK, notebook.encode("utf-8", "replace"))
    else:
        (folder / NOTEBOOK).unlink(missing_ok=True)  # of an earlier grading
    text = json.dumps({"schema_version": SCHEMA_VERSION, "evidence": table}, ensure_ascii=False)
    write_whole(folder / PROBE, text.encode("utf-8", "replace"))


def load_evidence(folder: Path) -> Evidence:
    """Read what ``save_evidence`` wrote. Raises ``BadEvidence``."""
    try:
        table = json.loads((folder / PROBE).read_text("utf-8"))
        if table.get("schema_version") != SCHEMA_VERSION:
            raise BadEvidence(f"{folder / PROBE}: written by another version of grader")
        with contextlib.suppress(FileNotFoundError):
            table["evidence"]["executed"]["notebook"] = (folder / NOTEBOOK).read_text("utf-8")
        arrays = _load_arrays(folder / ARRAYS)
        return _EVIDENCE.validate_python(table["evidence"], context={"arrays": arrays})
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, ValidationError) as error:
        raise BadEvidence(f"{folder}: {error}") from error


def _load_arrays(file: Path) -> dict[str, npt.NDArray[np.float64]]:
    with zipfile.ZipFile(file) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_ARRAYS:
        raise BadEvidence(f"{file}: {unpacked} bytes of arrays are more than {MAX_ARRAYS}")
    with np.load(file, allow_pickle=False) as arrays:
        return {name: np.asarray(arrays[name], np.float64) for name in arrays.files}
