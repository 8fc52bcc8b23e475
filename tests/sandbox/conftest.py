"""Sandboxes of each backend."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import sandboxes


@pytest.fixture(scope="session", params=sandboxes.SMALL)
def boxes(request: pytest.FixtureRequest) -> Iterator[sandboxes.SandboxServer]:
    """Sandboxes of each backend, as each user; one warm process serves every test."""
    server = sandboxes.started(*request.param)
    yield server
    server.close()
