"""``grader grade --cluster``, used wrongly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import SOLUTION

WITHOUT_DASK = "import sys; sys.modules['distributed'] = None; from grader.cli import main; main()"


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ((), WITHOUT_DASK, "pip install 'grader[cluster]'"),
        (("--jobs", "2"), "from grader.cli import main; main()", "dask worker ADDRESS --nthreads"),
    ],
)
def test_wrong_use_is_a_sentence(
    more: tuple[str, ...], code: str, words: str, tmp_path: Path
) -> None:
    """Without Dask, or with a number of jobs of this machine's, the command says what to do."""
    arguments = ["grade", SOLUTION, "-o", tmp_path / "out", "--cluster", "tcp://127.0.0.1:1"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments), *more, "--lang", "en"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "out").exists()
