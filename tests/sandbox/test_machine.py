"""A machine without memory is no student's loss."""

from __future__ import annotations

from pathlib import Path

from tests.support.cgroups import limited
from tests.support.handed_in import MIB, hand_in
from tests.support.project import results, run_grader

LIMIT_MIB, HOG_MIB = 1200, 1500  # of the group; less than a box may have, more than is left
HOG = f"kept = []\nfor _ in range({HOG_MIB // 50}):\n    kept.append(b'x' * (50 << 20))\n"


def test_a_machine_without_memory_is_no_student_s_loss(tmp_path: Path) -> None:
    """Where Linux ends a kernel that kept its limit, it is not graded; a right one gets all."""
    hand_in(tmp_path / "in", hog=HOG)
    with limited(memory=LIMIT_MIB * MIB) as inside:
        done = run_grader(
            "grade", tmp_path / "in", "-a", "hh", "-o", tmp_path / "out", before=inside
        )
    found = results(tmp_path / "out")
    assert done.returncode == 3, done.stdout + done.stderr
    assert (found["hog"]["outcome"], found["hog"]["score"]) == ("not_graded", None)
    assert "ran out of memory" in found["hog"]["needs_look"][0]
    assert "ran out of memory" in done.stdout
    assert found["right"]["score"] == found["right"]["max_score"]
