"""Compile the probe's own programs with little effort, since each runs an instant only.

Compiling takes most of the time of an answer, and without optimisation (`settings`) and XLA's own
fusions far less. A long simulation then takes several times as long, so a notebook's own programs
are compiled as ever. ``tests/benchmarks/compiling.py`` measures both.
"""

import brainpy.math as bm
import jax

from .class_registry import compute_once

NO_FUSIONS = {"xla_cpu_use_fusion_emitters": False}


def jit_quickly(function, compiled=bm.jit):
    """Compile ``function`` by the jit ``compiled`` with as little effort as this XLA can."""
    return compiled(function, compiler_options=compute_once("effort", compiler_options))


def compiler_options():
    """Return the options to compile with: none where this version of XLA does not know them."""
    try:
        jax.jit(lambda: 0, compiler_options=NO_FUSIONS).lower().compile()
    except Exception:
        return {}
    return NO_FUSIONS
