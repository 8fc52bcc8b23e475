"""Causes of a wrong derivative that other checks name."""

from __future__ import annotations

from collections.abc import Iterable

from grader.assignment.schema import Assignment, Check
from grader.core.types import CheckResult, ExerciseEvidence

_NO_CAUSE = (
    "checks.parameter.no_channel", "checks.parameter.unknown", "checks.channel.equations",
    "checks.channel.still", "checks.channel.times", "checks.channel.slower",
)  # fmt: skip
"""Messages that name no cause, or one of a single gate, which that gate's own plot shows."""


def explained_by(
    state: str,
    exercise: str,
    evidence: ExerciseEvidence,
    assignment: Assignment,
    results: Iterable[CheckResult],
) -> tuple[str, ...]:
    """Return the checks, by id, that found something on which d``state``/dt depends."""
    checks = {c.id: c for c in assignment.checks if c.exercise == exercise}
    return tuple(
        result.id
        for result in results
        if result.status in ("fail", "partial")
        and result.message_id not in _NO_CAUSE
        and result.id in checks
        and _reaches(checks[result.id], state, evidence)
    )


def _reaches(check: Check, state: str, evidence: ExerciseEvidence) -> bool:
    """Return True if what ``check`` looks at is in the equation of ``state``."""
    if check.kind == "no_extra_channels":
        return state == "V"
    if check.kind not in ("channel", "parameter"):
        return False
    if state == "V":
        return True
    own = bool(check.channel) and state.startswith(f"{check.channel}.")
    return own and (check.kind == "channel" or _is_of_gates(check, evidence))


def _is_of_gates(check: Check, evidence: ExerciseEvidence) -> bool:
    """Return True if a parameter is known to be none of those that scale or drive the current."""
    probed, reference = evidence.probe.channel(check.channel), evidence.reference
    shown = set() if probed is None else set(probed.measured)
    if reference is not None:
        start = f"{check.channel}."
        shown |= {n.removeprefix(start) for n in reference.fitted if n.startswith(start)}
    return bool(shown) and check.parameter not in shown
