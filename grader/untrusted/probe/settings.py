"""The settings that a question is asked under, and putting the notebook's own back.

What the student runs after the graded cell must not notice that it was questioned.
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

# Each with the value under which a model is questioned. Where JAX has run already, a
# platform's name changes nothing any more, and the default device does.
OPTIONS = {
    "jax_platform_name": "cpu",
    "jax_disable_jit": False,
    "jax_disable_most_optimizations": True,  # to compile takes longest; see `effort` as well
    "jax_debug_nans": False,
    "jax_debug_infs": False,
    "jax_default_device": "cpu",
    "jax_numpy_dtype_promotion": "standard",
}
SEED = 1952  # of random numbers: asked again, a model gives the same answer


def tidy(dt, x64):
    """Undo what a notebook may have left behind: dt, mode, precision, platform, names, chance."""
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
def put_back():
    """Whatever is changed within is afterwards as it was: settings, names, random numbers."""
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
