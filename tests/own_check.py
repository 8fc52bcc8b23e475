"""What a student's own check would have said of notebooks that a batch graded."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from math import isclose
from pathlib import Path
from typing import Any

from conftest import checks, results
from rich.console import Console

from grader.assignment import Assignment, Check
from grader.evidence import load_evidence
from grader.judge.compare import Comparison
from grader.judge.verdict import verdict
from grader.load import load_assignment
from grader.report.terminal import check_lines
from grader.stages import GradeReport

_OF_VALUES = {"parameter", "spike_count", "firing_rate", "latency", "master_type"}
_NUMBER = re.compile(r"(?<![\w.])[-\N{MINUS SIGN}]?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?")


def own_reports(
    graded: Path, assignment: Assignment
) -> Iterator[tuple[dict[str, Any], GradeReport]]:
    """Each result of a batch, and the report of a check without the teacher's folder."""
    comparison, own = Comparison(assignment, "cpu"), load_assignment(assignment.folder)
    for name, result in results(graded).items():
        evidence = comparison.add_reference(load_evidence(graded / name))
        yield result, verdict(evidence, own, name, "en")


def given_away(result: Mapping[str, Any], own: GradeReport, assignment: Assignment) -> list[str]:
    """What ``own`` says of values asked for that the student lacks and the handout doesn't have.

    A whole number or a name counts where the check that fails says it, for it may stand
    anywhere else.
    """
    handout = assignment.notebook.read_text("utf-8")
    asked = {id: check["measured"]["expected"] for id, check in checks(result).items()}
    kinds = {check.id: check for check in assignment.checks}
    text, told = shown(own), []
    failing = (check for check in own.checks if check.status != "pass")
    for check in failing:
        if check.message_id.endswith(".some"):  # asked for are all stimuli, which are known
            continue
        secrets = _asked_for(kinds[check.id], asked[check.id], assignment)
        for value in (value for value in secrets if not _says(handout, value)):
            where = text if isinstance(value, float) else check.message
            if check.expected is not None or _says(where, value):
                told.append(f"{check.id}: {value}: {check.message}")
    return told


def _asked_for(check: Check, expected: Any, assignment: Assignment) -> list[Any]:
    """The values that a check asks for."""
    if check.kind == "start":
        start = assignment.exercise(check.exercise).start
        variables = [check.variable] if check.variable else [*start]
        return [end for name in variables for end in start[name]]
    return [expected] if check.kind in _OF_VALUES and expected is not None else []


def _says(text: str, value: Any) -> bool:
    """Whether a number stands in a text, as exactly as it may be printed; or a name."""
    if isinstance(value, str):
        return value in text
    return any(isclose(value, number, rel_tol=5e-4) for number in numbers(text))


def shown(report: GradeReport, width: int = 100) -> str:
    """What a terminal so wide shows of a student's own check."""
    console = Console(width=width, file=(file := io.StringIO()))
    console.print(check_lines(report, is_page=False))
    return file.getvalue()


def numbers(text: str) -> set[float]:
    """The numbers in a text."""
    return {float(one.replace("\N{MINUS SIGN}", "-")) for one in _NUMBER.findall(text)}
