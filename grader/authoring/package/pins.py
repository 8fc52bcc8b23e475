"""The versions of all that the grader uses here, so that marks are the same elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from grader.authoring.package.wheel import installed_grader


def constraints() -> str:
    """Return a constraints file for pip: each package that is needed, as installed here.

    Raises ``NotInstalled``.
    """
    versions: dict[str, str] = {}
    waiting = [*_applying(installed_grader().requires or (), [])]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        needed = waiting.pop()
        name = canonicalize_name(needed.name)
        if (key := (name, frozenset(needed.extras))) in seen:
            continue
        seen.add(key)
        try:
            found = distribution(name)
        except PackageNotFoundError:  # it can be done without, or else pip will say so
            continue
        versions[name] = Version(found.version).public
        waiting += _applying(found.requires or (), needed.extras)
    return "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))


def _applying(requirements: Iterable[str], extras: Iterable[str]) -> Iterator[Requirement]:
    """Yield the requirements that hold on this machine, with these extras of their package."""
    names = ["", *extras]
    for one in map(Requirement, requirements):
        if one.marker is None or any(one.marker.evaluate({"extra": name}) for name in names):
            yield one
