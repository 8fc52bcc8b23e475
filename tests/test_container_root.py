"""Root in a container: Docker's default capabilities lack CAP_SYS_PTRACE."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from project import SOLUTION, results, run_grader
from sandboxes import works_without_grader

WITHOUT_PTRACE = ("setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-all", "--")
HOLDS_REMOVED_FILES = """
import os, time
kept = []
for n in range(6):  # each is small enough, together they are more than a sandbox may take
    kept.append(open(f"f{n}", "wb", 0)); os.unlink(f"f{n}")
    kept[-1].write(bytes(80 << 20)); time.sleep(0.4)
time.sleep(2.5); print("wrote all")
"""

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("setpriv") is None,
        reason="only root, with setpriv, can give up a capability",
    ),
]


def test_root_without_ptrace_charges_no_student_and_still_counts_the_disk(tmp_path: Path) -> None:
    """A right notebook has full marks; one that fills the disk by removed files is ended."""
    if not works_without_grader("landlock"):
        pytest.skip("this machine has no Landlock")
    (handed_in := tmp_path / "in").mkdir()
    shutil.copy(SOLUTION, handed_in / "right.ipynb")
    notebook = json.loads(SOLUTION.read_text("utf-8"))
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    notebook["cells"].append({**cell, "id": "fills", "source": HOLDS_REMOVED_FILES})
    (handed_in / "fills.ipynb").write_text(json.dumps(notebook), "utf-8")
    options = ("-a", "hh", "--sandbox", "landlock", "-o", tmp_path / "out")
    done = run_grader("grade", handed_in, *options, before=WITHOUT_PTRACE)
    assert done.returncode == 0, done.stdout + done.stderr
    found = results(tmp_path / "out")
    assert (found["right"]["score"], found["right"]["run"]["status"]) == (100, "ok")
    assert "disk" in found["fills"]["run"]["error"]
    executed = (tmp_path / "out" / "fills" / "executed.ipynb").read_text("utf-8")
    assert "wrote all\\n" not in executed
