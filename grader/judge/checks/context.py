"""The input of a check, and the questions that several checks ask of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar

from grader.assignment.schema import Assignment, Channel, Check, Exercise, Parameter, Tier
from grader.core.exceptions import is_misplaced
from grader.core.types import CellRun, ChannelProbe, Evidence, ExerciseEvidence, Finding
from grader.judge.checks.locate_line import attachment_line, misplaced_line, traceback_line

_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckContext:
    """One check of one exercise of one submission.

    ``cache`` is what was worked out already of ``evidence``, for all checks that share it.
    """

    check: Check
    assignment: Assignment
    all_evidence: Evidence
    evidence: ExerciseEvidence
    cache: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def compute_once(self, name: str, work: Callable[[], _Result]) -> _Result:
        """Return what ``work`` computes from the evidence, and keep it under a name."""
        if name not in self.cache:
            self.cache[name] = work()
        result: _Result = self.cache[name]
        return result

    @property
    def exercise(self) -> Exercise:
        """The exercise that this check belongs to."""
        return self.assignment.exercise(self.check.exercise)

    @property
    def channel(self) -> Channel:
        """The channel that this check is about."""
        return self.exercise.channel(self.check.channel)

    @property
    def channel_probe(self) -> ChannelProbe | None:
        """The model's part at that channel's name."""
        return self.evidence.probe.channel(self.check.channel)

    @property
    def cell(self) -> int | None:
        """The graded cell."""
        return self.evidence.cell.index

    @property
    def parameter(self) -> Parameter:
        """The parameter that this check is about."""
        return self.exercise.parameters_of(self.check.channel)[self.check.parameter]

    def line_of(self, name: str) -> int | None:
        """Find the line of a blank within the graded cell.

        Of what hangs on an ion it is the line that hangs it somewhere, else the ion's own.
        """
        ion, _, _ = name.partition(".")
        if ion != name:
            types = {channel.name: channel.type for channel in self.exercise.channels}
            if line := attachment_line(self.source, name, types.get(name, "")):
                return line
        return next((b.line for b in self.evidence.cell.blanks if b.name == ion), None)

    @property
    def source(self) -> str:
        """The source of the graded cell."""
        cells = self.all_evidence.submission.cells
        return next((cell.source for cell in cells if cell.index == self.cell), "")


def unless(
    obstacle: Callable[[CheckContext], Finding | None],
) -> Callable[[Callable[[CheckContext], Finding]], Callable[[CheckContext], Finding]]:
    """Make a check return the finding of ``obstacle`` wherever there is one."""

    def decorate(check: Callable[[CheckContext], Finding]) -> Callable[[CheckContext], Finding]:
        @wraps(check)
        def checked(context: CheckContext) -> Finding:
            return obstacle(context) or check(context)

        return checked

    return decorate


def tier_credit(tiers: Iterable[Tier], is_within: Callable[[float], bool]) -> float:
    """Return the credit of the narrowest tier that something is within, else 0."""
    ordered = sorted(tiers, key=lambda tier: tier.within)
    return next((tier.credit for tier in ordered if is_within(tier.within)), 0.0)


def class_cell(context: CheckContext, probe: ChannelProbe) -> int | None:
    """Return the last cell that defines the channel's class."""
    needle = f"class {probe.type_name}("
    cells = [c.index for c in context.all_evidence.submission.cells if needle in c.source]
    return cells[-1] if cells else context.cell


def graded_cell_run(context: CheckContext) -> CellRun | None:
    """Return the run of the graded cell."""
    return next((r for r in context.all_evidence.executed.cells if r.index == context.cell), None)


def unfilled_blanks(context: CheckContext) -> list[str]:
    """Return the names of blanks that are still blank: the kernel decides, else the source.

    A channel that hangs at the name counts as filled however it was written.
    """
    names = []
    for blank in context.evidence.cell.blanks:
        probed = context.evidence.probe.channel(blank.name)
        if context.evidence.probe.population and probed is not None:
            if probed.kind == "blank":
                names.append(blank.name)
        elif not blank.filled:
            names.append(blank.name)
    return names


def has_blanks_check(context: CheckContext) -> bool:
    """Return True if a check of its own says which blanks are left, and where."""
    return any(
        check.kind == "filled" for check in context.assignment.for_exercise(context.exercise).checks
    )


def display_names(context: CheckContext, names: Iterable[str]) -> list[str]:
    """Blanks as people speak of them: those of a model are its attributes and methods."""
    owned = context.exercise.answers
    return [f"self.{name}" if owned else name for name in names]


