"""Versions of what a mark depends on, and the variables by which JAX may use a GPU."""

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version


def versions() -> dict[str, str]:
    """Return the version of each package that a mark depends on; "" where it is missing."""
    found = {"python": platform.python_version()}
    for package in ("grader", "brainpy", "jax", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    return found


def unsupported_versions() -> dict[str, str]:
    """Return the packages installed in a version that the grader can't use, and what it needs.

    What is not installed at all is another matter: there may be something else in its place.
    """
    from packaging.requirements import Requirement  # only where it is needed: a kernel comes first

    found = {}
    try:
        needed = [Requirement(text) for text in requires("grader") or ()]
    except PackageNotFoundError:  # run out of a folder that was never installed
        return {}
    for one in needed:
        if one.marker is not None and not one.marker.evaluate({"extra": ""}):
            continue
        try:
            here = version(one.name)
        except PackageNotFoundError:
            continue
        if not one.specifier.contains(here, prereleases=True):
            found[f"{one.name} {here}"] = f"{one.name}{one.specifier}"
    return found


def gpu_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return ``variables`` without what keeps JAX on the CPU; memory of a GPU is left to others."""
    free = {name: value for name, value in variables.items() if name != "JAX_PLATFORMS"}
    return {**free, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
