"""What XLA compiled of the reference: kept on this machine for the next batch.

Only the judge writes to this folder and only the judge reads it; no box ever sees it.
Nothing but the start of a batch hangs on it.
"""

from __future__ import annotations

import contextlib
import warnings
from pathlib import Path
from typing import Any

import jax

from grader.box import programs

MOST = 400  # files; then all of them go


def keep_compiled() -> None:
    """From now on programs are looked for in the user's cache folder, and put there."""
    if (place := programs.folder()) is None:
        return
    folder = place / f"reference-{programs.machine()}"
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        _clear(folder)
    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache entry")
    settings = {
        "jax_compilation_cache_dir": str(folder),
        "jax_persistent_cache_enable_xla_caches": "none",
        "jax_persistent_cache_min_entry_size_bytes": -1,
        "jax_persistent_cache_min_compile_time_secs": 0.0,
    }
    config: Any = jax.config
    for name, value in settings.items():
        config.update(name, value)


def _clear(folder: Path) -> None:
    files = list(folder.iterdir())
    for file in files if len(files) > MOST else ():
        file.unlink(missing_ok=True)
