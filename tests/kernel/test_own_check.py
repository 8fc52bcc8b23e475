"""What ``grader check`` runs, and what it tells of values that the handout lacks."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.core.types import Evidence
from grader.grading.self_check import self_check
from grader.judge.verdict import verdict
from grader.run.kernel.prestart import kernel_environment, prestarted_process
from tests.support.project import short_solution
from tests.support.self_checks import numbers, shown


@pytest.mark.parametrize("channel", ["IK", "IL"])
def test_a_value_that_the_handout_lacks_is_not_told(
    channel: str, solution: Evidence, assignment: Assignment, tmp_path: Path
) -> None:
    """A wrong sign or a slipped decimal point would tell it too, so they are not named either."""
    folder = tmp_path / "hh"
    folder.mkdir()
    for file in assignment.folder.glob("*.*"):
        (folder / file.name).write_bytes(file.read_bytes())
    asked = assignment.exercise("HH").channel(channel).parameters
    bare = assignment.notebook.read_text("utf-8")
    for value in {number for p in asked.values() for number in (f"{p.value:g}", f"{-p.value:g}")}:
        bare = bare.replace(value, "?")
    (folder / assignment.notebook.name).write_text(bare, "utf-8")
    attempt = solution.exercises["HH"]
    wrong = {"E": -asked["E"].value, "g_max": 10 * asked["g_max"].value}
    channels = tuple(
        replace(c, parameters=wrong, measured=wrong) if c.name == channel else c
        for c in attempt.probe.channels
    )
    probe = replace(attempt.probe, channels=channels)
    evidence = replace(solution, exercises={"HH": replace(attempt, probe=probe, reference=None)})
    for there, says in ((assignment.folder, True), (folder, False)):
        report = verdict(evidence, load_assignment(there), "x", "en")
        of_it = [c for c in report.checks if c.id.startswith(f"hh.parameters.{channel}.")]
        assert [c.status for c in of_it] == ["fail", "fail"]
        assert [c.expected is not None for c in of_it] == [says, says]
        mistakes = {"checks.parameter.sign", "checks.parameter.power_of_ten"}
        assert (mistakes & {c.message_id for c in of_it} != set()) == says
    text = shown(report)
    assert not {p.value for p in asked.values()} & numbers(text)


def test_the_kernel_is_the_process_that_was_started_first(
    assignment: Assignment, tmp_path: Path
) -> None:
    """What loads while the notebook is still unread runs its cells, and is gone afterwards."""
    pid_file = tmp_path / "pid"
    before = f"import os, pathlib\npathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))"
    notebook = short_solution(tmp_path / "a.ipynb", before)
    student = load_assignment(assignment.folder)
    with prestarted_process(kernel_environment()) as waiting:
        report = self_check(notebook, student, student.limits, "en", waiting)
    assert int(pid_file.read_text()) == waiting.pid
    assert waiting.returncode is not None
    assert {c.status for c in report.checks if c.family == "parameters"} == {"pass"}


def test_a_kernel_that_nobody_needs_is_ended() -> None:
    """Where there is nothing to check after all, and when the check itself breaks."""
    with contextlib.suppress(RuntimeError), prestarted_process(kernel_environment()) as waiting:
        assert waiting.poll() is None
        raise RuntimeError
    assert waiting.returncode is not None
