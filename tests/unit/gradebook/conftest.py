"""A new gradebook, and an output folder for it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "term.sqlite"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"
