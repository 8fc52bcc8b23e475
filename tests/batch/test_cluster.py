"""Grading on a Dask cluster: a real scheduler and workers on loopback, and what goes wrong."""

from __future__ import annotations

from tests.support.cluster_class import cell, graded_once, sleeping, until_a_cell_runs
from tests.support.dask_cluster import PATIENCE, Cluster
from tests.support.project import results


def test_what_a_killed_worker_had_is_graded_by_another(a_cluster: Cluster) -> None:
    """SIGKILL for one of two workers while it runs a notebook: each submission has one result.

    Nothing that the worker started runs on.
    """
    cell(a_cluster.folder / "class" / "first.ipynb", "print(6 * 7)")
    cell(a_cluster.folder / "class" / "second.ipynb", sleeping(5))
    workers = a_cluster.workers(2)
    grading = a_cluster.grading()
    victim = until_a_cell_runs(a_cluster, workers, grading)
    assert "second" not in a_cluster.written()
    a_cluster.kill(victim)
    said, _ = grading.communicate(timeout=2 * PATIENCE)
    assert grading.returncode == 0, said
    assert "is gone. What it had" in " ".join(said.split())
    assert graded_once(said) == ["first", "second"]
    found = results(a_cluster.out)
    assert {name: one["outcome"] for name, one in found.items()} == {
        "first": "graded", "second": "graded",
    }  # fmt: skip
