"""Tests in forks of the warm process, and with ``--full`` in cold kernels."""

from __future__ import annotations

import pytest

EITHER_KERNEL = pytest.mark.parametrize(
    "kernels", ["warm", pytest.param("cold", marks=pytest.mark.full)], indirect=True
)
"""A fork of the warm process, as `grader grade` makes them; with ``--full`` a cold kernel too."""
