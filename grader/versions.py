"""Versions of what a mark depends on."""

import platform
from importlib.metadata import PackageNotFoundError, version


def versions() -> dict[str, str]:
    """Versions of what a mark depends on."""
    found = {"python": platform.python_version()}
    for package in ("grader", "brainpy", "jax", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    return found
