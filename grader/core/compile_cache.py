"""The user's own folder for what is compiled once, and the machine that it was compiled on.

A compiled program may crash a processor other than its own: what is kept is named after
all that it depends on.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

MOST: Final = 400  # files of one folder; then all of them go
SETTINGS: Final[Mapping[str, str | int | float]] = {
    "jax_persistent_cache_enable_xla_caches": "none",  # else the path is in each name
    "jax_persistent_cache_min_entry_size_bytes": -1,
    "jax_persistent_cache_min_compile_time_secs": 0.0,
}
"""JAX's settings for a folder that keeps every program."""

_PACKAGES = ("jax", "jaxlib", "numpy", "brainpy", "brainpy_state", "saiunit", "zstandard")
_OF_A_PROCESSOR = re.compile(
    r"^(vendor_id|cpu family|model|model name|stepping|flags|Features|CPU \w+)\s*:.*$", re.M
)


def cache_folder() -> Path | None:
    """Return the user's own folder for such files; None where it can't be written."""
    place = user_cache_path("grader") / "programs"
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:  # a bare container, a home that is read-only
        return None
    return place if os.access(place, os.W_OK) else None


def machine_folder(name: str) -> Path | None:
    """Return this machine's folder ``name`` below it, made or cleared where need be; or None."""
    if (place := cache_folder()) is None:
        return None
    own = place / f"{name}-{machine_digest()}"
    try:
        own.mkdir(exist_ok=True)
        files = list(own.iterdir())
        for file in files if len(files) > MOST else ():
            file.unlink(missing_ok=True)
    except OSError:
        return None
    return own


def machine_digest() -> str:
    """Return a digest of the processor's kind, Python, and the packages that compile."""
    facts = [platform.machine(), sys.version, *_processors()]
    for package in _PACKAGES:
        try:
            facts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def _processors() -> list[str]:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return [platform.processor()]
    return sorted({match[0] for match in _OF_A_PROCESSOR.finditer(text)})
