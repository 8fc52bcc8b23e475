"""How XLA compiles in a kernel: quickly, for a lesson's models run only for an instant.

Compiling took most of the time of an answer; with less optimisation it takes half, and a
long simulation runs as fast (``tests/benchmarks/compiling.py`` measures both). A flag that
XLA does not know ends the process that reads it, so each is set for the versions alone
that it was tried with.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from packaging.version import InvalidVersion, Version

VARIABLE = "XLA_FLAGS"
_KNOWN = (  # flag, the first jaxlib that it was tried with, and the first that lacks it
    ("--xla_backend_optimization_level=1", Version("0.9"), Version("0.13")),
    ("--xla_cpu_use_fusion_emitters=false", Version("0.9"), Version("0.12")),
)


def quick_flags(given: str = "") -> str:
    """The value of ``XLA_FLAGS`` for a kernel on the CPU; what was ``given`` comes last, and wins.

    Nothing of ours where jaxlib is not of a version that we tried.
    """
    return " ".join([*known_flags(_jaxlib()), *given.split()])


def known_flags(jaxlib: str) -> list[str]:
    """Our flags that this version of jaxlib knows."""
    try:
        own = Version(jaxlib)
    except InvalidVersion:
        return []
    return [flag for flag, first, beyond in _KNOWN if first <= own < beyond]


def _jaxlib() -> str:
    try:
        return version("jaxlib")
    except PackageNotFoundError:
        return ""
