"""What a run imports, and that its evidence does not depend on what is judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from grader.assignment import digests
from grader.assignment.schema import Assignment
from grader.core.imported_modules import imported_by
from grader.core.types import Evidence
from grader.run.collect_evidence import collect_evidence
from grader.run.run_request import RunRequest
from tests.support.judged_otherwise import judged_otherwise
from tests.support.project import ROOT, short_solution

PACKAGE = Path(digests.__file__).parents[1]


def test_evidence_does_not_depend_on_what_is_judged(assignment: Assignment, tmp_path: Path) -> None:
    """The same notebook gives the same evidence under another rubric with other right values."""
    file = short_solution(tmp_path / "n.ipynb")

    def gathered(what: Assignment) -> Evidence:
        return collect_evidence(
            RunRequest(notebook=file, assignment=what, limits=what.limits, secret=b"tests")
        )

    one, other = gathered(assignment), gathered(judged_otherwise(assignment))
    assert (one.seed, one.submission) == (other.seed, other.submission)
    for id, attempt in one.exercises.items():
        then = other.exercises[id]
        assert (attempt.cell, attempt.probe) == (then.cell, then.probe)
        for kind in ("traces", "field", "maps", "finer_traces"):
            for name, array in getattr(attempt.answers, kind).items():
                np.testing.assert_array_equal(array, getattr(then.answers, kind)[name])


def test_the_digest_of_a_run_covers_what_a_run_imports_and_nothing_else() -> None:
    """Real runs, in a sandbox where one works, cold and with a replaced part, import just that.

    What else is covered runs in processes of its own, kernels and sandboxes: islands that import
    nothing of this package, as `test_architecture.py` holds. No data file of the package is read.
    """
    done = subprocess.run(
        [sys.executable, "-c", _REAL_RUNS, str(ROOT)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["data"] == []
    imported = {Path(file).relative_to(PACKAGE) for file in seen["modules"]}
    covered = {file.relative_to(PACKAGE) for file in imported_by(digests.ENTRIES, PACKAGE)}
    assert imported - covered == set()
    elsewhere = {file for file in covered - imported if "untrusted" not in file.parts}
    assert elsewhere == {Path("run/kernel/prestarted_main.py")}


_REAL_RUNS = """
import json, sys
from dataclasses import replace
from pathlib import Path
root, data = Path(sys.argv[1]), set()

def look(event, arguments):
    if event == "open" and str(arguments[0]).startswith(f"{root}/grader/"):
        if not str(arguments[0]).endswith((".py", ".pyc")):
            data.add(str(arguments[0]))

sys.addaudithook(look)
import grader.run.client_server
folders = root / "assignments" / "hh-lesson", root / "reference" / "hh-lesson"
assignment = grader.run.client_server._load(*folders)
import grader.run.warm_cache
from grader.sandbox.detect import detect_sandbox
from grader.sandbox.scratch import scratch_folder
from grader.sandbox.warm_process import WarmProcess
from grader.core.evidence_store import load_evidence, save_evidence
from grader.run.collect_evidence import collect_evidence
from grader.run.run_request import RunRequest
from grader.core.imported_modules import imported_by
from grader.run.substitute_parts import reprobe_with_solution
sample = root / "submissions" / "hh-lesson" / "IK-n-cubed.ipynb"
job = RunRequest(notebook=sample, assignment=assignment, limits=assignment.limits, secret=b"tests")
config, _ = detect_sandbox("auto")
with scratch_folder() as scratch:
    if config is not None:
        warm = WarmProcess(replace(config, scratch=str(scratch)))
        warm.wait()
        boxed = replace(job, sandbox_client=warm.client, scratch=scratch, core=0)
        evidence = collect_evidence(boxed)
        warm.close()
    evidence = reprobe_with_solution(job, collect_evidence(job), {"HH": ("IK",)})
    (folder := scratch / "evidence").mkdir()
    save_evidence(evidence, folder, {})
    assert load_evidence(folder).exercises["HH"].judged_with == ("IK",)
modules = [m.__file__ for n, m in sys.modules.items() if n.partition(".")[0] == "grader"]
print(json.dumps({"modules": modules, "data": sorted(data)}))
"""
