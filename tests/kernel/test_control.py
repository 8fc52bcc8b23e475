"""The teacher's solution as the control: nobody loses a point for the machine.

Where something fails, the solution is run once on the same machine. How long it takes says how
long a submission may take; where it does not get its points either, nobody loses any.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.schema import Assignment, Limits
from grader.core.types import CellRun, GradeReport
from grader.grading.solution_trial import MAX_FACTOR, SolutionTrial, TrialResult, trial_result
from grader.judge.verdict import verdict
from grader.report.store.read import stored_report
from grader.run.collect_evidence import collect_evidence
from tests.support import courses
from tests.support.project import SOLUTION, checks, results, short_solution
from tests.support.sample_reports import perfect
from tests.support.warm_kernels import COLD

MUTE = """\
kernel = get_ipython().kernel
honest = kernel.do_execute

async def mute(*arguments, **options):
    found = await honest(*arguments, **options)
    return {**found, "user_expressions": {}}

kernel.do_execute = mute
"""
SOLUTION_SLEEPS, STUDENT_SLEEPS, LIMIT = 1.2, 5.0, 2.0  # seconds of one cell


def _sleeping(seconds: float) -> str:
    """The solution with a first cell that takes so long."""
    notebook = json.loads(SOLUTION.read_text("utf-8"))
    cell = {"cell_type": "code", "id": "sleeps", "metadata": {}, "outputs": []}
    source = f"import time\ntime.sleep({seconds})"
    notebook["cells"].insert(0, {**cell, "execution_count": None, "source": source})
    return json.dumps(notebook)


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> courses.Course:
    """A course whose solution takes long for its limits, graded: "late" longer than they last."""
    mute = short_solution(tmp_path_factory.mktemp("notebooks") / "mute.ipynb", MUTE)
    notebooks = {"late": _sleeping(STUDENT_SLEEPS), "mute": mute.read_text("utf-8")}
    course = courses.make(tmp_path_factory.mktemp("slow"), notebooks)
    solution = course.folder / "reference" / "hh" / "hh-solution.ipynb"
    solution.write_text(_sleeping(SOLUTION_SLEEPS), "utf-8")
    done = course.grade("--cell-seconds", str(LIMIT))
    assert done.returncode == 0, done.stdout + done.stderr
    return course


def test_limits_on_time_follow_what_the_solution_takes_here(slow: courses.Course) -> None:
    """A right notebook that was cut is run again with longer limits, and gets all its points."""
    late = results(slow.out)["late"]
    assert late["score"] == late["max_score"]
    factor = late["run"]["time_factor"]
    assert 10 * SOLUTION_SLEEPS / LIMIT <= factor <= MAX_FACTOR
    assert stored_report(late).run.time_factor == factor
    evidence = json.loads((slow.out / "late" / "probe.json").read_text("utf-8"))["evidence"]
    assert evidence["executed"]["time_factor"] == factor


def test_a_teacher_reads_that_limits_were_longer(slow: courses.Course) -> None:
    """In the teacher's page, in a sentence with the factor; in no student's."""
    folder, factor = slow.out / "late", results(slow.out)["late"]["run"]["time_factor"]
    said = f"multiplied by {factor:.2g}"
    assert said in (folder / "teacher.html").read_text("utf-8")
    assert said not in (folder / "result.html").read_text("utf-8")


def test_no_answer_is_the_notebook_s_where_the_solution_answers(slow: courses.Course) -> None:
    """It is graded without its model, and a teacher is told to look at it."""
    mute = results(slow.out)["mute"]
    assert mute["outcome"] == "graded"
    assert {c["family"] for c in checks(mute).values() if c["points"]} == {"execution"}
    assert mute["needs_look"]


@pytest.mark.full
def test_nobody_loses_where_the_solution_fails_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that can't import a package of the course costs nothing, and the reason is named."""
    broken, missing = tmp_path / "installed", "matplotlib.backends.backend_agg"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(f"import sys\nsys.modules[{missing!r}] = None")
    monkeypatch.setenv("PYTHONPATH", str(broken), prepend=":")
    nothing = json.loads(SOLUTION.read_text("utf-8")) | {"cells": []}
    notebooks = {"imports": SOLUTION.read_text("utf-8"), "does-not": json.dumps(nothing)}
    course = courses.make(tmp_path, notebooks)
    done = course.grade("--sandbox", "none")
    assert done.returncode == 3, done.stdout + done.stderr
    found = results(course.out)
    assert (found["imports"]["outcome"], found["imports"]["score"]) == ("not_graded", None)
    assert missing in found["imports"]["needs_look"][0]
    assert missing in done.stdout.replace("\n", "")
    assert (found["does-not"]["outcome"], found["does-not"]["score"]) == ("graded", 0.0)
    again = course.grade("--sandbox", "none", "--dry-run")
    assert "1 kept as they are, 0 judged again, 1 to run" in again.stdout


