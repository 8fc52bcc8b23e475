"""Grade simulation notebooks: run them, look at the model, judge it, explain the mark."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

try:
    __version__ = version("grader")
except PackageNotFoundError:  # a bare source tree, never installed
    __version__ = "0+unknown"


def load_ipython_extension(shell: Any) -> None:
    """Called by IPython for ``%load_ext grader``: gives a notebook ``%grader check``."""
    import_module("grader.cli.magic").add_to(shell)  # only there and then
