"""The programs that XLA compiled of the reference, kept on this machine for the next batch.

Only the judge writes to this folder and only the judge reads it; no box ever sees it.
Nothing but the start of a batch hangs on it.
"""

from __future__ import annotations

import warnings
from typing import Any

import jax

from grader.core import compile_cache


def use_compile_cache() -> None:
    """Look for programs in the user's cache folder from now on, and put them there."""
    if (folder := compile_cache.machine_folder("reference")) is None:
        return
    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache entry")
    config: Any = jax.config
    for name, value in {"jax_compilation_cache_dir": str(folder), **compile_cache.SETTINGS}.items():
        config.update(name, value)
