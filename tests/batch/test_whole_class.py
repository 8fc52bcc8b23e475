"""A class as Moodle gives it out, from its download to marks and feedback, killed on the way."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from grader.assignment.load import load_assignment
from grader.submission.intake import collect
from tests.support.project import ROOT, run_grader
from tests.support.whole_class import platforms, results
from tests.support.whole_class.killing import finished, run_and_kill
from tests.support.whole_class.students import Student, all_troubles
from tests.support.whole_class.troubles import FULL, KINDS, sample

GRADED = ("several attempts", "GBK zip", "kernel ends")
OTHERS_OUTPUT = "20 MB of output"  # the one trouble whose right notebook is no plain copy


def test_nobody_is_lost_on_the_way_in(tmp_path: Path) -> None:
    """Each student's trouble is theirs alone: the right notebook is found, or why none is said."""
    students, file = all_troubles(), tmp_path / "class.zip"
    (scratch := tmp_path / "scratch").mkdir()
    platforms.write_download(students, file)
    assignment = load_assignment(ROOT / "assignments" / "hh", ROOT / "reference" / "hh")
    entries, _ = collect([file], scratch).entries(assignment)
    assert len(entries) == len(students)
    found = {int(entry.origin.lms_id): entry for entry in entries}
    arrived = {number: entry.fault is None for number, entry in found.items()}
    assert arrived == {s.number: s.trouble is not None and s.trouble.arrives for s in students}
    right = sample("right-plain")
    taken = {
        student.trouble.name: found[student.number].path.read_bytes() == right
        for student in students[:KINDS]
        if student.trouble and student.trouble.marks == FULL
    }
    assert len(taken) > 10
    assert [name for name, is_right in taken.items() if not is_right] == [OTHERS_OUTPUT]
    unpacked = [path for path in scratch.rglob("*") if path.is_file()]
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {file, *unpacked}
    assert sum(path.stat().st_size for path in unpacked) < 40e6  # no bomb is left


@pytest.mark.full
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
