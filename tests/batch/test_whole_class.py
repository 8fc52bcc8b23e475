"""A class as Moodle gives it out: whose each notebook is."""

from __future__ import annotations

from pathlib import Path

from grader.assignment.load import load_assignment
from grader.submission.intake import collect
from tests.support.project import ROOT
from tests.support.whole_class import platforms
from tests.support.whole_class.students import all_troubles
from tests.support.whole_class.troubles import FULL, KINDS, sample

OTHERS_OUTPUT = "20 MB of output"  # the one trouble whose right notebook is no plain copy


def test_nobody_is_lost_on_the_way_in(tmp_path: Path) -> None:
    """Each student's trouble is theirs alone: the right notebook is found, or why none is said."""
    students, file = all_troubles(), tmp_path / "class.zip"
    (scratch := tmp_path / "scratch").mkdir()
    platforms.write_download(students, file)
    assignment = load_assignment(ROOT / "assignments" / "hh", ROOT / "reference" / "hh")
    entries, _ = collect([file], scratch).select(assignment)
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
