"""Grade simulation notebooks: run them, look at the model, judge it, explain the mark."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("grader")
except PackageNotFoundError:  # a bare source tree, never installed
    __version__ = "0+unknown"
