"""How the probe's own programs are compiled: with little effort, for each runs an instant only.

Compiling takes most of the time of an answer. Without optimisation and without XLA's own
fusions it takes half; but a long simulation then takes several times as long, so that what a
notebook compiles for itself is none of this (``tests/benchmarks/compiling.py`` measures both).
"""

import brainpy.math as bm
import jax

from .keep import once

LITTLE = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}


def quickly(function):
    """``function``, compiled with as little effort as this XLA takes."""
    return bm.jit(function, compiler_options=once("effort", effort))


def effort():
    """The options of `LITTLE` that this version of XLA knows; an unknown one is an error."""
    tries = (LITTLE, *({name: value} for name, value in LITTLE.items()))
    return next((options for options in tries if known(options)), {})


def known(options):
    """Whether a program is compiled with these ``options``."""
    try:
        jax.jit(lambda: 0, compiler_options=options).lower().compile()
    except Exception:
        return False
    return True
