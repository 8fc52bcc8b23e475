"""The tiers of the tests: which there are, and to which of them each folder belongs.

A tier holds the ones before it: ``python -m pytest`` runs ``default``, ``--full`` both of the
first two, ``--exhaustive`` all. A test belongs to the tier of its folder, or to the one that a
marker of its own names, as ``@pytest.mark.full``; of several markers the last tier counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath

TIERS: Mapping[str, str] = {
    "default": "every unit, and the real thing in small, within 5 minutes on two processors",
    "full": "everything that CI relies on, within 35 minutes on two processors",
    "exhaustive": "every sandbox as every user, repeats, derived tolerances: within 90 minutes",
}
"""From small to large; each name is a marker."""

TIER_OF: Mapping[str, str] = {
    ".": "default",
    "batch/long": "full",
    "kernel/long": "full",
    "sandbox/long": "full",
    "platforms/browser": "full",
    "platforms/bundles": "full",
}
"""Each folder's tier, and that of all below it; the innermost folder that is named counts."""

LONGEST_FIRST = (
    "sandbox/test_hostile.py",
    "batch/test_acceptance.py",
    "platforms/bundles/test_autograders.py",
    "kernel/test_verify.py",
)
"""Files that start first, since nothing may wait for them in the end: the longest of each tier."""


def tier_of(file: PurePath, markers: Iterable[str]) -> str:
    """Return the tier of a test in ``file``, a path below ``tests``, with these markers."""
    own = set(markers)
    if named := [tier for tier in TIERS if tier in own]:
        return named[-1]
    return next(TIER_OF[folder] for folder in map(str, file.parents) if folder in TIER_OF)


def place_in_order(file: PurePath) -> int:
    """Return the place of a file's tests: the longest first, the others as they are."""
    name = file.as_posix()
    return LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(LONGEST_FIRST)
