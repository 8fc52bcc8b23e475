"""Settings under which a model is probed, and how to restore the notebook's own.

Cells below the graded one must not notice that a model was probed.
"""

import contextlib
import random
import sys

import brainpy as bp
import brainpy.math as bm
import brainstate
import jax
import numpy as np
from brainpy.math.defaults import env

# Each with the value under which a model is probed. Where JAX has run already, a
# platform's name changes nothing any more, and the default device does.
OPTIONS = {
    "jax_platform_name": "cpu",
    "jax_disable_jit": False,
    "jax_disable_most_optimizations": True,  # compiling takes longest; see `jit_effort` as well
    "jax_debug_nans": False,
    "jax_debug_infs": False,
    "jax_default_device": "cpu",
    "jax_numpy_dtype_promotion": "standard",
}
SEED = 1952  # of random numbers: a model gives the same answer each time


def apply_settings(dt, x64):
    """Set dt, mode, precision, platform, names and random seeds, whatever the notebook left."""
    for option, value in OPTIONS.items():
        with contextlib.suppress(Exception):  # an option that this JAX has not
            jax.config.update(option, value)
    bm.enable_x64() if x64 else bm.disable_x64()
    bm.set_mode(bm.nonbatching_mode)
    bm.set_dt(dt)
    bp.share.save(dt=dt, t=0.0, i=0)
    bm.clear_name_cache()
    for seed in (random.seed, np.random.seed, bm.random.seed):  # a model may start at random
        seed(SEED)


@contextlib.contextmanager
def restored_settings():
    """Restore settings, names and random generators after the block."""
    now = jax.config.values
    options = {name: now[name] for name in (*OPTIONS, "jax_enable_x64") if name in now}
    naming = vars(sys.modules[bm.clear_name_cache.__module__])
    tables = [env.settings, naming.get("_name2id", {}), naming.get("_typed_names", {})]
    contents = [dict(table) for table in tables]
    generator = getattr(bm.random, "DEFAULT", None)
    key = getattr(generator, "value", None)
    precision = brainstate.environ.get_precision()
    drawn = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        brainstate.environ.set(precision=precision)
        for name, value in options.items():
            with contextlib.suppress(Exception):
                jax.config.update(name, value)
        for table, content in zip(tables, contents, strict=True):
            table.clear()
            table.update(content)
        if key is not None:
            generator.value = key
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])