def test_no_answer_is_nobody_s_without_a_solution(tmp_path: Path, assignment: Assignment) -> None:
    """A student's own check, in a cold kernel, has no solution to ask, and blames nobody."""
    own = assignment.model_copy(update={"rubric": None})
    mute = short_solution(tmp_path / "mute.ipynb", MUTE)
    evidence = collect_evidence(COLD.job(mute, own, hidden=False))
    assert "there is no solution to ask" in evidence.harness_error
    report = verdict(evidence, assignment, "mute", "en")
    assert (report.outcome, report.score) == ("not_graded", None)
    assert {check.status for check in report.checks} == {"error"}


def _taking(cell: float = 0.0, cells: int = 1, asked: float = 0.0, **changes: Any) -> GradeReport:
    """A report of the solution whose cells and questions took so long."""
    report = perfect("en")
    runs = tuple(CellRun(index=i, status="ok", seconds=cell) for i in range(cells))
    run = replace(report.run, cells=runs, probe_seconds=asked, **changes)
    return replace(report, run=run)


@pytest.mark.parametrize(
    ("report", "factor"),
    [
        (_taking(), 1.0),
        (_taking(cell=5.9, cells=2, asked=8.9), 1.0),
        (_taking(cell=12.0), 2.0),
        (_taking(asked=36.0), 4.0),
        (_taking(cell=6.0, cells=20), 5.0),
        (_taking(cell=60.0), MAX_FACTOR),
    ],
)
def test_limits_are_never_shorter_and_not_without_bound(report: GradeReport, factor: float) -> None:
    """Ten times what the solution takes, of cell, notebook and questions; between 1 and 8 times."""
    assert trial_result(report, Limits()) == (pytest.approx(factor), None)


@pytest.mark.parametrize(
    ("report", "kind"),
    [
        (_taking(cell=200.0), "slow"),
        (_taking(status="timeout"), "slow"),
        (_taking(status="kernel_died"), "fails"),
        (replace(_taking(), score=99.0), "loses"),
        (replace(_taking(), outcome="not_graded", score=None), "broken"),
    ],
)
def test_a_solution_without_its_marks_is_the_machine_s_fault(
    report: GradeReport, kind: str
) -> None:
    """Too slow, ended, wrong, not graded: each is a fault of its own."""
    _, fault = trial_result(report, Limits())
    assert fault is not None
    assert fault.message_id == f"machine.{kind}"


def test_the_solution_is_run_once() -> None:
    """However many ask at the same time; once more, alone, where it failed beside others."""
    runs: list[float] = []
    failing = replace(_taking(), score=0.0)

    def run(factor: float) -> GradeReport:
        runs.append(factor)
        return failing if len(runs) == 1 else _taking(cell=12.0)

    control = SolutionTrial(Limits())
    with ThreadPoolExecutor(8) as threads:
        faults = set(threads.map(lambda _: control.check(run, alone=False).fault is None, range(8)))
    assert (faults, runs) == ({False}, [MAX_FACTOR])
    assert {control.check(run, alone=True) for _ in range(3)} == {TrialResult(2.0, None, True)}
    assert control.check(run, alone=False).factor == 2.0
    assert runs == [MAX_FACTOR, MAX_FACTOR]
