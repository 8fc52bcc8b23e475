"""What a check gets, and the questions that several checks ask of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from grader.assignment.schema import Assignment, Channel, Check, Exercise, Parameter
from grader.core.exceptions import is_misplaced
from grader.core.types import CellRun, ChannelProbe, Evidence, ExerciseEvidence, Finding
from grader.judge.checks.locate_line import astray, hung_at, last_line_in

_Found = TypeVar("_Found")


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One check of one exercise of one submission.

    ``known`` is what was worked out already of ``attempt``, for all checks that share it.
    """

    check: Check
    assignment: Assignment
    evidence: Evidence
    attempt: ExerciseEvidence
    known: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, what: str, work: Callable[[], _Found]) -> _Found:
        """What ``work`` finds out of the attempt, remembered under a name."""
        if what not in self.known:
            self.known[what] = work()
        found: _Found = self.known[what]
        return found

    @property
    def exercise(self) -> Exercise:
        """The exercise that this check belongs to."""
        return self.assignment.exercise(self.check.exercise)

    @property
    def asked(self) -> Channel:
        """The channel that this check is about."""
        return self.exercise.channel(self.check.channel)

    @property
    def found(self) -> ChannelProbe | None:
        """What the model has at that channel's name."""
        return self.attempt.probe.channel(self.check.channel)

    @property
    def cell(self) -> int | None:
        """The graded cell."""
        return self.attempt.cell.index

    @property
    def parameter(self) -> Parameter:
        """The parameter that this check is about."""
        return self.exercise.parameters_of(self.check.channel)[self.check.parameter]

    def line_of(self, name: str) -> int | None:
        """The line of a blank within the graded cell.

        Of what hangs on an ion it is the line that hangs it somewhere, else the ion's own.
        """
        ion, _, _ = name.partition(".")
        if ion != name:
            types = {channel.name: channel.type for channel in self.exercise.channels}
            if line := hung_at(self.source, name, types.get(name, "")):
                return line
        return next((b.line for b in self.attempt.cell.blanks if b.name == ion), None)

    @property
    def source(self) -> str:
        """What stands in the graded cell."""
        cells = self.evidence.submission.cells
        return next((cell.source for cell in cells if cell.index == self.cell), "")


def class_cell(item: Item, found: ChannelProbe) -> int | None:
    """The last cell that defines the channel's class."""
    needle = f"class {found.type_name}("
    cells = [c.index for c in item.evidence.submission.cells if needle in c.source]
    return cells[-1] if cells else item.cell


def graded_cell_run(item: Item) -> CellRun | None:
    """How the graded cell ran."""
    return next((r for r in item.evidence.executed.cells if r.index == item.cell), None)


def unfilled(item: Item) -> list[str]:
    """The names of blanks that are still blank: the kernel decides, else the source.

    A channel that hangs at the name counts as filled however it was written.
    """
    names = []
    for blank in item.attempt.cell.blanks:
        probed = item.attempt.probe.channel(blank.name)
        if item.attempt.probe.population and probed is not None:
            if probed.kind == "blank":
                names.append(blank.name)
        elif not blank.filled:
            names.append(blank.name)
    return names


def tells_blanks(item: Item) -> bool:
    """Whether a check of its own says which blanks are left, and where."""
    return any(check.kind == "filled" for check in item.assignment.of(item.exercise).checks)


def as_written(item: Item, names: Iterable[str]) -> list[str]:
    """Blanks as people speak of them: those of a model are its attributes and methods."""
    owned = item.exercise.answers
    return [f"self.{name}" if owned else name for name in names]


def _of_kind(item: Item, message_id: str) -> str:
    """A message's id; of a run, which has no class, there are others of the same names."""
    return (
        message_id.replace("checks.", "checks.run.") if item.exercise.kind == "run" else message_id
    )


