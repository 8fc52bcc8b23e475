"""BrainPy 2.8 starts XLA when it is imported; a process that has must not fork.

Seven default arguments of its NEST neurons are ``(2.0,) * u.ms``, which saiunit makes
JAX arrays of. While BrainPy is imported these become NumPy arrays, and anything else
that asks for a backend fails. From BrainPy 2.9 on this module is not needed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def no_backend() -> Iterator[None]:
    """Nothing starts XLA within the block."""
    import numpy as np
    import saiunit
    from jax._src import xla_bridge

    def refuse(*_: Any, **__: Any) -> Any:
        raise RuntimeError("XLA must not be started here")

    def multiply(unit: Any, other: Any) -> Any:
        if isinstance(other, tuple | list):
            other = np.asarray(other, np.float32)
        return times(unit, other)

    backends, times = xla_bridge.backends, saiunit.Unit.__rmul__
    xla_bridge.backends = refuse
    saiunit.Unit.__rmul__ = multiply
    try:
        yield
    finally:
        xla_bridge.backends = backends
        saiunit.Unit.__rmul__ = times
