"""The teacher's solution, run for real and compared with the reference, judged with changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from grader.core.types import CheckResult, Evidence
from grader.judge.verdict import verdict
from tests.support.hh_reference import assignment, comparison


def compared_solution(solution: Evidence) -> Evidence:
    """What the solution showed beside what the reference answers; the body of a fixture."""
    return comparison().add_reference(solution)


def checks_of(evidence: Evidence) -> Mapping[str, CheckResult]:
    """The verdict's checks by their ids."""
    return {check.id: check for check in verdict(evidence, assignment(), "x", "en").checks}


def with_answers(compared: Evidence, **answers: Any) -> Evidence:
    """The solution with other answers."""
    attempt = compared.exercises["HH"]
    other = replace(attempt, answers=replace(attempt.answers, **answers))
    return replace(compared, exercises={"HH": other})


def checks_with_extra_channel(compared: Evidence, **answers: Any) -> Mapping[str, CheckResult]:
    """The checks of the solution with other answers, and a channel that nobody asked for.

    Without that its field, which is right, would excuse what else is wrong.
    """
    changed = with_answers(compared, **answers)
    attempt = changed.exercises["HH"]
    extra = replace(attempt.probe.channels[0], name="other")
    probe = replace(attempt.probe, channels=(*attempt.probe.channels, extra))
    return checks_of(replace(changed, exercises={"HH": replace(attempt, probe=probe)}))
