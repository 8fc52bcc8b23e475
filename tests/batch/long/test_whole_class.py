"""A class as Moodle gives it out, from its download to marks and feedback, killed on the way."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.support.project import run_grader
from tests.support.whole_class import platforms, results
from tests.support.whole_class.killing import finished, run_and_kill
from tests.support.whole_class.students import Student, all_troubles

GRADED = ("several attempts", "GBK zip", "kernel ends")


def test_a_class_comes_from_moodle_and_goes_back(tmp_path: Path) -> None:
    """Killed on the way and graded to its end, each mark is in every export as it was given.

    Nothing that was finished before is graded twice.
    """
    students = [s for s in all_troubles() if s.trouble and _is_tried(s)]
    download, out, exports = (tmp_path / name for name in ("class.zip", "out", "exports"))
    platforms.write_download(students, download)
    arguments = ["grade", str(download), "-o", str(out), "--lang", "en"]
    command = [sys.executable, "-m", "grader", *arguments]
    before = run_and_kill(command, os.environ, out, len(students) // 2)
    assert before
    done = run_grader(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    after = finished(out)
    assert {id: after.get(id) for id in before} == before
    found = results.read_results(out)
    assert list(results.unexpected(students, found)) == []
    exports.mkdir()
    platforms.write_gradebooks(students, exports)
    for name in results.EXPORTS:
        done = run_grader(*platforms.export(name, out, exports))
        assert done.returncode in (0, 1), done.stdout + done.stderr
    assert list(results.unequal(students, found, exports)) == []


def _is_tried(student: Student) -> bool:
    """Whether it costs little: without a kernel, or one of a few with one."""
    assert student.trouble is not None
    return not student.trouble.readable or student.trouble.name in GRADED
