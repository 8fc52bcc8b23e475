"""A folder to unpack into."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def room(tmp_path: Path) -> Path:
    return tmp_path / "scratch"