def _of_kind(context: CheckContext, message_id: str) -> str:
    """Choose a message's id: a run, which has no class, has others of the same names."""
    return (
        message_id.replace("checks.", "checks.run.")
        if context.exercise.kind == "run"
        else message_id
    )


def no_work(context: CheckContext) -> Finding | None:
    """Give no credit when there is no exercise to judge: not found, or unfilled.

    Points of every family are earned only through filled blanks.
    """
    if context.cell is None:
        return Finding(
            credit=0.0,
            message_id=_of_kind(context, "checks.not_found"),
            values={
                "class_name": context.exercise.class_name or context.exercise.variable,
                "base": context.exercise.base,
            },
        )
    blanks = context.evidence.cell.blanks
    if blanks and len(unfilled_blanks(context)) == len(blanks):
        elsewhere = [c.name for c in context.evidence.probe.channels if c.integrated]
        if elsewhere and context.exercise.kind == "neuron":
            return Finding(
                credit=0.0,
                message_id="checks.misnamed",
                values={
                    "class_name": context.evidence.cell.class_name,
                    "found": ", ".join(f"self.{name}" for name in elsewhere),
                    "asked": ", ".join(f"self.{blank.name}" for blank in blanks),
                },
                cell=context.cell,
            )
        if broken := _not_python(context):
            return broken
        return Finding(
            credit=0.0,
            message_id=_of_kind(context, "checks.unfilled"),
            values={"class_name": context.evidence.cell.class_name},
            cell=context.cell,
            line=next((blank.line for blank in blanks if blank.line), None),
        )
    return None


def _not_python(context: CheckContext) -> Finding | None:
    """Give no credit where a cell can't be parsed, so that blanks can't be told from answers."""
    run = graded_cell_run(context)
    if run is None or run.error_name not in ("SyntaxError", "IndentationError", "TabError"):
        return None
    return Finding(
        credit=0.0,
        message_id="checks.not_python",
        values={"class_name": context.evidence.cell.class_name or context.exercise.class_name},
        cell=context.cell,
        line=run.line,
    )


def no_model(context: CheckContext) -> Finding | None:
    """Give no credit when there is no model to look at, and say why there is none."""
    if finding := no_work(context):
        return finding
    probe, executed = context.evidence.probe, context.all_evidence.executed
    run = graded_cell_run(context)
    if probe.population:
        return None
    if run is not None and run.status == "error":
        return Finding(
            credit=None,
            message_id="checks.skipped.cell_failed",
            values={"cell": run.index + 1, "error": f"{run.error_name}: {run.error_text[:200]}"},
            cell=run.index,
            line=run.line,
        )
    if executed.status in ("timeout", "memory", "kernel_died") and not probe.found:
        return Finding(
            credit=None, message_id=f"checks.skipped.{executed.status}", cell=context.cell
        )
    if not probe.found:
        return Finding(
            credit=None,
            message_id=_of_kind(context, "checks.skipped.no_class"),
            values={"class_name": context.evidence.cell.class_name},
            cell=context.cell,
        )
    last = probe.faults[-1] if probe.faults else None
    if last is not None and last.stage == "reply":
        return Finding(
            credit=0.0, message_id="checks.no_answer", detail=last.error_text, cell=context.cell
        )
    error = f"{last.error_name}: {last.error_text[:300]}" if last else ""
    return replace(
        _not_made(context, last.error_text if last else ""),
        values={
            "class_name": context.evidence.cell.class_name,
            "names": ", ".join(display_names(context, unfilled_blanks(context))),
            "error": error,
        },
        detail=last.traceback if last else "",
    )


def _not_made(context: CheckContext, error: str) -> Finding:
    """Find the reason why no model could be made, and its line."""
    if is_misplaced(error):
        message, line = "checks.misplaced", _misplaced(context, error)
    elif blank := unfilled_blanks(context):
        line = None if has_blanks_check(context) else context.line_of(blank[0])
        message = "checks.blank_left"
    else:
        message, line = "checks.cannot_be_made", traceback_line(context.all_evidence, context.cell)
    return Finding(credit=0.0, message_id=message, cell=context.cell, line=line)


def _misplaced(context: CheckContext, error: str) -> int | None:
    """Find the line of the channel that an error names by its class; BrainPy puts a number behind.

    Where it names none, of the first that hangs elsewhere than on its ion.
    """
    for channel in context.exercise.channels:
        if channel.type and re.search(rf"(?<!\w){channel.type}\d*(?!\w)", error):
            return context.line_of(channel.name)
    names = [channel.name for channel in context.exercise.channels if channel.ion]
    lines = (misplaced_line(context.source, name) for name in names)
    return next((line for line in lines if line is not None), None)
