"""How XLA compiles in a kernel: with less effort, for a lesson's models run only for an instant.

Compiling takes most of the time of an answer. With the first level of optimisation it takes
less, and a long simulation runs as fast; with none, and without XLA's own fusions, less still,
but then a long simulation takes several times as long (``tests/benchmarks/compiling.py``
measures both). So students' notebooks get the first. A flag that XLA does not know ends the
process that reads it: each is set for the versions alone that it was tried with.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from packaging.version import InvalidVersion, Version

VARIABLE = "XLA_FLAGS"
_Flags = tuple[tuple[str, Version, Version], ...]
# A flag, the first jaxlib that it was tried with, and the first that lacks it or wasn't tried.
_OF_NOTEBOOKS: _Flags = (("--xla_backend_optimization_level=1", Version("0.9"), Version("0.13")),)
_OF_MODELS: _Flags = (
    ("--xla_backend_optimization_level=0", Version("0.9"), Version("0.13")),
    ("--xla_cpu_use_fusion_emitters=false", Version("0.9"), Version("0.12")),
)


def quick_flags(given: str = "", *, models_only: bool = False) -> str:
    """The value of ``XLA_FLAGS`` for a kernel on the CPU; what was ``given`` comes last, and wins.

    ``models_only`` is for one that runs nobody's simulations. Nothing of ours where jaxlib is
    not of a version that we tried.
    """
    return " ".join([*known_flags(_jaxlib(), models_only=models_only), *given.split()])


def known_flags(jaxlib: str, *, models_only: bool = False) -> list[str]:
    """Our flags that this version of jaxlib knows."""
    try:
        own = Version(jaxlib)
    except InvalidVersion:
        return []
    flags = _OF_MODELS if models_only else _OF_NOTEBOOKS
    return [flag for flag, first, beyond in flags if first <= own < beyond]


def _jaxlib() -> str:
    try:
        return version("jaxlib")
    except PackageNotFoundError:
        return ""
