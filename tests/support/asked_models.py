"""Models made of a solution by changing texts of its code, each asked in a box and judged.

They run as those of ``grader verify`` do, one after the other in a kernel, and are judged as
submissions are: what a notebook holds beside its models costs nothing here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.parsed_solution import ParsedSolution, parse_solution
from grader.core.child_process import ChildProcess
from grader.core.evidence_store import load_evidence
from grader.core.types import Evidence, GradeReport
from grader.judge.reference.compare import Comparison
from grader.judge.verdict import verdict
from grader.run.kernel.plain import short_folder
from grader.sandbox.detect import detect_sandbox
from grader.sandbox.scratch import scratch_folder

SEED = 1
SECONDS = 1200.0  # for one model


def reports_of(
    changes: Mapping[str, Mapping[str, str]], assignment: Assignment
) -> dict[str, GradeReport]:
    """What is said of the solution with each of the ``changes``, by their names.

    A change maps texts of the solution to those that stand in their place.
    """
    (exercise,) = assignment.exercises
    teacher = parse_solution(assignment, exercise)
    models = [_changed(teacher, name, texts) for name, texts in changes.items()]
    answers = _asked(models, teacher, assignment)
    comparison = Comparison(assignment, "cpu")
    return {
        name: verdict(comparison.add_reference(evidence), assignment, name, "en")
        for name, evidence in zip(changes, answers, strict=True)
    }


def _changed(teacher: ParsedSolution, name: str, texts: Mapping[str, str]) -> Mutant:
    cells = {index: teacher.submission.cells[index].source for index in teacher.trees}
    for old, new in texts.items():
        assert any(old in source for source in cells.values()), f"nothing to replace: {old!r}"
        cells = {index: source.replace(old, new) for index, source in cells.items()}
    return Mutant(operator="changed", place=name, cells=cells)


def _asked(models: list[Mutant], teacher: ParsedSolution, assignment: Assignment) -> list[Evidence]:
    """What each of the models answers, in their order."""
    assert assignment.rubric is not None
    setup, found = detect_sandbox("auto")
    assert setup is not None, found
    with scratch_folder(short_folder()) as scratch:
        request = {
            "assignment": assignment.folder,
            "teachers": assignment.rubric.folder,
            "config": setup,
            "seeds": (SEED,),
            "part": 0,
            "scratch": scratch,
        }
        worker = ChildProcess("a worker", "grader.authoring.verify.worker")
        with contextlib.closing(worker), worker.exchange() as connection:
            connection.send(request)
            connection.send({teacher.exercise.id: dict(enumerate(models))})
            for number in range(len(models)):
                worker.await_reply(SECONDS)
                assert connection.recv() == number
        folders = (scratch / f"mutant-{number}" for number in range(len(models)))
        return [replace(load_evidence(folder), seed=SEED) for folder in folders]
