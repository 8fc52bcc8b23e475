"""A Moodle download as it comes, graded and handed back: the whole way of a class."""

from __future__ import annotations

from pathlib import Path

import moodle_class
import pytest
from conftest import results, run_grader
from moodle_troubles import TROUBLES


@pytest.mark.slow
def test_a_class_comes_from_moodle_and_goes_back(tmp_path: Path) -> None:
    """Students with every trouble: each gets a result, a mark, and their own pages back."""
    troubles = list(TROUBLES)
    those = moodle_class.students(2 * len(troubles) + 1, troubles)
    download, worksheet, gradebook = moodle_class.write(tmp_path, those)
    out = tmp_path / "out"
    done = run_grader("grade", download, "-o", out, "--lang", "en")
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(moodle_class.faults(those, out)) == []
    for result in results(out).values():
        if result["run"]["status"] == "unreadable":
            assert result["submission"]["notes"]
            assert result["needs_look"]
    exported = {}
    for format, *into in (
        ("moodle", "--into", worksheet),
        ("canvas", "--into", gradebook),
        ("moodle-feedback",),
        ("csv",),
    ):
        file = tmp_path / f"{format}.out"
        done = run_grader("export", format, "-f", out, *into, "-o", file, "--lang", "en")
        # Two students have one name, and Canvas knows them by no other.
        assert done.returncode == (1 if format == "canvas" else 0), done.stdout + done.stderr
        exported[format] = file.read_bytes()
    assert list(moodle_class.export_faults(those, out, exported)) == []
