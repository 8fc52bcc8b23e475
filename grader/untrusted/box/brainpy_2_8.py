"""BrainPy 2.8 starts XLA when it is imported; a process that has must not fork.

Seven default arguments of its NEST neurons are ``(2.0,) * u.ms``, which saiunit makes
JAX arrays of. While BrainPy is imported these become NumPy arrays, and anything else
that asks for a backend fails. From BrainPy 2.9 on this module is not needed.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def no_backend() -> Iterator[None]:
    """Keep XLA from being started within the block."""
    import numpy as np

    bridge: Any = importlib.import_module("jax._src.xla_bridge")
    unit: Any = importlib.import_module("saiunit").Unit

    def refuse(*_: Any, **__: Any) -> Any:
        raise RuntimeError("XLA must not be started here")

    def multiply(self: Any, other: Any) -> Any:
        if isinstance(other, tuple | list):
            other = np.asarray(other, np.float32)
        return times(self, other)

    backends, times = bridge.backends, unit.__rmul__
    bridge.backends = refuse
    unit.__rmul__ = multiply
    try:
        yield
    finally:
        bridge.backends = backends
        unit.__rmul__ = times
