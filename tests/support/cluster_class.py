"""Submissions that show from outside how far a cluster is with them."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.support.dask_cluster import Cluster, until


def cell(file: Path, source: str) -> None:
    """A notebook with one cell."""
    one = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "source": source}
    cells = [{**one, "execution_count": None}]
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    file.write_text(json.dumps(whole), "utf-8")


def sleeping(seconds: int) -> str:
    """A cell that shows from outside that it runs."""
    return f"import subprocess; subprocess.run(['sleep', '{seconds}'], check=True)"


def until_a_cell_runs(
    started: Cluster, workers: Sequence[subprocess.Popen[bytes]], grading: subprocess.Popen[str]
) -> subprocess.Popen[bytes]:
    """Wait for a cell of ``sleeping``; the worker that it runs on."""
    found: list[subprocess.Popen[bytes]] = []

    def is_run() -> bool:
        assert grading.poll() is None, grading.communicate()[0]
        for worker in workers:
            if any(command.startswith(b"sleep\0") for command in started.below(worker)):
                found.append(worker)
        return bool(found)

    until(is_run, "the submission was not run")
    return found[0]


def graded_once(said: str) -> list[str]:
    """Whom the progress names, each once."""
    found = Counter(re.findall(r"^\[\d+/\d+\] (\S+): ", said, re.M))
    assert set(found.values()) <= {1}, said
    return sorted(found)