def nothing_done(item: Item) -> Finding | None:
    """A finding without credit when there is no exercise to judge: not found, or unfilled.

    Points of every family are earned only through filled blanks.
    """
    if item.cell is None:
        return Finding(
            credit=0.0,
            message_id=_of_kind(item, "checks.not_found"),
            values={
                "class_name": item.exercise.class_name or item.exercise.variable,
                "base": item.exercise.base,
            },
        )
    blanks = item.attempt.cell.blanks
    if blanks and len(unfilled(item)) == len(blanks):
        elsewhere = [c.name for c in item.attempt.probe.channels if c.integrated]
        if elsewhere and item.exercise.kind == "neuron":
            return Finding(
                credit=0.0,
                message_id="checks.misnamed",
                values={
                    "class_name": item.attempt.cell.class_name,
                    "found": ", ".join(f"self.{name}" for name in elsewhere),
                    "asked": ", ".join(f"self.{blank.name}" for blank in blanks),
                },
                cell=item.cell,
            )
        if broken := _not_python(item):
            return broken
        return Finding(
            credit=0.0,
            message_id=_of_kind(item, "checks.unfilled"),
            values={"class_name": item.attempt.cell.class_name},
            cell=item.cell,
            line=next((blank.line for blank in blanks if blank.line), None),
        )
    return None


def _not_python(item: Item) -> Finding | None:
    """A finding where the cell's blanks can't be told from what fills them: it can't be parsed."""
    run = graded_cell_run(item)
    if run is None or run.error_name not in ("SyntaxError", "IndentationError", "TabError"):
        return None
    return Finding(
        credit=0.0,
        message_id="checks.not_python",
        values={"class_name": item.attempt.cell.class_name or item.exercise.class_name},
        cell=item.cell,
        line=run.line,
    )


def no_model(item: Item) -> Finding | None:
    """A finding without credit when there is no model to look at, and why there is none."""
    if finding := nothing_done(item):
        return finding
    probe, executed = item.attempt.probe, item.evidence.executed
    run = graded_cell_run(item)
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
        return Finding(credit=None, message_id=f"checks.skipped.{executed.status}", cell=item.cell)
    if not probe.found:
        return Finding(
            credit=None,
            message_id=_of_kind(item, "checks.skipped.no_class"),
            values={"class_name": item.attempt.cell.class_name},
            cell=item.cell,
        )
    last = probe.faults[-1] if probe.faults else None
    if last is not None and last.stage == "reply":
        return Finding(
            credit=0.0, message_id="checks.no_answer", detail=last.error_text, cell=item.cell
        )
    error = f"{last.error_name}: {last.error_text[:300]}" if last else ""
    return replace(
        _not_made(item, last.error_text if last else ""),
        values={
            "class_name": item.attempt.cell.class_name,
            "names": ", ".join(as_written(item, unfilled(item))),
            "error": error,
        },
        detail=last.traceback if last else "",
    )


def _not_made(item: Item, error: str) -> Finding:
    """Why no model could be made, and at which line."""
    if is_misplaced(error):
        message, line = "checks.misplaced", _misplaced(item, error)
    elif blank := unfilled(item):
        line = None if tells_blanks(item) else item.line_of(blank[0])
        message = "checks.blank_left"
    else:
        message, line = "checks.cannot_be_made", last_line_in(item.evidence, item.cell)
    return Finding(credit=0.0, message_id=message, cell=item.cell, line=line)


def _misplaced(item: Item, error: str) -> int | None:
    """The line of the channel that an error names by its class; BrainPy puts a number behind.

    Where it names none, of the first that hangs elsewhere than on its ion.
    """
    for channel in item.exercise.channels:
        if channel.type and re.search(rf"(?<!\w){channel.type}\d*(?!\w)", error):
            return item.line_of(channel.name)
    names = [channel.name for channel in item.exercise.channels if channel.ion]
    lines = (astray(item.source, name) for name in names)
    return next((line for line in lines if line is not None), None)
