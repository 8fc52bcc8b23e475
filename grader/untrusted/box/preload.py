"""Import once all that a submission is likely to import, without starting XLA."""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.metadata
import os
import sys
import warnings
from typing import Any

from .brainpy_2_8 import no_backend
from .memory import gather_pages

# Not matplotlib_inline: it ties itself to the shell that there is when it is imported.
_MODULES = (
    *("numpy", "scipy", "jax.numpy", "matplotlib.pyplot", "PIL.PngImagePlugin", "tqdm.auto"),
    *("ipykernel.kernelapp", "ipykernel.debugger", "ipykernel.ipkernel", "ipykernel.zmqshell"),
    *("IPython.core.completer", "IPython.core.magics", "IPython.core.pylabtools", "zmq.asyncio"),
    *("tornado.platform.asyncio", "jupyter_client.session", "IPython.core.ultratb", "stack_data"),
    *("IPython.core.debugger", "IPython.core.history", "executing", "pure_eval", "asttokens"),
    *("jax.experimental.multihost_utils", "jaxlib.mlir.dialects.builtin"),
    *("jaxlib.mlir.dialects.mhlo", "zmq.utils.garbage"),
    *("pygments.lexers.python", "pygments.formatters.terminal256", "pygments.styles.default"),
)


def preload() -> None:
    """Import, warm up and freeze. What is not installed is passed over."""
    gc.disable()  # while everything is made that stays
    import jax
    import saiunit

    del jax, saiunit
    with no_backend():
        import brainpy
        import brainpy.math
    for name in _MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    _draw_once()
    _fail_once()
    _find_plugins()
    assert "matplotlib_inline.backend_inline" not in sys.modules, "plots would be lost"
    _no_progress_bar(brainpy)
    # the folder of compiled programs is read-only, and ours: its faults are no student's
    about_ours = "Error (reading|writing) persistent compilation cache entry"
    warnings.filterwarnings("ignore", about_ours)
    gc.freeze()
    gather_pages()
    gc.enable()


def assert_forkable() -> None:
    """Raise ``AssertionError`` when a fork of this process could hang or crash."""
    bridge: Any = sys.modules.get("jax._src.xla_bridge")
    assert bridge is None or not bridge.backends_are_initialized(), "XLA was started"
    assert len(os.listdir("/proc/self/task")) == 1, "a process with threads must not fork"


def _draw_once() -> None:
    """Load fonts and renderers; ``pyplot`` must not choose its backend here."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.add_subplot()
    axes.plot([0, 1], label="warm $x_1$")
    axes.set_title("warm")
    axes.legend()
    FigureCanvasAgg(figure).print_png(open(os.devnull, "wb"))  # noqa: SIM115 - it keeps nothing


def _fail_once() -> None:
    """Load what a traceback is made with."""
    from IPython.core.ultratb import VerboseTB

    try:
        raise RuntimeError
    except RuntimeError:
        with contextlib.suppress(Exception):
            VerboseTB(theme_name="linux").text(*sys.exc_info())


def _find_plugins() -> None:
    """Let JAX look through every installed package for plugins, as it does before it starts XLA.

    Where there is one, a GPU's, that is left to the fork: who knows what it starts.
    """
    bridge: Any = importlib.import_module("jax._src.xla_bridge")
    with contextlib.suppress(AttributeError):  # of JAX's own, and not promised
        advertised = importlib.metadata.entry_points(group="jax_plugins")
        if not advertised and not bridge.jax_plugins:
            bridge._discover_and_register_pjrt_plugins()


def _no_progress_bar(brainpy: Any) -> None:
    """Keep the runner's progress bar off: a host call for every step, for nobody to see."""
    runner: Any = brainpy.running.runner.Runner
    original = runner.__init__

    def without(self: Any, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        self.progress_bar = False

    without.__wrapped__ = original  # type: ignore[attr-defined]  # as functools.wraps does
    runner.__init__ = without
