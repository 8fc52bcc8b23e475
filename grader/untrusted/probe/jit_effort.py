"""How the probe's own programs are compiled: with little effort, for each runs an instant only.

Compiling takes most of the time of an answer, and without optimisation (`settings`) and XLA's own
fusions far less. A long simulation then takes several times as long, so a notebook's own programs
are compiled as ever. ``tests/benchmarks/compiling.py`` measures both.
"""

import brainpy.math as bm
import jax

from .class_registry import once

NO_FUSIONS = {"xla_cpu_use_fusion_emitters": False}


def quickly(function, compiled=bm.jit):
    """``function``, compiled with as little effort as this XLA takes; JAX's or BrainPy's way."""
    return compiled(function, compiler_options=once("effort", effort))


def effort():
    """The options to compile with: none where this version of XLA does not know them."""
    try:
        jax.jit(lambda: 0, compiler_options=NO_FUSIONS).lower().compile()
    except Exception:
        return {}
    return NO_FUSIONS
