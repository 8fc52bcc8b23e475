"""What a student's own check would have said of notebooks that a batch graded."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment, Check, Exercise
from grader.core.evidence_store import load_evidence
from grader.core.messages import LANGUAGES
from grader.core.types import Evidence, GradeReport
from grader.judge.reference.compare import Comparison
from grader.judge.verdict import verdict
from grader.report.page.build import student_page
from grader.report.page.html import student_html
from grader.report.page.terminal import check_lines, next_steps
from tests.support.handout_values import FIRST_LINES, GIVEN_VALUES
from tests.support.project import results

_OF_SPIKES = {"spike_count", "firing_rate", "latency"}
_NUMBER = re.compile(r"(?<![\w.])[-\N{MINUS SIGN}]?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?")


def as_self_check(report: GradeReport) -> GradeReport:
    """The report as a student's own check has it: public checks only."""
    public = tuple(check for check in report.checks if check.visibility == "public")
    return replace(report, checks=public, public_only=True)


def one_line(text: str) -> str:
    """A text without its line breaks and columns."""
    return " ".join(text.split())


def own_evidence(
    graded: Path, assignment: Assignment, every: int = 1
) -> Iterator[tuple[str, Evidence]]:
    """Each, or one of so many, submissions of a graded folder, with what it was judged by."""
    comparison, names = Comparison(assignment, "cpu"), list(results(graded))
    assert names, f"nothing is graded in {graded}"
    for name in names[::every]:
        yield name, comparison.add_reference(load_evidence(graded / name))


def given_away(evidence: Evidence, assignment: Assignment) -> list[str]:
    """In which ways a student's own check depends on what the handout leaves them to find.

    Where another value was asked for, as wrong as the one is, it would say the very same: in
    both languages, in the terminal and on the page. What the handout gives, by hand in
    ``handout_values.py``, may be said.
    """
    own = load_assignment(assignment.folder)
    report = verdict(evidence, own, "x", "en")
    failing = {c.id for c in report.checks if c.status != "pass"}
    secret = [c for c in own.checks if c.id in failing - GIVEN_VALUES[own.id].keys()]
    otherwise = asking_otherwise(own, secret)
    ways = [*_unsaid_values(report, GIVEN_VALUES[own.id]), *_spike_counts(evidence, own)]
    for language in LANGUAGES:
        one, other = (verdict(evidence, a, "x", language) for a in (own, otherwise))
        lines = zip(_lines(one), _lines(other), strict=False)
        ways += [f"{language}: {a.strip()!r} or {b.strip()!r}" for a, b in lines if a != b]
        ways += [f"{language}: further lines"] if len(_lines(one)) != len(_lines(other)) else []
    return ways


def asking_otherwise(assignment: Assignment, checks: list[Check]) -> Assignment:
    """The assignment where these checks ask for another value, class or range."""
    exercises = {exercise.id: exercise for exercise in assignment.exercises}
    for check in checks:
        exercises[check.exercise] = _asking(exercises[check.exercise], check)
    return assignment.model_copy(update={"exercises": tuple(exercises.values())})


def _asking(exercise: Exercise, check: Check) -> Exercise:
    if check.kind == "start":
        names = [check.variable] if check.variable else [n for n in exercise.start if n != "V"]
        moved = {name: tuple(2.3 * end + 0.57 for end in exercise.start[name]) for name in names}
        return exercise.model_copy(update={"start": {**exercise.start, **moved}})
    if check.kind == "base_class":
        return exercise.model_copy(update={"base": "Elsewhere"})
    if check.kind not in ("parameter", "master_type", "channel"):
        return exercise
    channels = list(exercise.channels)
    own = next((n for n, c in enumerate(channels) if c.name == check.channel), None)
    parameters = dict(exercise.parameters_of(check.channel))
    if check.kind == "parameter":
        moved_by = {"value": 2.3 * parameters[check.parameter].value + 0.57}
        parameters[check.parameter] = parameters[check.parameter].model_copy(update=moved_by)
    if own is None:
        return exercise.model_copy(update={"parameters": parameters})
    update: dict[str, Any] = {"parameters": parameters}
    if check.kind == "master_type":
        update["master_types"] = ("Elsewhere",)
    elif check.kind == "channel" and channels[own].type:
        update["type"] = "Elsewhere"
    channels[own] = channels[own].model_copy(update=update)
    return exercise.model_copy(update={"channels": tuple(channels)})


def _unsaid_values(report: GradeReport, given_values: Mapping[str, object]) -> list[str]:
    """Wrong parameters of which the check doesn't say what the handout does."""
    wrong = [c for c in report.checks if c.status in ("fail", "partial") and c.found is not None]
    return [
        f"{check.id} is not told: {check.message}"
        for check in wrong
        if ".parameter." in check.message_id and check.id in given_values
        if (check.expected,) != given_values[check.id]
    ]


def _spike_counts(evidence: Evidence, own: Assignment) -> list[str]:
    """Checks of spikes that fail alike whatever the reference does, and don't speak alike."""
    quiet = {
        id: replace(a, reference=replace(a.reference, traces=_never(a.reference.traces)))
        if a.reference is not None
        else a
        for id, a in evidence.exercises.items()
    }
    kinds = {check.id: check.kind for check in own.checks}
    one, other = (
        [c for c in verdict(e, own, "x", "en").checks if kinds[c.id] in _OF_SPIKES]
        for e in (evidence, replace(evidence, exercises=quiet))
    )
    return [
        f"{a.id}: {a.message!r} or {b.message!r}"
        for a, b in zip(one, other, strict=True)
        if a.status == b.status == "fail"
        and (a.message, a.expected, a.found) != (b.message, b.expected, b.found)
    ]


def begins_elsewhere(evidence: Evidence, assignment: Assignment) -> list[str]:
    """How the first step of a sample misses the line to mend, which `handout_values` names."""
    file = Path(evidence.submission.file).name
    if (expected := FIRST_LINES[assignment.id].get(file)) is None:
        return []
    page = student_page(verdict(evidence, load_assignment(assignment.folder), "x", "en"))
    step, cause = next(next_steps(page)), page.causes[0] if page.causes else None
    if cause is None or cause.line is None or step.what != cause.message:
        return [f"the first step is {step}"]
    source = next(c.source for c in evidence.submission.cells if c.index == cause.cell)
    line = source.split("\n")[cause.line - 1]
    return [] if expected in line else [f"the first step is in {line!r}"]


def _never(traces: Mapping[str, Any]) -> dict[str, Any]:
    """The traces of a model that never fires."""
    return {name: np.full_like(t, -65.0) if name == "V" else t for name, t in traces.items()}


def _lines(report: GradeReport) -> list[str]:
    """All that a student's own check shows, in the terminal and on its page."""
    return [*shown(report).splitlines(), *student_html(report).splitlines()]


def shown(report: GradeReport, width: int = 100) -> str:
    """What a terminal so wide shows of a student's own check."""
    console = Console(width=width, file=(file := io.StringIO()))
    console.print(check_lines(report, is_page=False))
    return file.getvalue()


def numbers(text: str) -> set[float]:
    """The numbers in a text."""
    return {float(one.replace("\N{MINUS SIGN}", "-")) for one in _NUMBER.findall(text)}
