"""Programs that XLA compiled before: who may add to them, and whether they are used."""

from __future__ import annotations

import importlib
from typing import Any

FOUND, NOT_FOUND = 0, 3  # exit codes of a box that was asked for the known program


def keep_in(descriptor: int) -> None:
    """Put every program from now on into the open folder ``descriptor``.

    The known one is first; later boxes can be asked for it.
    """
    jax: Any = importlib.import_module("jax")
    jax.config.update("jax_compilation_cache_dir", f"/proc/self/fd/{descriptor}")
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    find_known()


def find_known() -> bool:
    """Return True if a small program that never changes came out of the folder."""
    jax: Any = importlib.import_module("jax")
    numpy: Any = importlib.import_module("numpy")
    events: list[str] = []
    jax.monitoring.register_event_listener(lambda event, **_: events.append(event))

    def known(x: Any) -> Any:
        return jax.numpy.exp(-x) * 2 + 1

    jax.jit(known)(numpy.linspace(0, 1, 5, dtype=numpy.float32)).block_until_ready()
    return "/jax/compilation_cache/cache_hits" in events
