"""A function that reads a notebook from what is given to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grader.core.types import Submission
from grader.submission.notebook.read import read_notebook
from tests.support.notebook_texts import Reader, sentences


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Reads bytes, text or a notebook's JSON as the file ``work.ipynb``."""

    def from_data(data: Any) -> Submission:
        if not isinstance(data, (bytes, str)):
            data = json.dumps(data, ensure_ascii=False)
        file = tmp_path / "work.ipynb"
        file.write_bytes(data if isinstance(data, bytes) else data.encode())
        submission = read_notebook(file)
        sentences(submission)
        return submission

    return from_data
