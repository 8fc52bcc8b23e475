"""A Dask cluster for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.dask_cluster import Cluster, cluster


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Cluster]:
    with cluster() as started:
        yield started


@pytest.fixture
def a_cluster(scheduler: Cluster) -> Cluster:
    """The scheduler of all these tests, with an empty class; workers of an earlier test may be
    there: `Cluster.workers` says how many there are to be."""
    scheduler.clear()
    return scheduler
